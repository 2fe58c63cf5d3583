package harness

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

var errDisk = errors.New("the disk is broken")

// TestFiles: files are read as they are, or as the story has them fail.
func TestFiles(t *testing.T) {
	for _, n := range all {
		f, _ := tell(t, n, func(w *World) {
			files := w.Files(map[string]string{"dir/file": "hello, world", "../odd": "odd", "empty": ""})
			read := func(name string) (string, error) {
				data, err := fs.ReadFile(files, name)
				return string(data), err
			}
			for name, want := range map[string]string{"dir/file": "hello, world", "../odd": "odd", "empty": ""} {
				got, err := read(name)
				require.NoError(w, err)
				require.Equal(w, want, got)
			}
			_, err := read("nothing")
			require.ErrorIs(w, err, fs.ErrNotExist)
			_, err = read("di")
			require.ErrorIs(w, err, fs.ErrNotExist)
			for _, dir := range []string{"dir", "."} {
				_, err = read(dir)
				require.ErrorIs(w, err, syscall.EISDIR)
				info, err := fs.Stat(files, dir)
				require.NoError(w, err)
				require.True(w, info.IsDir())
			}
			info, err := fs.Stat(files, "dir/file")
			require.NoError(w, err)
			require.Equal(w, "file", info.Name())
			require.Equal(w, int64(12), info.Size())
			require.True(w, info.Mode().IsRegular())

			files.FailOpen("empty", errDisk)
			_, err = read("empty")
			require.ErrorIs(w, err, errDisk)
			files.FailRead("dir/file", 5, errDisk)
			got, err := read("dir/file")
			require.ErrorIs(w, err, errDisk)
			require.Equal(w, "hello", got)
			files.FailRead("dir/file", 5, io.ErrUnexpectedEOF)
			_, err = read("dir/file")
			require.Equal(w, io.ErrUnexpectedEOF, err, "the error is the story's own")
			files.InPieces(2)
			opened, err := files.Open("../odd")
			require.NoError(w, err)
			require.NoError(w, iotest.TestReader(io.MultiReader(opened), []byte("odd")))
			require.NoError(w, opened.Close())
			require.ErrorIs(w, opened.Close(), fs.ErrClosed)
			_, err = opened.Read(make([]byte, 1))
			require.ErrorIs(w, err, fs.ErrClosed)
			files.AllClosed()
		})
		require.Nil(t, f)
	}
}

// TestEndBesideBytes: the end of a file comes with the last bytes, and again without any.
func TestEndBesideBytes(t *testing.T) {
	f, _ := tell(t, virtual4, func(w *Virtual) {
		files := w.Files(map[string]string{"file": "hello"})
		files.EndBesideBytes()
		file, err := files.Open("file")
		require.NoError(w, err)
		buf := make([]byte, 3)
		n, err := file.Read(buf)
		require.Equal(w, 3, n)
		require.NoError(w, err)
		n, err = file.Read(buf)
		require.Equal(w, 2, n)
		require.Equal(w, io.EOF, err)
		n, err = file.Read(buf)
		require.Zero(w, n)
		require.Equal(w, io.EOF, err)
		require.NoError(w, file.Close())
	})
	require.Nil(t, f)
}

// TestSlowFiles: what the code opens, reads and writes can take a while.
func TestSlowFiles(t *testing.T) {
	f, _ := tell(t, virtual4, func(w *Virtual) {
		files, out, began := w.Files(map[string]string{"slow": "hello", "other": "hello"}), w.Output(), time.Now()
		files.Slow("slow", 10*time.Millisecond)
		out.SlowNext(time.Millisecond)
		require.False(w, out.IsPrompt())
		_, err := fs.ReadFile(files, "other")
		require.NoError(w, err)
		require.Zero(w, time.Since(began))
		file, err := files.Open("slow")
		require.NoError(w, err)
		_, err = file.Read(make([]byte, 9))
		require.NoError(w, err)
		require.Equal(w, 20*time.Millisecond, time.Since(began))
		files.SlowReads("other", 2, time.Second)
		file, err = files.Open("other")
		require.NoError(w, err)
		_, err = file.Read(make([]byte, 2))
		require.NoError(w, err)
		require.Equal(w, 20*time.Millisecond, time.Since(began))
		_, err = file.Read(make([]byte, 2))
		require.NoError(w, err)
		require.Equal(w, 1020*time.Millisecond, time.Since(began))
		for _, part := range []string{"he", "llo"} {
			_, err = io.WriteString(out, part)
			require.NoError(w, err)
			require.True(w, out.IsPrompt())
			require.Equal(w, 1021*time.Millisecond, time.Since(began))
		}
		out.Holds("hello")
	})
	require.Nil(t, f)
}

// TestNotOpened: a story can tell which file was opened, though it is closed again.
func TestNotOpened(t *testing.T) {
	f, _ := tell(t, virtual4, func(w *Virtual) {
		files := w.Files(map[string]string{"dir/file": "hello", "secret": ""})
		_, err := fs.ReadFile(files, "secret")
		require.NoError(w, err)
		files.NotOpened("dir/file")
		files.NotOpened("secret")
	})
	require.Contains(t, f.Text.EN, `The file "secret" was opened; the story wants it not to be.`)
}

// TestOutput: what is written is kept, up to where the writer fails.
func TestOutput(t *testing.T) {
	f, _ := tell(t, virtual4, func(w *Virtual) {
		out := w.Output()
		out.Holds("")
		n, err := io.WriteString(out, "hello")
		require.Equal(w, 5, n)
		require.NoError(w, err)
		require.True(w, out.IsPrompt())
		out.FailAt(7, errDisk)
		require.False(w, out.IsPrompt())
		n, err = io.WriteString(out, ", world")
		require.Equal(w, 2, n)
		require.Equal(w, errDisk, err)
		out.Holds("hello, ")
	})
	require.Nil(t, f)
}

// TestOpener: the code gets a socket each time that it asks, or an error, and has to close what it got.
func TestOpener(t *testing.T) {
	for _, n := range all {
		f, _ := tell(t, n, func(w *World) {
			open, alice := w.Opener("socket"), w.Peer("alice")
			open.FailNext(errDisk)
			call := w.Go("Opens", func(ctx context.Context) error {
				_, err := open.Open()
				require.Equal(w, errDisk, err)
				for range 2 {
					conn, err := open.Open()
					if err != nil {
						return err
					}
					defer conn.Close()
					if _, err := conn.WriteTo([]byte("hello"), alice.LocalAddr()); err != nil {
						return err
					}
				}
				<-ctx.Done()
				return ctx.Err()
			})
			alice.ExpectFrom(open.Socket(1), "hello")
			alice.ExpectFrom(open.Socket(2), "hello")
			open.Opened(2)
			call.Stop()
			open.AllClosed()
		})
		require.Nil(t, f)
	}
}

// TestLentMessages: what a story says of code that does otherwise with what it was lent.
func TestLentMessages(t *testing.T) {
	tests := []struct {
		name  string
		story func(w *Virtual)
		want  string
	}{
		{"file left open", func(w *Virtual) {
			files := w.Files(map[string]string{"file": ""})
			files.Open("file")
			files.AllClosed()
		}, `The file "file" should be closed by now, and is still open.`},
		{"socket left open", func(w *Virtual) {
			open := w.Opener("socket")
			open.Open()
			open.AllClosed()
		}, "socket 1's socket should be closed by now, and is still open."},
		{"socket not asked for", func(w *Virtual) { w.Opener("socket").Socket(1) },
			"The code has asked for 0 socket(s) by now; the story wants 1."},
		{"socket too many", func(w *Virtual) {
			open := w.Opener("socket")
			open.Open()
			open.Opened(0)
		}, "The code has asked for 1 socket(s) by now; the story wants 0."},
		{"other bytes", func(w *Virtual) {
			out := w.Output()
			io.WriteString(out, "hell")
			out.Holds("hello")
		}, `4 bytes were written, "hell"; the story wants 5 bytes, "hello".`},
		{"like another", func(w *Virtual) {
			alice, conn := w.Peer("alice"), w.ListenPacket("server")
			conn.WriteTo([]byte("hello"), alice.LocalAddr())
			alice.Because("It is to be loud.").HearLike(conn, "HELLO", func(string) bool { return false })
		}, `alice heard "hello" from server; the story wants a datagram such as "HELLO".`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, _ := tell(t, virtual4, tt.story)
			require.NotNil(t, f)
			require.Equal(t, tt.want, f.Text.EN)
			if tt.name == "like another" {
				require.Len(t, f.Means, 1)
				require.Equal(t, "It is to be loud.", f.Means[0].Text.EN)
			}
		})
	}
}
