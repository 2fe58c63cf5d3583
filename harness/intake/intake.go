// Package intake takes in what a class has handed in: it lists the submissions, and reads one at a time.
//
// [Find] lists them, and of archives reads only which names are in them. [Submission.Unpack] says of one what it
// has of each lesson, what was left out, and why. Nothing is written to the disk, nothing of a submission is run, no
// link in it is followed, and no name in it names a file of this machine's. Whatever a submission is, Unpack ends,
// within the [Limits].
//
// # What is given
//
// A path names one of these:
//
//   - a folder that Canvas's or Moodle's download was unpacked into, or the downloaded zip itself: at least one name in
//     it, or in the one folder that it has, is one of theirs (below). Each student has a submission; what else lies
//     there is left out.
//   - a folder of such downloads, and of nothing else that could be a submission.
//   - a submission: a folder that has a Go file, a folder named as a lesson is, lessons, go.mod or .git, or nothing but
//     one folder whose name begins with udpkata; a bare git repository; a .zip, .tar.gz or .tgz. A zip in which several
//     folders have one lesson's file may well be a class's, and is an error.
//   - any other folder, which holds submissions: each folder and each archive in it is one, named as that is.
//   - a Go file, which is a submission, or a part of one: those that are given of one folder are one, named as the
//     folder is.
//
// A path that is a symbolic link is followed, as the instructor wrote it; a link in the folder that it names is not.
//
// # Who has handed it in
//
// Canvas names files SORTABLENAME[_LATE]_USERID_ATTACHMENTID_FILE, or anon[_LATE]_ID_ATTACHMENTID_FILE. Moodle names
// folders, or files, FULLNAME_ID_assignsubmission_file[_FILE], with Participant for the name if that is not to be seen.
// The student chooses FILE, so the name is read from the left, up to the first numbers that fit: neither platform lets
// a student's name have a number between underscores. Whose name is not to be seen has none here either.
//
// One student's files of one download belong together. If there is an archive work.zip and there are also work-1.zip
// and so on, as Canvas names what is handed in again, each is an attempt, in that order, and files beside them belong
// to the last. What two downloads hold of one student are two attempts, in the order of Canvas's numbers; Moodle's are
// in the order of their times, first of what the student has in them and then of all that is in them, and where those
// are the same, of the paths, which a note says if what the student has is not. Elsewhere than in a platform's
// download, a student is whom the folder or archive is named after, of any kind: alice and alice.zip are attempts of
// alice's, in the order of the names.
//
// # What counts
//
// Go files count: those that the lessons' students write, further ones of the same package, and packages below a
// lesson's. They may lie in a folder named as the lesson is (the last of such names in a path says which), in a whole
// repository, of which only lessons/ counts and what lies beside it, not in a folder, or anywhere, if the file's name
// or its package clause says which lesson it is of: if several lessons have a file of the name, it is the package
// clause that says it. Without a folder that is named as the lesson is, a package below lies below a file that imports
// it. echo-1.go and "echo (1).go", as Canvas and browsers name another file of a name, are echo.go if the lesson has
// that. Tests, files that are given, the lessons' demo and testdata are the course's, and left out; so are other
// people's packages (vendor, node_modules), the files of repositories, editors and operating systems, and all that is
// not Go.
//
// Two folders of one upload that both have a file of the lesson's, other than as it was handed out, are two attempts
// at it: one is taken as it is, and nothing of the other. So it is with each two files that want one place. Which is
// taken is said by these rules, one after the other: what is not as it was handed out; what was uploaded later, by
// Canvas's number; the folder with more of the lesson's files; what is newer, by the files' times; what lies in a
// folder named as the lesson is; what lies in fewer folders; what needed no renaming; the path that comes first in
// byte order, if numbers don't count; what has the bigger number there. Of one path in an archive it is the later
// entry. Names that differ only in whether letters are big are one. The other file is left out, and a note says by
// which rule, unless it is as it was handed out.
//
// An archive in what a student has uploaded is read; an archive in that one is not, and a note says so, as of a
// document that is named as what a lesson has nothing of. Names in archives that are no UTF-8 have their bytes as %XX.
// A path that leaves its folder, links, devices and names with characters that can't be seen are left out. What is
// encrypted, damaged or over the limits is refused as a whole: nobody can say what of it was meant.
//
// Of a git repository, the files of HEAD's commit count, whatever lies in the work tree; if that differs, a note says
// so. The command git reads them; of the repository's own settings, hooks and filters it sees nothing.
package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
	"udpkata/harness/text"
)

// Limits are what a submission may have. A field that is 0 has the value of [DefaultLimits].
type Limits struct {
	Entries int   // files and folders, in all archives of it too
	File    int64 // bytes of one Go file; a bigger one is left out
	Kept    int64 // bytes of all Go files, as they are kept in memory
	Archive int64 // bytes of one archive
	Output  int64 // bytes that come out of all archives
	Ratio   int   // how many times an archive's size may come out of it, beside the first MiB
	Class   int   // entries of a class's archive
}

// DefaultLimits are many times what the whole course's repository needs.
var DefaultLimits = Limits{
	Entries: 20_000, File: judge.MaxFileSize, Kept: 16 << 20, Archive: 64 << 20, Output: 512 << 20, Ratio: 200,
	Class: 100_000,
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits
	return Limits{cmp.Or(l.Entries, d.Entries), cmp.Or(l.File, d.File), cmp.Or(l.Kept, d.Kept),
		cmp.Or(l.Archive, d.Archive), cmp.Or(l.Output, d.Output), cmp.Or(l.Ratio, d.Ratio), cmp.Or(l.Class, d.Class)}
}

// A System is where submissions were downloaded from.
type System string

const (
	NoSystem System = ""
	Canvas   System = "canvas"
	Moodle   System = "moodle"
)

// A Submission is what one student has handed in at one time. Its texts have nothing in them that a terminal obeys.
type Submission struct {
	System  System
	Student string // as the platform, the folder or the archive has the name; "" if it is not to be seen
	ID      string // the platform's number of the student; "" if there is none
	Late    bool   // Canvas has marked it as late

	// Attempt is which of the student's submissions this is, from 1 up to Attempts.
	Attempt, Attempts int

	Paths []string    // where it was found, for people
	Notes []text.Text // what whoever grades should know, a line each

	before *Submission // the attempt before
	at     int         // which download it is of
	older  string      // the one of the attempt before, if nothing but their names says which is newer
	newer  string      // and its own
	parts  []part
	refuse error // why it can't be read, if that is known already
	course course
	limits Limits
	zone   *time.Location // of times that have none
}

// A part of a submission is one of its uploads, in their order.
type part struct {
	from  source
	clock Clock // whose its time is; NoClock for the files'
	git   *repository

	places []place // in a class's archive, while they are collected
}

// Who names the student, and the attempt if there are several, in one line for people.
func (s Submission) Who() string {
	who := named{system: s.System, student: s.Student, id: s.ID}.who()
	if s.Attempts > 1 {
		who += fmt.Sprintf(", #%d/%d", s.Attempt, s.Attempts)
	}
	return who
}

// A Refusal is why a submission can't be read.
type Refusal struct {
	Who    string
	Reason text.Text // one line
}

// Error returns a line that names the student, in the reader's language.
func (r *Refusal) Error() string { return r.Who + ": " + r.Reason.In(text.Preferred()) }

// Unpack reads a submission. The error is a [*Refusal] if nothing of it can be graded, which is no reason not to go on
// with the next; otherwise it is ctx's, or says that this machine can't read any of its kind.
func (s Submission) Unpack(ctx context.Context) (Content, error) {
	c, err := s.unpack(ctx)
	if r := (refused{}); errors.As(err, &r) {
		why := text.Both(text.VisibleLine(r.why.EN), text.VisibleLine(r.why.ZH))
		return Content{}, &Refusal{s.Who(), why}
	}
	if err != nil {
		return Content{}, fmt.Errorf("%s: %w", s.Who(), err)
	}
	c.Notes = append(slices.Clip(s.Notes), c.Notes...)
	if s.before == nil {
		return c, nil
	}
	switch before, err := s.before.unpack(ctx); {
	case ctx.Err() != nil:
		return Content{}, fmt.Errorf("%s: %w", s.Who(), ctx.Err())
	case err == nil:
		if s.older != "" && before.Key != c.Key {
			c.ByName = []string{s.older, s.newer}
			c.Notes = append(c.Notes, text.Say("No time says which is newer of %s and %s; what was given later counts "+
				"as later.", s.before.Paths[0], s.Paths[0]))
		}
		if gone := c.lacks(before); len(gone) > 0 {
			c.Notes = append(c.Notes, text.Say("The attempt before has what this one lacks: %s.",
				strings.Join(gone, ", ")))
		}
	}
	return c, nil
}

func (s Submission) unpack(ctx context.Context) (Content, error) {
	if s.refuse != nil {
		return Content{}, s.refuse
	}
	u := newUnpacker(ctx, s.course, s.limits, s.zone)
	var notes []text.Text
	for i, p := range s.parts {
		u.seq, u.partsClock = i, cmp.Or(p.clock, FileClock)
		if p.git != nil {
			found, err := p.git.read(ctx, u)
			if err != nil {
				return Content{}, err
			}
			notes = append(notes, found...)
			continue
		}
		if err := p.from(ctx, u.take); err != nil {
			return Content{}, err
		}
	}
	c := u.content()
	c.Notes = append(c.Notes, notes...)
	return c, nil
}

// Find lists the submissions at some paths, in the order of the students' names, each student's attempts in theirs.
// Left is what lies beside them and is none. What is wrong with a submission is said when it is unpacked; the error
// says that a path names none, or can't be read. Times that have no zone, as in most zips, are read in one that is
// given, or in time.Local if that is nil.
func Find(paths []string, lessons []curriculum.Lesson, limits Limits, zone *time.Location) (all []Submission,
	left []Left, err error) {
	c, err := newCourse(lessons)
	if err != nil {
		return nil, nil, err
	}
	f := finder{course: c, paths: len(paths), limits: limits.orDefault(), zone: cmp.Or(zone, time.Local),
		names: map[int]string{},
		loose: map[string]*found{}}
	for _, path := range paths {
		if err := f.path(path); err != nil {
			return nil, nil, err
		}
		f.at++
	}
	return f.submissions(), f.left, nil
}

// A Which says which attempt of a student's counts: last, first or best.
type Which string

const (
	Last  Which = "last"
	First Which = "first"
	Best  Which = "best" // of those with the best score, the first
)

// ParseWhich reads a Which as somebody types it; "" is the last.
func ParseWhich(s string) (Which, error) {
	switch w := Which(strings.ToLower(s)); w {
	case "":
		return Last, nil
	case Last, First, Best:
		return w, nil
	}
	return "", text.Fail("which attempt counts is last, first or best; it can't be %q", s)
}

// Of returns which of a student's attempts counts, from 0 up, by their scores, which only Best looks at. A submission
// that is refused is an attempt like any other: who wants it to have no weight gives it a score below all others.
func (w Which) Of(scores []float64) int {
	switch w {
	case First:
		return 0
	case Best:
		best := 0
		for i, s := range scores {
			if s > scores[best] {
				best = i
			}
		}
		return best
	}
	return len(scores) - 1
}

// Attempts groups submissions, as Find returns them, by student.
func Attempts(all []Submission) (students [][]Submission) {
	for _, s := range all {
		if s.Attempt == 1 {
			students = append(students, nil)
		}
		n := len(students) - 1
		students[n] = append(students[n], s)
	}
	return students
}
