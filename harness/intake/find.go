package intake

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"udpkata/harness/text"
)

// A finder collects what was found at the paths.
type finder struct {
	course course
	limits Limits
	at     int // which path is looked at
	all    []*found
	loose  map[string]*found // the submissions of Go files that were given, by folder
	left   []Left
}

// A found is one upload, before it is known which belong together.
type found struct {
	named
	at     int
	own    bool   // it was given itself, and lies in no folder of submissions
	path   string // where it is
	parts  []part
	refuse error
}

func (f *finder) leave(name string, why text.Text) {
	f.left = append(f.left, Left{text.VisibleLine(name), why, 1})
}

// path looks at what was given.
func (f *finder) path(given string) error {
	info, err := os.Stat(given)
	if err != nil {
		return fmt.Errorf("%s can't be read: %s", strconv.Quote(given), cause(err))
	}
	full, err := filepath.Abs(given)
	if err != nil {
		return err
	}
	if followed, err := filepath.EvalSymlinks(full); err == nil && !info.IsDir() {
		full = followed // what was written is followed, once
	}
	switch {
	case info.IsDir():
		return f.dir(given, full)
	case !info.Mode().IsRegular():
	case strings.EqualFold(filepath.Ext(full), ".zip"):
		return f.zip(given, full, filepath.Base(given))
	case hasExtension(full, archives):
		f.have(&found{own: true, named: named{student: stem(filepath.Base(given))}, path: given,
			parts: []part{{from: file(filepath.Dir(full), filepath.Base(full), filepath.Base(full))}}})
		return nil
	case strings.EqualFold(filepath.Ext(full), ".go"):
		f.goFile(given, full)
		return nil
	}
	return fmt.Errorf("%s is neither a folder, nor a .zip, .tar.gz or .tgz, nor a Go file", strconv.Quote(given))
}

func (f *finder) have(one *found) {
	one.at = f.at
	f.all = append(f.all, one)
}

// goFile takes a file that was given itself.
func (f *finder) goFile(given, full string) {
	dir, base := filepath.Split(full)
	p := part{from: file(dir, base, base)}
	if n, ok := parseName(base); ok {
		p.from = file(dir, base, n.file)
		f.have(&found{named: n, path: given, parts: []part{p}})
		return
	}
	one := f.loose[dir]
	if one == nil {
		one = &found{own: true, named: named{student: filepath.Base(dir)}, path: filepath.Dir(given)}
		f.loose[dir] = one
		f.have(one)
	}
	one.parts = append(one.parts, p)
}

// isSubmission reports whether what lies in a folder makes it one, rather than a folder of some.
func (f *finder) isSubmission(names []string) bool {
	var bare int
	for _, name := range names {
		lower := strings.ToLower(name)
		switch {
		case lower == "lessons" || lower == "go.mod" || lower == ".git" || path.Ext(lower) == ".go":
			return true
		case lower == "head" || lower == "objects" || lower == "refs":
			bare++
		}
		for _, k := range f.course {
			if strings.EqualFold(k.Name, name) {
				return true
			}
		}
	}
	return bare == 3
}

// dir looks at a folder that was given.
func (f *finder) dir(given, full string) error {
	entries, err := os.ReadDir(full)
	if err != nil {
		return fmt.Errorf("%s can't be read: %s", strconv.Quote(given), cause(err))
	}
	var names []string
	var folders, rest []fs.DirEntry
	isPlatforms := false
	for _, e := range entries {
		names = append(names, e.Name())
		if _, ok := parseName(e.Name()); ok {
			isPlatforms = true
		}
		if n, _ := junk([]string{e.Name()}); n > 0 {
			continue
		}
		if rest = append(rest, e); e.IsDir() {
			folders = append(folders, e)
		}
	}
	isOne := f.isSubmission(names)
	if len(rest) == 1 && len(folders) == 1 && !isPlatforms && !isOne {
		// A download that was unpacked has a folder of its own, perhaps.
		if inner, err := os.ReadDir(filepath.Join(full, folders[0].Name())); err == nil &&
			slices.ContainsFunc(inner, func(e fs.DirEntry) bool { _, ok := parseName(e.Name()); return ok }) &&
			!slices.ContainsFunc(inner, func(e fs.DirEntry) bool { return e.Name() == ".git" }) {
			return f.dir(filepath.Join(given, folders[0].Name()), filepath.Join(full, folders[0].Name()))
		}
		isOne = strings.HasPrefix(strings.ToLower(folders[0].Name()), "udpkata")
	}
	if !isPlatforms && isOne {
		one := &found{own: true, named: named{student: filepath.Base(full)}, path: given}
		one.parts = []part{f.folder(full, openRoot(full), names)}
		f.have(one)
		return nil
	}
	for _, e := range entries {
		if err := f.entry(given, full, e, isPlatforms); err != nil {
			return err
		}
	}
	return nil
}

// folder returns a folder that is a submission's, with these names in it.
func (f *finder) folder(full string, open func() (*os.Root, error), names []string) part {
	tree := in(open, f.limits.Entries)
	if slices.Contains(names, ".git") {
		return part{git: &repository{full: filepath.Join(full, ".git"), open: open, at: ".git", tree: tree}}
	}
	if slices.Contains(names, "HEAD") && slices.Contains(names, "objects") && slices.Contains(names, "refs") {
		return part{git: &repository{full: full, open: open, at: "."}}
	}
	return part{from: tree}
}

var (
	onlineText = text.Say("what the student wrote into Moodle's page")
	notNamed   = text.Say("its name is none that the platform gives to what a student hands in")
)

// entry looks at what lies in a folder of submissions.
func (f *finder) entry(given, full string, e fs.DirEntry, isPlatforms bool) error {
	name := e.Name()
	one := &found{named: named{student: stem(name)}, path: filepath.Join(given, name)}
	n, ok := parseName(name)
	switch {
	case ok:
		one.named = n
	case isPlatforms:
		f.leave(one.path, notNamed)
		return nil
	}
	if n, why := junk([]string{name, ""}); n > 0 {
		f.leave(one.path, why)
		return nil
	}
	if n.noFiles {
		f.leave(one.path, onlineText)
		return nil
	}
	as := cmp.Or(n.file, name)
	switch {
	case e.Type()&fs.ModeSymlink != 0:
		one.refuse = refused{text.Say("a link, which is never followed; hand in the file itself")}
	case e.IsDir():
		root, err := child(full, name)()
		var names []string
		if err == nil {
			names, err = namesIn(root)
		}
		if err != nil {
			one.refuse = unreadable(err)
		}
		one.file = ""
		one.parts = []part{f.folder(filepath.Join(full, name), child(full, name), names)}
	case !e.Type().IsRegular():
		one.refuse = refused{text.Say("neither a file nor a folder")}
	case hasExtension(as, archives) || ok:
		one.parts = []part{{from: file(full, name, as)}}
	case hasExtension(as, otherArchives):
		one.refuse = refused{text.Say("an archive of a kind that is not read; pack a .zip or a .tar.gz")}
	default:
		f.leave(one.path, text.Say("neither a folder nor an archive"))
		return nil
	}
	f.have(one)
	return nil
}

// namesIn returns the names of those things in a directory that say what it is.
func namesIn(root *os.Root) (names []string, err error) {
	defer root.Close()
	for _, name := range []string{".git", "HEAD", "objects", "refs"} {
		if _, err := root.Lstat(name); err == nil {
			names = append(names, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return names, nil
}

// zip looks at a zip that was given: a class's, or a submission.
func (f *finder) zip(given, full, base string) error {
	dir, name := filepath.Split(full)
	one := &found{own: true, named: named{student: stem(base)}, path: given, parts: []part{{from: file(dir, name,
		base)}}}
	if n, ok := parseName(base); ok {
		one.named, one.own = n, false
		one.parts[0].from = file(dir, name, n.file)
		f.have(one)
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	d, err := look(root, name)
	if err != nil {
		return err
	}
	opened, err := d.openFile()
	if err != nil {
		return fmt.Errorf("%s can't be read: %s", strconv.Quote(given), cause(err))
	}
	defer opened.Close()
	z, err := readZip(opened, d.info.Size(), f.limits.Class)
	if err != nil {
		one.refuse = err // as it is when it is unpacked
		f.have(one)
		return nil
	}
	type entry struct {
		elements []string
		index    int
	}
	var all []entry
	under := "" // the one folder that all lies in, if it is one
	for i, e := range z.File {
		elements, why := split(e.Name)
		if !why.IsZero() {
			continue // said below, if it is a class's
		}
		if n, _ := junk(elements); n > 0 {
			continue
		}
		if top := elements[0]; len(all) == 0 && (len(elements) > 1 || e.Mode().IsDir()) {
			under = top
		} else if top != under {
			under = ""
		}
		all = append(all, entry{elements, i})
	}
	if _, ok := parseName(under); ok {
		under = ""
	}
	students := map[string]*found{}
	var order []*found
	var others []string
	for _, e := range all {
		elements := e.elements
		if under != "" {
			elements = elements[1:]
		}
		if len(elements) == 0 || len(elements) == 1 && z.File[e.index].Mode().IsDir() {
			continue
		}
		n, ok := parseName(elements[0])
		if !ok {
			others = append(others, strings.Join(e.elements, "/"))
			continue
		}
		if n.noFiles {
			f.leave(given+": "+strings.Join(e.elements, "/"), onlineText)
			continue
		}
		as := n.file
		if len(elements) > 1 {
			as = strings.Join(elements[1:], "/")
			n.file = ""
		}
		// Moodle's folders make one upload; Canvas's files are one each.
		student := students[elements[0]]
		if student == nil {
			student = &found{named: n, path: given + ": " + elements[0], parts: []part{{clock: PlatformZip}}}
			students[elements[0]] = student
			order = append(order, student)
		}
		at := place{e.index, z.File[e.index].Name, as, z.File[e.index].CRC32}
		student.parts[0].places = append(student.parts[0].places, at)
	}
	if len(order) == 0 {
		f.have(one)
		return nil
	}
	for _, student := range order {
		p := &student.parts[0]
		p.from = fromClass(dir, name, d.info, f.limits, p.places)
		f.have(student)
	}
	for _, other := range others {
		f.leave(given+": "+other, notNamed)
	}
	for _, e := range z.File {
		if _, why := split(e.Name); !why.IsZero() && strings.Trim(e.Name, "./") != "" {
			f.leave(given+": "+e.Name, why)
		}
	}
	return nil
}
