package intake_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/intake"
)

// A crafted entry is one that no honest program writes, or only some.
type crafted struct {
	header  zip.FileHeader
	content string
	raw     bool // the header's sizes and checksum are written as they are
}

func craft(t testing.TB, entries ...crafted) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		create := w.CreateHeader
		if e.raw {
			create = w.CreateRaw
		}
		f, err := create(&e.header)
		require.NoError(t, err)
		_, err = io.WriteString(f, e.content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.String()
}

func deflated(t testing.TB, content string) string {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	require.NoError(t, err)
	_, err = io.WriteString(w, content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

// stored returns an entry whose header claims what it likes.
func stored(name, content string, change func(*zip.FileHeader)) crafted {
	h := zip.FileHeader{Name: name, CompressedSize64: uint64(len(content)), UncompressedSize64: uint64(len(content)),
		CRC32: crc32.ChecksumIEEE([]byte(content))}
	if change != nil {
		change(&h)
	}
	return crafted{h, content, true}
}

// small are limits that a test reaches.
var small = intake.Limits{Entries: 100, File: 1 << 10, Kept: 4 << 10, Archive: 1 << 20, Output: 8 << 20, Ratio: 100}

// open reads an archive that is alone in a class's folder.
func open(t testing.TB, name, archive string, limits intake.Limits) (intake.Submission, error) {
	class := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(class, name), []byte(archive), 0o600))
	all, left, err := intake.Find([]string{class}, course(t), limits, nil)
	require.NoError(t, err)
	require.Empty(t, left)
	require.Len(t, all, 1)
	_, err = all[0].Unpack(t.Context())
	return all[0], err
}

// TestRefused: what nobody can tell the meaning of, or what is too much, is refused in one line, in zip and tar.
func TestRefused(t *testing.T) {
	good := zipped(t, at{"echo.go", echo})
	goodTar := tarred(t, []tar.Header{{Name: "echo.go"}}, echo)
	zeros := strings.Repeat("\x00", 4<<20)
	many := make([]at, 101)
	headers := make([]tar.Header, 101)
	for i := range many {
		many[i] = at{"02-echo/" + strings.Repeat("a", i+1) + ".go", "package echo\n"}
		headers[i] = tar.Header{Name: many[i].name}
	}
	wrongSum := func(h *zip.FileHeader) { h.CRC32++ }
	tests := []struct {
		name, file, archive, want string
	}{
		{"no zip", "a.zip", "hello", "it is no zip archive"},
		{"empty", "a.zip", "", "it is no zip archive"},
		{"truncated zip", "a.zip", good[:len(good)-10], "it is no zip archive"},
		{"a zip without its begin", "a.zip", good[20:], "it is damaged"},
		{"encrypted", "a.zip", craft(t, stored("echo.go", echo, func(h *zip.FileHeader) { h.Flags |= 1 })),
			"it is encrypted; pack it without a password"},
		{"an odd method", "a.zip", craft(t, stored("echo.go", echo, func(h *zip.FileHeader) { h.Method = 93 })),
			"it is packed in a way that only some programs know"},
		{"a wrong checksum", "a.zip", craft(t, stored("echo.go", echo, wrongSum)), "it is damaged"},
		{"no deflate", "a.zip", craft(t, stored("echo.go", echo, func(h *zip.FileHeader) { h.Method = zip.Deflate })),
			"it is damaged"},
		{"more claimed than there is", "a.zip",
			craft(t, stored("echo.go", echo, func(h *zip.FileHeader) { h.UncompressedSize64 += 5 })),
			"its end is missing"},
		{"data beyond its end", "a.zip",
			craft(t, stored("echo.go", echo, func(h *zip.FileHeader) { h.CompressedSize64 += 1 << 40 })), "it is "},
		{"entries", "a.zip", zipped(t, many...), "there are more than 100 files and folders in it"},
		{"entries that are hidden", "a.zip", miscounted(zipped(t, many...)), "it is no zip archive"},
		{"a directory of megabytes", "a.zip", zipped(t, at{strings.Repeat("a", 60<<10), ""}, at{strings.Repeat("b",
			60<<10),
			""}), "there are more than 100 files and folders in it"},
		{"Go files", "a.zip", zipped(t, filled(5)...), "its Go files have more than 0 MiB"},
		{"bytes", "a.zip", zipped(t, at{"echo.go", echo}) + strings.Repeat("x", 1<<20), "it has more than 1 MiB"},

		{"no tar", "a.tgz", "hello", "it is no .tar.gz archive"},
		{"an empty tar", "a.tgz", "", "it is no .tar.gz archive"},
		{"truncated tar", "a.tar.gz", goodTar[:len(goodTar)-20], "its end is missing"},
		{"truncated in the checksum", "a.tar.gz", goodTar[:len(goodTar)-2], "its end is missing"},
		{"no tar in it", "a.tar.gz", gzipped(t, strings.Repeat("hello", 300)), "it is damaged"},
		{"damaged", "a.tar.gz", goodTar[:len(goodTar)-6] + "\x00\x01" + goodTar[len(goodTar)-4:], "it is damaged"},
		{"entries of a tar", "a.tgz", tarred(t, headers), "there are more than 100 files and folders in it"},
		{"a bomb in a tar", "a.tgz", tarred(t, []tar.Header{{Name: "zeros.bin"}}, zeros),
			"what comes out of it is more than 100 times as much as it is itself"},
		{"a bomb after a tar", "a.tgz", goodTar + gzipped(t, zeros),
			"what comes out of it is more than 100 times as much as it is itself"},
		{"bombs in a zip", "a.zip", craft(t, bombs(t, 1200)...), "there are more than 100 files and folders in it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := open(t, tt.file, tt.archive, small)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			r := refusal(t, err)
			require.Contains(t, r.Reason.EN, tt.file+": "+tt.want)
			require.Equal(t, "a", r.Who)
			require.Equal(t, "a", s.Student)
		})
	}
}

// filled returns so many Go files of nearly a KiB.
func filled(n int) (all []at) {
	for i := range n {
		all = append(all, at{"02-echo/" + strings.Repeat("f", i+1) + ".go", "package echo //" + strings.Repeat("x",
			1000)})
	}
	return all
}

// bombs returns so many files that are nearly nothing when they are packed.
func bombs(t testing.TB, n int) (all []crafted) {
	content := "package echo //" + strings.Repeat("x", 1000)
	packed := deflated(t, content)
	for i := range n {
		c := stored("02-echo/f"+strings.Repeat("g", i%100)+".go", packed, nil)
		c.header.Method, c.header.UncompressedSize64 = zip.Deflate, uint64(len(content))
		c.header.CRC32 = crc32.ChecksumIEEE([]byte(content))
		all = append(all, c)
	}
	return all
}

func gzipped(t testing.TB, content string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

// miscounted makes a zip that claims to have one entry.
func miscounted(archive string) string {
	b := []byte(archive)
	end := bytes.LastIndex(b, []byte("PK\x05\x06"))
	binary.LittleEndian.PutUint16(b[end+8:], 1)
	binary.LittleEndian.PutUint16(b[end+10:], 1)
	return string(b)
}

// TestLeftOutOfArchives: an entry that can't be taken costs itself, and no more.
func TestLeftOutOfArchives(t *testing.T) {
	const (
		isLink = "a link, which is never followed; hand in the file itself"
		isOut  = "its path leads out of the submission's folder (..)"
		unseen = "its name has characters that can't be seen, such as control characters or marks for writing from " +
			"right to left"
		absolute = "its path is absolute; only what lies in the submission's folder is taken"
		colon    = "its name has a colon, which on Windows is a drive's or a stream's"
		nested   = "an archive in an archive; pack the files themselves"
		tooBig   = "it has more than 1 KiB, which no Go file of a lesson needs"
		isOdd    = "neither a file nor a folder"
	)
	link := zip.FileHeader{Name: "spoof.go"}
	link.SetMode(os.ModeSymlink | 0o777)
	pipe := zip.FileHeader{Name: "backoff.go"}
	pipe.SetMode(os.ModeNamedPipe | 0o600)
	big := "package echo //" + strings.Repeat("x", 2000)
	liar := stored("02-echo/liar.go", deflated(t, big), nil)
	liar.header.Method, liar.header.UncompressedSize64 = zip.Deflate, 15
	liar.header.CRC32 = crc32.ChecksumIEEE([]byte(big))
	zips := craft(t, crafted{header: link, content: "/etc/passwd"}, crafted{header: pipe},
		stored("../echo.go", "package echo // out\n", nil), stored("/tmp/echo.go", echo, nil),
		stored(`..\..\echo.go`, echo, nil), stored(`C:\echo.go`, echo, nil), stored("a\x00.go", echo, nil),
		stored("a\nb.go", echo, nil), stored("a\u202eb.go", echo, nil), stored("inner.zip", zipped(t), nil),
		stored(`02-echo\more.go`, "package echo\n", nil), stored("\xa5\\\xbd\xd2/echo.go", echo, nil),
		stored("02-echo/big.go", big, nil),
		stored("02-echo/twice.go", "package echo // 1\n", nil), stored("02-echo/twice.go", "package echo // 2\n", nil),
		stored("02-echo/", "", nil), stored("./", "", nil))
	tars := tarred(t, []tar.Header{
		{Name: "spoof.go", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"},
		{Name: "backoff.go", Typeflag: tar.TypeFifo},
		{Name: "hard.go", Typeflag: tar.TypeLink, Linkname: "../../echo.go"},
		{Name: "dev.go", Typeflag: tar.TypeChar}, {Name: "block.go", Typeflag: tar.TypeBlock},
		{Name: "../echo.go"}, {Name: "/tmp/echo.go"}, {Name: "inner.tgz"}, {Name: "a\u202eb.go"},
		{Name: "02-echo/", Typeflag: tar.TypeDir},
		{Name: strings.Repeat("d/", 40) + strings.Repeat("long", 40) + "/echo.go", Format: tar.FormatPAX},
		{Name: "02-echo/gnu" + strings.Repeat("g", 150) + ".go", Format: tar.FormatGNU},
		{Name: "02-echo/幫手.go", PAXRecords: map[string]string{"UDPKATA.x": "y"}},
		{Name: "02-echo/old.go", Format: tar.FormatUSTAR}, {Name: "02-echo/big.go"},
	}, "", "", "", "", "", "", "", "", "", "", echo, "package echo // gnu\n", "package echo // 幫\n",
		"package echo // old\n", big)
	tests := []struct {
		name, archive string
		files, left   map[string]string
	}{
		{"zip", zips, map[string]string{
			"02-echo/echo.go": echo, "02-echo/more.go": "package echo\n", "02-echo/twice.go": "package echo // 2\n",
		}, map[string]string{
			"spoof.go": isLink, "backoff.go": isOdd, "../echo.go": isOut, "/tmp/echo.go": absolute,
			`..\..\echo.go`: isOut,
			`C:\echo.go`:    colon, "a\ufffd.go": unseen, "a b.go": unseen, "a\ufffdb.go": unseen, "inner.zip": nested,
			"02-echo/big.go": tooBig, "02-echo/twice.go": "ARCHIVE: 02-echo/twice.go is taken in its place",
		}},
		{"sizes that lie", craft(t, liar), map[string]string{}, map[string]string{}},
		{"tar.gz", tars, map[string]string{
			"02-echo/echo.go": echo, "02-echo/gnu" + strings.Repeat("g", 150) + ".go": "package echo // gnu\n",
			"02-echo/幫手.go": "package echo // 幫\n", "02-echo/old.go": "package echo // old\n",
		}, map[string]string{
			"spoof.go": isLink, "backoff.go": isOdd, "hard.go": isLink, "dev.go": isOdd, "block.go": isOdd,
			"../echo.go":   isOut,
			"/tmp/echo.go": absolute, "inner.tgz": nested, "a\ufffdb.go": unseen, "02-echo/big.go": tooBig,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name := "amy.zip"
			if tt.name == "tar.gz" {
				name = "amy.tar.gz"
			}
			s, err := open(t, name, tt.archive, small)
			if tt.name == "sizes that lie" {
				require.Contains(t, refusal(t, err).Reason.EN, "it is damaged")
				return
			}
			require.NoError(t, err)
			files, left, _ := read(t, s)
			require.Equal(t, tt.files, files)
			want := map[string]string{}
			for path, why := range tt.left {
				want[name+": "+path] = strings.ReplaceAll(why, "ARCHIVE", name)
			}
			require.Equal(t, want, left)
		})
	}
}

// TestStreamed: what a program writes that does not know the size before, and archives with what only big ones need,
// are read.
func TestStreamed(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	b.WriteString("#!/bin/sh\n") // as archives that unpack themselves begin
	w.SetOffset(10)
	f, err := w.CreateHeader(&zip.FileHeader{Name: "echo.go", Method: zip.Deflate, Extra: make([]byte, 40)})
	require.NoError(t, err)
	_, err = io.WriteString(f, echo)
	require.NoError(t, err)
	require.NoError(t, w.SetComment(strings.Repeat("c", 1000)))
	require.NoError(t, w.Close())
	s, err := open(t, "amy.zip", b.String(), small)
	require.NoError(t, err)
	files, _, _ := read(t, s)
	require.Equal(t, map[string]string{"02-echo/echo.go": echo}, files)

	s, err = open(t, "bob.zip", zip64(t), small)
	require.NoError(t, err)
	files, _, _ = read(t, s)
	require.Equal(t, map[string]string{"02-echo/echo.go": echo}, files)
}

// zip64 returns an archive whose sizes stand where those of big files do.
func zip64(t testing.TB) string {
	b := []byte(craft(t, stored("echo.go", echo, nil)))
	central := bytes.Index(b, []byte("PK\x01\x02"))
	end := bytes.LastIndex(b, []byte("PK\x05\x06"))
	header := append([]byte{}, b[central:end]...)
	name := int(binary.LittleEndian.Uint16(header[28:]))
	extra := binary.LittleEndian.AppendUint16(nil, 1)
	extra = binary.LittleEndian.AppendUint16(extra, 16)
	extra = binary.LittleEndian.AppendUint64(extra, uint64(len(echo)))
	extra = binary.LittleEndian.AppendUint64(extra, uint64(len(echo)))
	binary.LittleEndian.PutUint32(header[20:], 1<<32-1)
	binary.LittleEndian.PutUint32(header[24:], 1<<32-1)
	binary.LittleEndian.PutUint16(header[30:], uint16(len(extra)))
	header = append(header[:46+name], extra...)
	out := append(append([]byte{}, b[:central]...), header...)
	last := append([]byte{}, b[end:]...)
	binary.LittleEndian.PutUint32(last[12:], uint32(len(header)))
	return string(append(out, last...))
}

// TestRatio: what comes out of all of a zip's files is held against the zip.
func TestRatio(t *testing.T) {
	var entries []at
	for i := range 12 {
		entries = append(entries, at{"02-echo/" + strings.Repeat("a", i+1) + ".go", "package echo //" +
			strings.Repeat("x", 500<<10)})
	}
	archive := zipped(t, entries...)
	limits := intake.Limits{Ratio: 100}
	_, err := open(t, "a.zip", archive, limits)
	require.Contains(t, refusal(t, err).Reason.EN, "more than 100 times as much")
	limits = intake.Limits{Ratio: 1000, Output: 5 << 20}
	_, err = open(t, "a.zip", archive, limits)
	require.Contains(t, refusal(t, err).Reason.EN, "more than 5 MiB come out of it")
	limits.Output = 7 << 20
	_, err = open(t, "a.zip", archive, limits)
	require.NoError(t, err)
}

// TestBombs: whatever comes out of an archive, not more memory is used than the limits say.
func TestBombs(t *testing.T) {
	const big = 128 << 20
	limits := intake.Limits{Archive: 4 << 20}
	zeros := deflated(t, strings.Repeat("\x00", big))
	sum := crc32.NewIEEE()
	_, err := io.Copy(sum, io.LimitReader(endless{}, big))
	require.NoError(t, err)
	bomb := func(name string, claimed uint64) crafted {
		c := stored(name, zeros, nil)
		c.header.Method, c.header.UncompressedSize64, c.header.CRC32 = zip.Deflate, claimed, sum.Sum32()
		return c
	}
	var inTar bytes.Buffer
	packed := gzip.NewWriter(&inTar)
	tape := tar.NewWriter(packed)
	require.NoError(t, tape.WriteHeader(&tar.Header{Name: "echo.go", Mode: 0o600, Size: big}))
	_, err = io.Copy(tape, io.LimitReader(endless{}, big))
	require.NoError(t, err)
	require.NoError(t, tape.Close())
	require.NoError(t, packed.Close())

	for name, tt := range map[string]struct {
		archive string
		refused []string // of each submission; "" for none
	}{
		"honest.zip": {craft(t, bomb("echo.go", big)), []string{""}}, // the file alone is left out, before it is read
		"liar.zip":   {craft(t, bomb("echo.go", 10)), []string{"liar.zip: it is damaged"}},
		"a.tgz":      {inTar.String(), []string{"what comes out of it is more than 200 times as much"}},
		"class.zip": {craft(t, bomb("a_1_1_work.zip", big), bomb("b_2_2_work.zip", 10), bomb("c_3_3_work.tgz", 10),
			stored("d_4_4_work.tgz", inTar.String(), nil)),
			[]string{"it has more than 4 MiB", "work.zip: it ", "work.tgz: it ",
				"what comes out of it is more than 200 times"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			require.NoError(t, os.WriteFile(path, []byte(tt.archive), 0o600))
			lessons := course(t)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			all, _, err := intake.Find([]string{path}, lessons, limits, nil)
			require.NoError(t, err)
			require.Len(t, all, len(tt.refused))
			for i, want := range tt.refused {
				_, err := all[i].Unpack(t.Context())
				if want == "" {
					require.NoError(t, err)
					continue
				}
				require.Contains(t, refusal(t, err).Reason.EN, want)
			}
			runtime.ReadMemStats(&after)
			// All that was ever allocated, freed or not, is more than what was there at any time.
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(big/4))
		})
	}
}

// endless is a file of zeros.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// FuzzArchives: whatever an archive is, reading it ends with what is in it or with a refusal, and what is taken has a
// name of its lesson's folder and is within the limits.
func FuzzArchives(f *testing.F) {
	f.Add([]byte(zipped(f, at{"echo.go", echo}, at{"02-echo/a/b.go", "package b"})), true)
	f.Add([]byte(tarred(f, []tar.Header{{Name: "echo.go"}, {Name: "02-echo/b.go"}}, echo, "package echo")), false)
	f.Add([]byte(zip64(f)), true)
	f.Add([]byte(craft(f, stored("../echo.go", echo, nil), stored(`a\b.go`, echo, nil))), true)
	f.Add([]byte(tarred(f, []tar.Header{{Name: strings.Repeat("d/", 60) + "echo.go", Format: tar.FormatPAX}}, echo)),
		false)
	lessons := course(f)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, archive []byte, isZip bool) {
		path := filepath.Join(dir, "a.tgz")
		if isZip {
			path = filepath.Join(dir, "a.zip")
		}
		require.NoError(t, os.WriteFile(path, archive, 0o600))
		all, left, err := intake.Find([]string{path}, lessons, small, nil)
		require.NoError(t, err)
		for _, l := range left {
			require.NotContains(t, l.Path, "\n")
		}
		for _, s := range all {
			c, err := s.Unpack(t.Context())
			if err != nil {
				refusal(t, err)
				continue
			}
			kept := 0
			for _, l := range c.Lessons {
				for _, file := range l.Files {
					require.True(t, filepath.IsLocal(file.Name), file.Name)
					require.NotContains(t, file.Name, `\`)
					require.Less(t, int64(len(file.Data)), small.File+1)
					kept += len(file.Data)
				}
			}
			require.LessOrEqual(t, int64(kept), small.Kept)
		}
	})
}
