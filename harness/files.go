package harness

import (
	"bytes"
	"io"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"time"

	"udpkata/harness/internal/quote"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// This file is about files that the student's code reads and writes.

// Files are a directory of files for the student's code. It notes which of them are open, and can be told to fail. It
// opens whatever name it has a file for, also one that [fs.ValidPath] refuses.
type Files struct {
	w *World

	// The record's Monitor guards the following.
	contents map[string]string
	opened   []*file
	unopened map[string]error // why a file can't be opened
	broken   map[string]fault
	slow     map[string]time.Duration // how long it takes to open a file, and each Read of it
	lags     map[string]lag
	pieces   int  // how many bytes a Read brings at the most; 0 if there is no such limit
	beside   bool // whether io.EOF stands beside a file's last bytes
}

// A fault is where a file can't be read on, and why.
type fault struct {
	at  int
	err error
}

// A lag is from where on it takes a while to read a file.
type lag struct {
	at int
	by time.Duration
}

// Files returns files by their names.
func (w *World) Files(contents map[string]string) *Files {
	return &Files{
		w: w, contents: contents, unopened: map[string]error{}, broken: map[string]fault{},
		slow: map[string]time.Duration{}, lags: map[string]lag{},
	}
}

// FailOpen makes it fail to open a file.
func (f *Files) FailOpen(name string, err error) { f.w.rec.Update(func() { f.unopened[name] = err }) }

// FailRead makes each Read of a file fail that would begin at so many bytes or later. The error is err itself.
func (f *Files) FailRead(name string, at int, err error) {
	f.w.rec.Update(func() { f.broken[name] = fault{at, err} })
}

// InPieces makes a Read bring so many bytes at the most, and none each second time.
func (f *Files) InPieces(size int) { f.w.rec.Update(func() { f.pieces = size }) }

// Slow makes it take a while to open a file, and each Read of it.
func (f *Files) Slow(name string, by time.Duration) { f.w.rec.Update(func() { f.slow[name] = by }) }

// SlowReads makes each Read of a file take a while that begins at so many bytes or later.
func (f *Files) SlowReads(name string, at int, by time.Duration) {
	f.w.rec.Update(func() { f.lags[name] = lag{at, by} })
}

// EndBesideBytes makes a Read that brings a file's last bytes return [io.EOF] beside them, as an [io.Reader] may.
func (f *Files) EndBesideBytes() { f.w.rec.Update(func() { f.beside = true }) }

// NotOpened fails the story if the code has opened the file with a name.
func (f *Files) NotOpened(name string) {
	defer f.w.checked()
	f.w.rec.Quiesce()
	var opened *file
	f.w.rec.Locked(func() {
		if i := slices.IndexFunc(f.opened, func(o *file) bool { return o.name == name }); i >= 0 {
			opened = f.opened[i]
		}
	})
	if opened != nil {
		f.w.wants(nil)
		what := text.Say("The file %q was opened; the story wants it not to be.", name)
		f.w.failAt(opened.by, verdict.Failed, what)
		f.w.endIfFailed()
	}
}

// AllClosed waits until the code has closed each file that it has opened.
func (f *Files) AllClosed() {
	defer f.w.checked()
	var open *file
	closed := func() bool {
		i := slices.IndexFunc(f.opened, func(o *file) bool { return !o.closed })
		if i >= 0 {
			open = f.opened[i]
		}
		return i < 0
	}
	ok := false
	if f.w.rec.Virtual {
		f.w.rec.Quiesce()
		f.w.rec.Locked(func() { ok = closed() })
	} else {
		ok = f.w.await(closed)
	}
	if !ok {
		f.w.wants(nil)
		what := text.Say("The file %q should be closed by now, and is still open.", open.name)
		f.w.failAt(open.by, verdict.Failed, what)
		f.w.endIfFailed()
	}
}

// Open opens a file, or a directory that one is in; see [fs.FS].
func (f *Files) Open(name string) (opened fs.File, err error) {
	by := f.w.rec.Site.StudentLine()
	f.pause(func() time.Duration { return f.slow[name] })
	f.w.rec.Update(func() {
		o := &file{files: f, name: name, by: by}
		isIn := func(other string) bool { return name == "." || strings.HasPrefix(other, name+"/") }
		o.content, o.found = f.contents[name]
		for other := range f.contents {
			o.directory = o.directory || !o.found && isIn(other)
		}
		switch err = f.unopened[name]; {
		case err != nil:
		case !o.found && !o.directory:
			err = fs.ErrNotExist
		default:
			opened, f.opened = o, append(f.opened, o)
		}
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return opened, nil
}

// pause waits as long as it takes to do something with a file; the record's Monitor is held while by is called.
func (f *Files) pause(by func() time.Duration) {
	var slow time.Duration
	f.w.rec.Locked(func() { slow = by() })
	if slow > 0 {
		f.w.Sleep(slow)
	}
}

// A file is one that is open, or was.
type file struct {
	files     *Files
	name      string
	by        stacks.Line // who has opened it
	found     bool
	directory bool
	content   string

	// The record's Monitor guards the following.
	at     int
	reads  int
	closed bool
}

// Read reads on; see [fs.File].
func (o *file) Read(p []byte) (n int, err error) {
	f := o.files
	f.pause(func() time.Duration {
		slow := f.slow[o.name]
		if l := f.lags[o.name]; o.at >= l.at {
			slow += l.by
		}
		return slow
	})
	f.w.rec.Locked(func() {
		broken, isBroken := f.broken[o.name]
		o.reads++
		switch {
		case o.closed:
			err = &fs.PathError{Op: "read", Path: o.name, Err: fs.ErrClosed}
		case o.directory:
			err = &fs.PathError{Op: "read", Path: o.name, Err: syscall.EISDIR}
		case isBroken && o.at >= broken.at:
			err = broken.err
		case f.pieces > 0 && o.reads%2 == 1 && o.at < len(o.content):
		default:
			rest := o.content[o.at:]
			if isBroken {
				rest = rest[:min(len(rest), broken.at-o.at)]
			}
			if f.pieces > 0 {
				rest = rest[:min(len(rest), f.pieces)]
			}
			if n = copy(p, rest); n == 0 && len(p) > 0 {
				err = io.EOF
			}
			o.at += n
			if f.beside && n > 0 && o.at == len(o.content) {
				err = io.EOF
			}
		}
	})
	return n, err
}

// Close closes the file.
func (o *file) Close() (err error) {
	o.files.w.rec.Update(func() {
		if o.closed {
			err = &fs.PathError{Op: "close", Path: o.name, Err: fs.ErrClosed}
		}
		o.closed = true
	})
	return err
}

// Stat describes the file.
func (o *file) Stat() (fs.FileInfo, error) { return fileInfo{o}, nil }

// A fileInfo describes a file.
type fileInfo struct{ *file }

// Name returns the last part of the file's name.
func (i fileInfo) Name() string { return i.name[strings.LastIndex(i.name, "/")+1:] }

// Size returns the file's size, in bytes.
func (i fileInfo) Size() int64 { return int64(len(i.content)) }

// Mode says that all may read it.
func (i fileInfo) Mode() fs.FileMode {
	if i.directory {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// ModTime returns no time.
func (i fileInfo) ModTime() time.Time { return time.Time{} }

// IsDir reports whether it is a directory.
func (i fileInfo) IsDir() bool { return i.directory }

// Sys returns nothing.
func (i fileInfo) Sys() any { return nil }

// An Output is a writer for the student's code that keeps what is written, and can be told to fail.
type Output struct {
	w *World

	// The record's Monitor guards the following.
	written bytes.Buffer
	broken  *fault
	slow    time.Duration // how long it takes until the next Write looks at what it is given
}

// Output returns one that is empty.
func (w *World) Output() *Output { return &Output{w: w} }

// FailAt makes it take so many bytes and no more: the Write that has more fails.
func (o *Output) FailAt(size int, err error) { o.w.rec.Update(func() { o.broken = &fault{size, err} }) }

// SlowNext makes it take a while until the next Write looks at what it is given: once, into however many Writes the
// code divides that.
func (o *Output) SlowNext(by time.Duration) { o.w.rec.Update(func() { o.slow = by }) }

// Write takes bytes; see [io.Writer].
func (o *Output) Write(p []byte) (n int, err error) {
	var slow time.Duration
	o.w.rec.Update(func() { slow, o.slow = o.slow, 0 })
	if slow > 0 {
		o.w.Sleep(slow)
	}
	o.w.rec.Update(func() {
		n = len(p)
		if b := o.broken; b != nil && o.written.Len()+n > b.at {
			n, err = b.at-o.written.Len(), b.err
		}
		o.written.Write(p[:n])
	})
	return n, err
}

// IsPrompt reports that what is written is taken at once, and without an error.
func (o *Output) IsPrompt() (prompt bool) {
	o.w.rec.Locked(func() { prompt = o.broken == nil && o.slow == 0 })
	return prompt
}

// Holds fails the story unless this is what was written by now, and nothing else. In real time it waits for as much.
func (o *Output) Holds(want string) {
	defer o.w.checked()
	if o.w.rec.Virtual {
		o.w.rec.Quiesce()
	} else {
		o.w.await(func() bool { return o.written.Len() >= len(want) })
	}
	var got string
	o.w.rec.Locked(func() { got = o.written.String() })
	if got != want {
		o.w.wants(nil)
		o.w.parts(want, got)
		o.w.fatal(verdict.Failed, "%d bytes were written, %s; the story wants %d bytes, %s.",
			len(got), quote.Value(got), len(want), quote.Value(want))
	}
}
