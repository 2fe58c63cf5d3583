package intake

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"udpkata/harness/text"
)

const (
	encrypted    = 1 << 0 // zip's flag
	perEntry     = 512    // bytes of a zip's directory that an entry may take, on average
	spareEntries = 64 << 10
	spareOutput  = 1 << 20 // bytes that come out of an archive before its ratio counts
)

// A meter counts what comes out of archives, and ends what is too much while it is read: what an archive says of its
// sizes is nobody's promise.
type meter struct {
	limits  Limits
	entries int   // that there were
	packed  int64 // bytes of the archives that were opened
	output  int64 // bytes that came out
}

func (m *meter) count() error {
	if m.entries++; m.entries > m.limits.Entries {
		return tooMany(m.limits.Entries)
	}
	return nil
}

// through returns a reader that is metered.
func (m *meter) through(r io.Reader) io.Reader { return &metered{r, m} }

type metered struct {
	io.Reader
	*meter
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	switch m.output += int64(n); {
	case m.output > m.limits.Output:
		return n, refused{text.Say("more than %d MiB come out of it; hand in the lessons' files only",
			m.limits.Output>>20)}
	case m.output > spareOutput+m.packed*int64(m.limits.Ratio):
		return n, refused{text.Say("what comes out of it is more than %d times as much as it is itself, as in an "+
			"archive that is made to fill disks", m.limits.Ratio)}
	}
	return n, err
}

// A rationed reader lets so many bytes be read, and no more.
type rationed struct {
	io.ReaderAt
	left int64
}

func (r *rationed) ReadAt(p []byte, at int64) (int, error) {
	if r.left -= int64(len(p)); r.left < 0 {
		return 0, errTooMuch
	}
	return r.ReaderAt.ReadAt(p, at)
}

var errTooMuch = errors.New("the archive's directory is too big")

// readZip opens an archive whose directory has no more than so many entries.
func readZip(r io.ReaderAt, size int64, entries int) (*zip.Reader, error) {
	ration := &rationed{r, int64(entries)*perEntry + spareEntries}
	z, err := zip.NewReader(ration, size)
	switch {
	case errors.Is(err, errTooMuch):
		return nil, tooMany(entries)
	case err != nil && !errors.Is(err, zip.ErrInsecurePath): // which is looked at here
		return nil, refused{text.Say("it is no zip archive, or a part of it is missing; upload it again")}
	}
	if len(z.File) > entries {
		return nil, tooMany(entries)
	}
	ration.left = 1 << 62 // what it holds is metered
	return z, nil
}

// noTime is the earliest time that a zip can say. Programs write it, or less, where they know no time.
var noTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// modified returns an entry's time. With most platforms it is what a clock on the wall showed, of no zone: then it is
// read in one, which is named.
func modified(f *zip.File, zone *time.Location) (at time.Time, read string) {
	at = f.Modified
	switch {
	case !at.After(noTime):
		return time.Time{}, ""
	case f.ModifiedDate == 0 || at.Location() != time.UTC: // it has another field, and package zip says where it was
		return at, ""
	}
	at = time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, zone)
	return at, at.Format("-07:00")
}

// zipItem returns an entry of an archive, which has a name of its own.
func zipItem(f *zip.File, name string, zone *time.Location) item {
	at, read := modified(f, zone)
	return item{
		name: name, mode: f.Mode().Type(), modified: at, zone: read, size: int64(min(f.UncompressedSize64, 1<<62)),
		open: func() (io.ReadCloser, error) {
			if f.Flags&encrypted != 0 {
				return nil, refused{text.Say("it is encrypted; pack it without a password")}
			}
			r, err := f.Open()
			if err != nil {
				return nil, damaged(err)
			}
			return r, nil
		},
	}
}

// damaged says in a sentence what is wrong with an archive's bytes.
func damaged(err error) error {
	switch {
	case errors.As(err, new(refused)):
		return err
	case errors.Is(err, zip.ErrAlgorithm):
		return refused{text.Say("it is packed in a way that only some programs know; pack it as an ordinary zip")}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return refused{text.Say("its end is missing; upload it again")}
	}
	return refused{text.Say("it is damaged; pack and upload it again")}
}

// fromZip returns what hands over a zip's entries.
func (m *meter) fromZip(r io.ReaderAt, size int64, zone *time.Location) source {
	return func(ctx context.Context, yield func(item) error) error {
		z, err := readZip(r, size, m.limits.Entries)
		if err != nil {
			return err
		}
		for _, f := range z.File {
			if err := ctx.Err(); err != nil {
				return err
			}
			i := zipItem(f, f.Name, zone)
			if open := i.open; true {
				i.open = func() (io.ReadCloser, error) {
					r, err := open()
					if err != nil {
						return nil, err
					}
					return struct {
						io.Reader
						io.Closer
					}{m.through(r), r}, nil
				}
			}
			if err := yield(i); err != nil {
				return err
			}
		}
		return nil
	}
}

// fromTar returns what hands over the entries of a tar that gzip has packed.
func (m *meter) fromTar(r io.Reader) source {
	return func(ctx context.Context, yield func(item) error) error {
		unpacked, err := gzip.NewReader(r)
		if err != nil {
			return refused{text.Say("it is no .tar.gz archive, or a part of it is missing; upload it again")}
		}
		all := m.through(unpacked)
		t := tar.NewReader(all)
		for {
			if err := ctx.Err(); err != nil {
				return err
			}
			h, err := t.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil && !errors.Is(err, tar.ErrInsecurePath) { // which is looked at here
				return damaged(err)
			}
			if h.Typeflag == tar.TypeXGlobalHeader {
				continue // git's, with a commit's name
			}
			i := item{name: h.Name, mode: h.FileInfo().Mode().Type(), link: h.Typeflag == tar.TypeLink,
				sparse: isSparse(h), modified: h.ModTime, size: h.Size,
				open: func() (io.ReadCloser, error) { return io.NopCloser(t), nil }}
			if strings.IndexByte(h.Name, 0) >= 0 {
				i.mode = fs.ModeIrregular
			}
			if err := yield(i); err != nil {
				return damagedBut(err)
			}
		}
		// What follows tar's end is read too: gzip knows only then that nothing is missing.
		if _, err := io.Copy(io.Discard, all); err != nil {
			return damaged(err)
		}
		return nil
	}
}

// damagedBut leaves errors alone that are no archive's.
func damagedBut(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, tar.ErrHeader) {
		return damaged(err)
	}
	return err
}

func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// A place is where an entry of a class's archive is, and what it was when it was found.
type place struct {
	index int
	name  string // in the archive
	as    string // in the submission
	crc   uint32
}

// fromClass returns what hands over some entries of a class's archive, which is opened anew.
func fromClass(dir, name string, was fs.FileInfo, limits Limits, zone *time.Location,
	places []place) source {
	return func(ctx context.Context, yield func(item) error) error {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return unreadable(err)
		}
		defer root.Close()
		f, err := onDisk{root, name, was}.openFile()
		if err != nil {
			return unreadable(err)
		}
		defer f.Close()
		z, err := readZip(f, was.Size(), limits.Class)
		if err != nil {
			return err
		}
		for _, p := range places {
			if p.index >= len(z.File) || z.File[p.index].Name != p.name || z.File[p.index].CRC32 != p.crc {
				return changed(name)
			}
			if err := yield(zipItem(z.File[p.index], p.as, zone)); err != nil {
				return err
			}
		}
		return f.Close()
	}
}
