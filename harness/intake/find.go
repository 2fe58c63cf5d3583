package intake

import (
	"archive/zip"
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
	"time"

	"udpkata/harness/text"
)

// A finder collects what was found at the paths.
type finder struct {
	course course
	limits Limits
	zone   *time.Location // of times that have none
	at     int            // which path is looked at
	names  map[int]string // of the paths, as they were given or found
	paths  int            // how many were given
	all    []*found
	loose  map[string]*found // the submissions of Go files that were given, by folder
	left   []Left
	newest map[int]time.Time // of what is at the paths; nil until somebody asks
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
	f.names[f.at] = given
	info, err := os.Stat(given)
	if err != nil {
		return text.Fail("%s can't be read: %v", strconv.Quote(given), cause(err))
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
	return text.Fail("%s is neither a folder, nor a .zip, .tar.gz or .tgz, nor a Go file", strconv.Quote(given))
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

// isResults reports whether a folder is what was made of a class, as its names tell.
func isResults(names []string) bool {
	return slices.Contains(names, "reference.json") && slices.Contains(names, "results")
}

// isPlatforms reports whether names are those of a platform's download: some are as it writes them, and the others
// don't make a submission. A student may call a file as they like.
func (f *finder) isPlatforms(names []string) bool {
	var others []string
	for _, name := range names {
		if _, ok := parseName(name); !ok {
			others = append(others, name)
		}
	}
	return len(others) < len(names) && !f.isSubmission(others)
}

// dir looks at a folder that was given.
func (f *finder) dir(given, full string) error {
	entries, err := os.ReadDir(full)
	if err != nil {
		return text.Fail("%s can't be read: %v", strconv.Quote(given), cause(err))
	}
	var names []string
	var folders, rest []fs.DirEntry
	for _, e := range entries {
		names = append(names, e.Name())
		if n, _ := junk([]string{e.Name()}); n > 0 {
			continue
		}
		if rest = append(rest, e); e.IsDir() {
			folders = append(folders, e)
		}
	}
	if isResults(names) {
		return text.Fail("%s is what go tool kata grade has written: give what was handed in", strconv.Quote(given))
	}
	isPlatforms := f.isPlatforms(names)
	isOne := f.isSubmission(names)
	if !isPlatforms && !isOne {
		if downloads := f.downloads(full, rest); len(downloads) > 0 {
			return f.each(given, full, rest, downloads)
		}
	}
	isOne = isOne || len(rest) == 1 && len(folders) == 1 &&
		strings.HasPrefix(strings.ToLower(folders[0].Name()), "udpkata")
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

// downloads returns which of the things in a folder are a platform's downloads: all that could be submissions there, or
// none. One alone among others may be a student's, who has called files as if they were another's.
func (f *finder) downloads(full string, entries []fs.DirEntry) (all []fs.DirEntry) {
	for _, e := range entries {
		switch {
		case f.isDownload(full, e):
			all = append(all, e)
		case e.IsDir() || hasExtension(e.Name(), archives) || hasExtension(e.Name(), otherArchives):
			return nil
		}
	}
	return all
}

// each looks at downloads in a folder, one after the other, and at what lies beside them.
func (f *finder) each(given, full string, entries, downloads []fs.DirEntry) error {
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { // "x (1).zip" comes after x.zip
		plainA, again := downloadedAs(a.Name())
		plainB, againB := downloadedAs(b.Name())
		return cmp.Or(strings.Compare(plainA, plainB), cmp.Compare(again, againB))
	})
	for _, e := range entries {
		shown := filepath.Join(given, e.Name())
		f.names[f.at] = shown
		switch at := filepath.Join(full, e.Name()); {
		case !slices.Contains(downloads, e):
			f.leave(shown, text.Say("neither a folder nor an archive"))
			continue
		case e.IsDir():
			if err := f.dir(shown, at); err != nil {
				return err
			}
		default:
			if err := f.zip(shown, at, e.Name()); err != nil {
				return err
			}
		}
		f.at++
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
	another    = text.Say("a whole download within another: move it elsewhere, and give both")
)

// entry looks at what lies in a folder of submissions.
func (f *finder) entry(given, full string, e fs.DirEntry, isPlatforms bool) error {
	name := e.Name()
	one := &found{named: named{student: stem(name)}, path: filepath.Join(given, name)}
	n, ok := parseName(name)
	switch {
	case ok:
		one.named = n
	case isPlatforms && f.isDownload(full, e):
		f.leave(one.path, another)
		return nil
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
		if isResults(names) {
			f.leave(one.path, text.Say("what go tool kata grade has written"))
			return nil
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
	for _, name := range []string{".git", "HEAD", "objects", "refs", "reference.json", "results"} {
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
	z, info, leave, err := f.openZip(full)
	if err != nil && !errors.As(err, new(refused)) {
		return text.Fail("%s can't be read: %v", strconv.Quote(given), cause(err))
	}
	if err != nil {
		one.refuse = err // as it is when it is unpacked
		f.have(one)
		return nil
	}
	defer leave()
	all := entriesOf(z)
	if !f.isPlatforms(tops(all)) {
		return f.one(given, one, all)
	}
	students := map[string]*found{}
	var order []*found
	var others []string
	for _, e := range all {
		elements := e.elements
		n, ok := parseName(elements[0])
		if !ok {
			others = append(others, e.path)
			continue
		}
		if n.noFiles {
			if !e.folder {
				f.leave(given+": "+e.path, onlineText)
			}
			continue
		}
		as := n.file
		if len(elements) > 1 || e.folder {
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
		if e.folder {
			continue
		}
		at := place{e.index, z.File[e.index].Name, as, z.File[e.index].CRC32}
		student.parts[0].places = append(student.parts[0].places, at)
	}
	for _, student := range order {
		p := &student.parts[0]
		p.from = fromClass(dir, name, info, f.limits, f.zone, p.places)
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

// openZip opens a zip of an instructor's.
func (f *finder) openZip(full string) (z *zip.Reader, info fs.FileInfo, leave func(), err error) {
	dir, name := filepath.Split(full)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	defer root.Close()
	d, err := look(root, name)
	if err != nil {
		return nil, nil, nil, err
	}
	opened, err := d.openFile()
	if err != nil {
		return nil, nil, nil, err
	}
	if z, err = readZip(opened, d.info.Size(), f.limits.Class); err != nil {
		opened.Close()
		return nil, nil, nil, err
	}
	return z, d.info, func() { opened.Close() }, nil
}

// A zipEntry is an entry of a zip's that is not junk, or the folder that has nothing else.
type zipEntry struct {
	index    int
	path     string
	elements []string // of the path, without the one folder that all lies in, if it is one
	folder   bool
}

// entriesOf lists a zip's entries, without the folders at its top but for those that a platform has named: who has
// handed in such a one has handed in, though there is nothing in it.
func entriesOf(z *zip.Reader) (all []zipEntry) {
	under := ""
	for i, e := range z.File {
		elements, why := split(e.Name)
		if !why.IsZero() {
			continue // said elsewhere, if it is a class's
		}
		isDir := e.Mode().IsDir()
		if n, _ := junk(elements); n > 1 {
			elements, isDir = elements[:n-1], true
		} else if n == 1 {
			continue
		}
		if top := elements[0]; len(all) == 0 && (len(elements) > 1 || isDir) {
			under = top
		} else if top != under {
			under = ""
		}
		all = append(all, zipEntry{i, strings.Join(elements, "/"), elements, isDir})
	}
	if _, ok := parseName(under); !ok && under != "" {
		for i := range all {
			all[i].elements = all[i].elements[1:]
		}
	}
	return slices.DeleteFunc(all, func(e zipEntry) bool {
		if len(e.elements) == 0 || !e.folder {
			return len(e.elements) == 0
		}
		_, ok := parseName(e.elements[0])
		return !ok
	})
}

// isDownload reports whether what lies in a folder is a platform's download itself, packed or unpacked.
func (f *finder) isDownload(full string, e fs.DirEntry) bool {
	at := filepath.Join(full, e.Name())
	if e.IsDir() {
		inner, err := os.ReadDir(at)
		var names []string
		for _, e := range inner {
			names = append(names, e.Name())
		}
		return err == nil && f.isPlatforms(names)
	}
	if !e.Type().IsRegular() || !strings.EqualFold(filepath.Ext(at), ".zip") {
		return false
	}
	z, _, leave, err := f.openZip(at)
	if err != nil {
		return false // which is said when it is unpacked
	}
	defer leave()
	return f.isPlatforms(tops(entriesOf(z)))
}

// tops lists the names at the top of a zip.
func tops(all []zipEntry) (names []string) {
	for _, e := range all {
		names = append(names, e.elements[0])
	}
	return names
}

// one takes a zip as one student's. One that may well be of several is an error, or if it was given among others, as a
// student's may be, refused.
func (f *finder) one(given string, one *found, all []zipEntry) error {
	f.have(one)
	name, a, b, several := f.ofSeveral(all)
	if !several {
		return nil
	}
	why := refused{text.Say("%s has %s in %s and in %s: if these are students, unpack it and give the folder; if it "+
		"is one student's, put it into a folder and give that", strconv.Quote(given), text.VisibleLine(name),
		text.VisibleLine(a), text.VisibleLine(b))}
	if f.paths == 1 {
		return why
	}
	one.refuse = why
	return nil
}

// ofSeveral reports whether one lesson's file is in several of a zip's folders: its name, and two of those.
func (f *finder) ofSeveral(all []zipEntry) (name, a, b string, several bool) {
	if f.isSubmission(tops(all)) {
		return "", "", "", false
	}
	in := map[string]string{} // a folder, by what lies in it
	for _, e := range all {
		top, name := e.elements[0], e.elements[len(e.elements)-1]
		lesson, _ := f.course.inLesson(e.elements)
		of := 0 // lessons that have a file of that name
		for _, k := range f.course {
			if _, ok := k.written(name); ok {
				of++
			}
		}
		if len(e.elements) == 1 || of == 0 || of > 1 && lesson < 0 {
			continue
		}
		key := strings.ToLower(name)
		if of > 1 {
			key = fmt.Sprint(lesson, " ", key)
		}
		if other, ok := in[key]; ok && other != top {
			return name, other, top, true
		}
		in[key] = top
	}
	return "", "", "", false
}
