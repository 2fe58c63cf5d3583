package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"udpkata/harness/text"
)

// A Content is what a submission holds.
type Content struct {
	Lessons []Lesson    // those of the course that have tasks, in its order
	Left    []Left      // what was left out, in the order in which it was met
	Notes   []text.Text // what whoever grades should know, a line each

	// Modified is the newest time of what was uploaded, or the zero time, and Clock says whose it is. The times in a
	// student's archive are left alone: it has one itself. Zone is in which zone Modified was read, as in "+08:00", if
	// it has none itself.
	Modified time.Time
	Clock    Clock
	Zone     string

	// Twice says that something is there in two versions, and that the rules for what counts may have taken the one
	// that the student does not mean. The notes say which.
	Twice bool

	// MayBeWork is what was left out and may be work, by its path, for people: an archive that is not read, or a
	// document that is named as what the lesson has nothing of. The notes say why.
	MayBeWork []string

	// ByName are two downloads, if nothing but their names says that the second, which has this, is the later one, and
	// what the first has is something else.
	ByName []string

	// Key is the SHA-256, in hexadecimal digits, of the lessons' names and of the names and bytes of their files:
	// submissions with the same key are graded alike.
	Key string
}

// A Lesson is what a submission has of one of the course's.
type Lesson struct {
	Name    string   // as in "02-echo"
	Files   []File   // by name; none if the lesson is missing
	Missing []string // the names of the files to be written that are not there, if others are
	Others  []string // then: the names of those, beside them, that are not the course's
}

// Lacks says which files are missing, and which may be meant to be those; it is empty if none are.
func (l Lesson) Lacks() text.Text {
	missing, others := strings.Join(l.Missing, ", "), text.VisibleLine(text.Some(l.Others))
	switch {
	case len(l.Missing) == 0:
		return text.Text{}
	case len(l.Others) == 0:
		return text.Say("Files are missing: %s.", missing)
	case len(l.Missing) == 1 && len(l.Others) == 1:
		return text.Say("%s is missing; there is %s: rename it.", missing, others)
	}
	return text.Say("Files are missing: %s. There are others: %s; rename those that are meant.", missing, others)
}

func (l Lesson) has(name string) bool {
	return slices.ContainsFunc(l.Files, func(f File) bool { return f.Name == name })
}

// A File is one that is judged.
type File struct {
	Name string // its path in the lesson's folder, with slashes, as in "echo.go"
	From string // where it was found, for people
	Data []byte
}

// A Left is what was left out.
type Left struct {
	Path   string // for people; a folder's ends with a slash
	Reason text.Text
	Files  int // how many files it stands for
}

// A Clock is whose time a submission's is. None of them can be trusted: the student chooses some, and the others change
// when somebody copies a file.
type Clock string

const (
	NoClock     Clock = ""
	FileClock   Clock = "file"   // of the files in the instructor's folder: the download's, often
	PlatformZip Clock = "zip"    // of the entries of the platform's zip, which has the upload's, or the download's
	CommitClock Clock = "commit" // of the commit, by the student's clock
)

// A stamp is when something was uploaded.
type stamp struct {
	at    time.Time
	clock Clock  // whose that is
	zone  string // in which it was read, as it has none
}

// Says returns what a time by the clock is, for people.
func (c Clock) Says() text.Text {
	switch c {
	case FileClock:
		return text.Say("the time of the files, which may be the download's")
	case PlatformZip:
		return text.Say("the time in the platform's zip, which may be the download's")
	case CommitClock:
		return text.Say("the time of the commit, by the student's clock")
	}
	return text.Say("unknown")
}

// mostLeft is how many things that were left out are listed one by one.
const mostLeft = 200

// An unread file may be work, and is left out.
type unread struct {
	shown  string // before its path
	path   string
	lesson int       // in the course, of whose files it may be; -1 for an archive, which may have any
	meant  string    // which of them; "" for any
	why    text.Text // for an archive
	rename bool      // it would be Go's but for what its name ends with, as editors that hide that write it
}

// An unpacker reads one submission.
type unpacker struct {
	ctx    context.Context
	course course
	zone   *time.Location // of times that have none
	meter
	kept     int64 // bytes of the files that count
	spare    int64 // and of those that may turn out to
	claims   []claim
	trees    map[string]bool // folders that hold the whole repository
	notes    []text.Text     // of what was put in another's place
	twice    bool            // where nobody can be sure
	unread   []unread
	left     []Left
	leftAt   map[string]int
	unlisted int
	stamp    stamp // of what counts

	partsClock Clock
	seq        int    // which of the student's uploads is read
	shown      string // what comes before a path, for people, such as an archive's name
	deep       int    // in how many archives of the student's this is
}

func newUnpacker(ctx context.Context, c course, limits Limits, zone *time.Location) *unpacker {
	return &unpacker{ctx: ctx, course: c, zone: zone, meter: meter{limits: limits}, trees: map[string]bool{},
		leftAt: map[string]int{}}
}

// leave notes that something was left out: of one folder, and for one reason, it is one thing.
func (u *unpacker) leave(name string, why text.Text) {
	name = text.VisibleLine(u.shown + name)
	key := name + "\n" + why.EN
	i, listed := u.leftAt[key]
	switch {
	case listed:
		u.left[i].Files++
	case len(u.left) == mostLeft:
		u.unlisted++
	default:
		u.leftAt[key] = len(u.left)
		u.left = append(u.left, Left{name, why, 1})
	}
}

// unopened leaves out an archive.
func (u *unpacker) unopened(name string, why text.Text) {
	u.leave(name, why)
	u.mayBeWork(unread{path: name, lesson: -1, why: why})
}

// mayBeWork notes a file that is left out.
func (u *unpacker) mayBeWork(f unread) {
	f.shown = u.shown
	u.unread = append(u.unread, f)
}

// take takes an item of a submission's, or leaves it out and says so. The error says why nothing of the submission can
// be read.
func (u *unpacker) take(i item) error {
	if err := u.ctx.Err(); err != nil {
		return err
	}
	if err := u.count(); err != nil {
		return err
	}
	elements, why := clean(i.name)
	isDir := i.mode.IsDir()
	if !why.IsZero() {
		if !isDir || len(strings.Trim(i.name, "./\\")) > 0 {
			u.leave(i.name, why)
		}
		return nil
	}
	name := strings.Join(elements, "/")
	if isDir {
		elements = append(elements, "")
	}
	if n, why := junk(elements); n > 0 {
		at := strings.Join(elements[:n], "/")
		if n < len(elements) {
			at += "/"
		}
		u.leave(at, why)
		return nil
	}
	switch {
	case !i.why.IsZero():
		u.leave(name+"/", i.why)
		return nil
	case isDir:
		return nil
	case i.link || i.mode&fs.ModeSymlink != 0:
		u.leave(name, text.Say("a link, which is never followed; hand in the file itself"))
		return nil
	case i.sparse:
		u.leave(name, text.Say("a file with holes, as no Go file is"))
		return nil
	case i.mode != 0:
		u.leave(name, text.Say("neither a file nor a folder"))
		return nil
	case hasExtension(name, archives) && u.deep > 0:
		u.unopened(name, text.Say("an archive in an archive; pack the files themselves"))
		return nil
	case hasExtension(name, archives):
		return u.archive(i, name)
	case hasExtension(name, otherArchives):
		u.unopened(name, text.Say("an archive of a kind that is not read; pack a .zip or a .tar.gz"))
		return nil
	case !strings.EqualFold(path.Ext(name), ".go"):
		if lesson, meant := u.course.meant(elements); lesson >= 0 {
			u.leave(name, text.Say("not Go, as its name ends with .txt: rename it to %s", meant))
			u.mayBeWork(unread{path: name, lesson: lesson, meant: meant, rename: true})
			return nil
		}
		if lesson, meant := u.course.document(elements); lesson >= 0 {
			u.mayBeWork(unread{path: name, lesson: lesson, meant: meant})
		}
		u.leave(path.Join(path.Dir(name), "*"+path.Ext(name)), text.Say("not Go; only Go is judged"))
		return nil
	}
	return u.goFile(i, name, elements)
}

// goFile reads a file that may count.
func (u *unpacker) goFile(i item, name string, elements []string) error {
	tooBig := text.Say("it has more than %d KiB, which no Go file of a lesson needs", u.limits.File>>10)
	if i.size > u.limits.File {
		u.leave(name, tooBig)
		return nil
	}
	r, err := i.open()
	var data []byte
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(r, u.limits.File+1))
		if closed := r.Close(); err == nil {
			err = closed
		}
	}
	switch {
	case errors.As(err, new(refused)):
		return err
	case errors.As(err, new(*fs.PathError)):
		u.leave(name, text.Say("it can't be read: %s", cause(err)))
		return nil
	case err != nil:
		return damaged(err)
	case int64(len(data)) > u.limits.File:
		u.leave(name, tooBig)
		return nil
	}
	c, why := u.course.claim(elements, data)
	if root, ok := u.course.tree(elements); ok {
		u.trees[u.shown+root] = true
	}
	c.seq, c.path, c.shown = u.seq, name, u.shown
	c.deep = len(elements) + strings.Count(u.shown, "/")
	c.uploaded, c.modified = u.when(i), i.modified
	if !why.IsZero() {
		c.why, c.data = why, nil
		if size := int64(len(data)); spare(elements) && u.spare+size <= u.limits.Kept {
			c.data, u.spare = data, u.spare+size
		}
		u.claims = append(u.claims, c)
		return nil
	}
	if u.kept += int64(len(c.data)); u.kept > u.limits.Kept {
		return refused{text.Say("its Go files have more than %d MiB; hand in the lessons' files only",
			u.limits.Kept>>20)}
	}
	u.claims = append(u.claims, c)
	u.counts(c)
	return nil
}

// when returns the time of what was uploaded. What lies in a student's archive has none of its own.
func (u *unpacker) when(i item) stamp {
	if u.deep > 0 {
		return stamp{}
	}
	return stamp{i.modified, u.partsClock, i.zone}
}

// archive reads what lies in an archive of the student's.
func (u *unpacker) archive(i item, name string) error {
	inside := *u // what it has is told with the archive's name
	inside.shown, inside.deep = u.shown+name+": ", u.deep+1
	err := inside.unpack(i, name)
	shown, deep := u.shown, u.deep
	*u = inside
	u.shown, u.deep = shown, deep
	u.counts(claim{uploaded: u.when(i)})
	if r := (refused{}); errors.As(err, &r) {
		return refused{text.Say("%s: %s", text.VisibleLine(path.Base(name)), r.why)}
	}
	return err
}

func (u *unpacker) unpack(i item, name string) error {
	tooBig := refused{text.Say("it has more than %d MiB; hand in the lessons' files only", u.limits.Archive>>20)}
	if i.size > u.limits.Archive {
		return tooBig
	}
	f, err := i.open()
	if err != nil {
		return unreadable(err)
	}
	defer f.Close()
	var from source
	if random, ok := f.(*watched); ok {
		u.packed += i.size
		from = u.fromTar(f)
		if strings.EqualFold(path.Ext(name), ".zip") {
			from = u.fromZip(random, i.size, u.zone)
		}
	} else {
		var b bytes.Buffer
		if _, err := b.ReadFrom(io.LimitReader(f, u.limits.Archive+1)); err != nil {
			return damaged(err)
		}
		if int64(b.Len()) > u.limits.Archive {
			return tooBig
		}
		u.packed += int64(b.Len())
		data := bytes.NewReader(b.Bytes())
		from = u.fromTar(data)
		if strings.EqualFold(path.Ext(name), ".zip") {
			from = u.fromZip(data, data.Size(), u.zone)
		}
	}
	if err := from(u.ctx, u.take); err != nil {
		return err
	}
	return f.Close()
}

// content puts together what was taken.
func (u *unpacker) content() Content {
	u.below()
	c := Content{Lessons: u.place(), Modified: u.stamp.at, Clock: u.stamp.clock, Zone: u.stamp.zone}
	c.Notes, c.Twice = u.notes, u.twice
	const most = 3
	if len(c.Notes) > most {
		c.Notes = append(c.Notes[:most], text.Say("So it is with %d more files.", len(u.notes)-most))
	}
	c.Left = u.left
	nothing := !slices.ContainsFunc(c.Lessons, func(l Lesson) bool { return len(l.Files) > 0 })
	u.tellUnread(&c, nothing)
	c.MayBeWork = c.MayBeWork[:min(mostLeft, len(c.MayBeWork))]
	if nothing {
		why := text.Say("there is no file in it")
		if len(c.Left) > 0 {
			why = text.Say("%s: %s", c.Left[0].Path, c.Left[0].Reason)
		}
		c.Notes = append(c.Notes, text.Say("Nothing in it is of any lesson (%s).", why))
	}
	if u.unlisted > 0 {
		c.Notes = append(c.Notes, text.Say("%d more were left out, and are not listed", u.unlisted))
	}
	c.Key = key(c.Lessons)
	return c
}

// tellUnread says what was left out and may be work: of what may be one file, the first. If there is nothing else, one
// note more says what comes first.
func (u *unpacker) tellUnread(c *Content, nothing bool) {
	type file struct {
		lesson int
		meant  string
		rename bool
	}
	told := map[file]bool{}
	archives := map[text.Text][]string{} // paths, by why they are not read
	var whys []text.Text
	for _, f := range u.unread {
		shown := text.VisibleLine(f.shown + f.path)
		if f.lesson < 0 {
			if archives[f.why] == nil {
				whys = append(whys, f.why)
			}
			archives[f.why] = append(archives[f.why], shown)
			continue
		}
		at := file{f.lesson, f.meant, f.rename}
		if told[at] || u.outside(f.shown, f.path) != "" {
			continue
		}
		l := c.Lessons[f.lesson]
		isWork := func(g File) bool {
			return (f.meant == "" || g.Name == f.meant) && !u.course[f.lesson].handedOut(g.Name, g.Data)
		}
		if slices.ContainsFunc(l.Files, isWork) {
			continue
		}
		told[at] = true
		c.MayBeWork = append(c.MayBeWork, shown)
		why := text.Say("what was to be written is not there, but %s is, which is not read: hand in "+
			"Go files.", shown)
		switch {
		case f.rename && l.has(f.meant):
			why = text.Say("%s is as it was handed out; there is %s: rename it.", f.meant, shown)
		case f.rename:
			why = text.Say("%s is missing; there is %s: rename it.", f.meant, shown)
		}
		c.Notes = append(c.Notes, text.Say("%s: %s", l.Name, why))
	}
	for _, why := range whys {
		paths := archives[why]
		c.MayBeWork = append(c.MayBeWork, paths...)
		if nothing && slices.Equal(paths, []string{c.Left[0].Path}) {
			continue // which is why there is nothing
		}
		c.Notes = append(c.Notes, text.Say("Not read: %s (%s).", text.Some(paths), why))
	}
}

// lacks names the lessons that an earlier attempt has files of, and this one has not.
func (c Content) lacks(before Content) (names []string) {
	for i, l := range before.Lessons {
		if len(l.Files) > 0 && len(c.Lessons[i].Files) == 0 {
			names = append(names, l.Name)
		}
	}
	return names
}

// Key names what counts of one lesson, as [Content]'s does of all.
func (l Lesson) Key() string { return key([]Lesson{l}) }

// key names what counts of a submission.
func key(lessons []Lesson) string {
	h := sha256.New()
	io.WriteString(h, "a submission of udpkata, 1\n")
	for _, l := range lessons {
		byName := func(a, b File) int { return strings.Compare(a.Name, b.Name) }
		files := slices.SortedFunc(slices.Values(l.Files), byName)
		for _, f := range files {
			fmt.Fprintf(h, "%q %q %d\n%s", l.Name, f.Name, len(f.Data), f.Data)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
