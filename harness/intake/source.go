package intake

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"udpkata/harness/text"
)

// An item is something that lies in a submission.
type item struct {
	name     string      // its path, as it is written there
	mode     fs.FileMode // its type
	link     bool        // another name of a file, which tar calls a hard link
	sparse   bool        // with holes, as tar has it
	modified time.Time
	zone     string    // in which that was read, as it had none; "" if it had
	size     int64     // as it is claimed
	why      text.Text // it can't be handed over, if there is a reason
	open     func() (io.ReadCloser, error)
}

// A source hands over what lies in a submission, or in an archive, one after the other. An item can be opened until the
// next one comes. It ends with the first error of yield's.
type source func(ctx context.Context, yield func(item) error) error

// A refused submission can't be read, for a reason which is one line.
type refused struct{ why text.Text }

func (r refused) Error() string { return r.why.In(text.Preferred()) }

// changed says why what changes under the reader's eyes is no submission.
func changed(name string) error {
	return refused{text.Say("%s changed, or went away, while it was read; grade a copy that nobody writes to",
		text.VisibleLine(name))}
}

// onDisk is a thing below a directory that is opened only if it is what it was when it was looked at.
type onDisk struct {
	root *os.Root
	name string // in root, without folders
	info fs.FileInfo
}

// openFile opens a regular file, and nothing that has taken its place.
func (d onDisk) openFile() (*watched, error) {
	f, err := d.root.OpenFile(d.name, os.O_RDONLY|dontWait, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, changed(d.name)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || !os.SameFile(info, d.info) || differs(info, d.info) {
		f.Close()
		return nil, changed(d.name)
	}
	return &watched{f, d}, nil
}

// openDir opens a directory, and nothing that has taken its place.
func (d onDisk) openDir() (*os.Root, error) {
	sub, err := d.root.OpenRoot(d.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, changed(d.name)
	}
	if err != nil {
		return nil, err
	}
	info, err := sub.Stat(".")
	if err != nil || !os.SameFile(info, d.info) {
		sub.Close()
		return nil, changed(d.name)
	}
	return sub, nil
}

func differs(a, b fs.FileInfo) bool { return a.Size() != b.Size() || !a.ModTime().Equal(b.ModTime()) }

// A watched file says at its end if it is not any more what it was.
type watched struct {
	*os.File
	was onDisk
}

func (w *watched) Close() error {
	info, err := w.Stat()
	if closed := w.File.Close(); err == nil {
		err = closed
	}
	if err == nil && differs(info, w.was.info) {
		return changed(w.was.name)
	}
	return err
}

// look returns what has a name in a directory, where links are links.
func look(root *os.Root, name string) (onDisk, error) {
	info, err := root.Lstat(name)
	return onDisk{root, name, info}, err
}

// in returns what hands over a directory's things, in the order of their names. Nothing is followed, and nothing
// opened but directories and regular files.
func in(open func() (*os.Root, error), most int) source {
	return func(ctx context.Context, yield func(item) error) error {
		root, err := open()
		if err != nil {
			return unreadable(err)
		}
		defer root.Close()
		w := walk{ctx, yield, most, most}
		return w.dir(root, "", 0)
	}
}

// unreadable says why what was given can't be read.
func unreadable(err error) error {
	if r := (refused{}); errors.As(err, &r) {
		return err
	}
	return refused{text.Say("it can't be read: %s", cause(err))}
}

// cause returns what went wrong, without the paths.
func cause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return text.VisibleLine(err.Error())
		}
		err = next
	}
}

type walk struct {
	ctx   context.Context
	yield func(item) error
	most  int // how many things there may be
	left  int // how many more
}

func (w *walk) dir(root *os.Root, at string, deep int) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	list, err := root.Open(".")
	if err != nil {
		return w.without(at, unreadable(err))
	}
	var names []string
	for {
		some, err := list.Readdirnames(256)
		names = append(names, some...)
		if w.left -= len(some); w.left < 0 {
			list.Close()
			return tooMany(w.most)
		}
		if errors.Is(err, io.EOF) || len(some) == 0 {
			break
		}
	}
	list.Close()
	slices.Sort(names)
	for _, name := range names {
		full := path.Join(at, name)
		if strings.ContainsAny(name, `/`) { // no system has it
			continue
		}
		d, err := look(root, name)
		if errors.Is(err, fs.ErrNotExist) {
			return changed(full)
		}
		if err != nil {
			return unreadable(err)
		}
		if d.info.IsDir() {
			if err := w.sub(d, full, deep+1); err != nil {
				return err
			}
			continue
		}
		if err := w.yield(item{
			name: full, mode: d.info.Mode().Type(), modified: d.info.ModTime(), size: d.info.Size(),
			open: func() (io.ReadCloser, error) { return d.openFile() },
		}); err != nil {
			return err
		}
	}
	return nil
}

// sub walks a directory in another, unless nothing in it can count.
func (w *walk) sub(d onDisk, at string, deep int) error {
	if n, _ := junk([]string{d.name, ""}); n > 0 {
		return w.yield(item{name: at + "/", mode: fs.ModeDir})
	}
	if deep > mostDeep {
		return w.without(at, refused{text.Say("it lies in more than %d folders", mostDeep)})
	}
	sub, err := d.openDir()
	if errors.As(err, new(refused)) {
		return err
	}
	if err != nil {
		return w.without(at, unreadable(err))
	}
	defer sub.Close()
	return w.dir(sub, at, deep)
}

// without hands over that a directory can't be read. The submission itself is refused then.
func (w *walk) without(at string, err error) error {
	if at == "" {
		return err
	}
	return w.yield(item{name: at + "/", mode: fs.ModeDir, why: err.(refused).why})
}

func tooMany(n int) error {
	return refused{text.Say("there are more than %d files and folders in it; hand in the lessons' files only", n)}
}

// openRoot opens a directory of an instructor's.
func openRoot(dir string) func() (*os.Root, error) {
	return func() (*os.Root, error) { return os.OpenRoot(dir) }
}

// child opens a directory in one of an instructor's, which must be no link.
func child(dir, name string) func() (*os.Root, error) {
	return func() (*os.Root, error) {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, err
		}
		defer root.Close()
		d, err := look(root, name)
		if err != nil {
			return nil, changed(name)
		}
		if !d.info.IsDir() {
			return nil, changed(name)
		}
		return d.openDir()
	}
}

// file returns what hands over one file in a directory of an instructor's, under a name of its own.
func file(dir, name, as string) source {
	return func(_ context.Context, yield func(item) error) error {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return unreadable(err)
		}
		defer root.Close()
		d, err := look(root, name)
		if err != nil {
			return changed(name)
		}
		return yield(item{name: as, mode: d.info.Mode().Type(), modified: d.info.ModTime(), size: d.info.Size(),
			open: func() (io.ReadCloser, error) { return d.openFile() }})
	}
}
