// Package update brings newer lessons into a clone of the course, from git, a zip or a directory.
//
// What a student has written stays. Tests, pages, given files and the harness are the course's, and are replaced; what
// was there before is kept in a directory of its own. It is done whole, or not at all: everything is written before
// anything is replaced, and whatever fails then is undone.
package update

import (
	"context"
	"path/filepath"

	"udpkata/harness/curriculum"
	"udpkata/harness/text"
)

// A Change is what happens to one of the course's files.
type Change struct {
	Path string // below the repository, with slashes
	Kind Kind

	data []byte // what it then holds; nil of one that goes
	old  []byte // what it held; nil if it was not there
	exec bool
}

// A Kind is one of change.
type Kind int

// The kinds.
const (
	Added    Kind = iota
	Replaced      // the course's
	Removed       // the course's, which newer lessons do without
	Beside        // the student's stays, and the new one is put beside it, with .new after its name
	Kept          // the student's stays; newer lessons do without it
)

// NewExt is what the name of a new file ends with that is put beside the student's.
const NewExt = ".new"

// Update brings a repository up to date with a source, see Fetch. It returns what has changed, in the order of the
// paths, and the directory, below the repository, that keeps what was there before; "" if nothing was.
func Update(ctx context.Context, root, source string) (changes []Change, before string, err error) {
	dir, from, done, err := fetch(ctx, root, source)
	if err != nil {
		return nil, "", err
	}
	defer done()
	if err := isCourse(root, dir, from); err != nil {
		return nil, "", err
	}
	if changes, err = plan(root, dir); err != nil {
		return nil, "", err
	}
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	before, err = apply(root, changes)
	return changes, before, err
}

// isCourse returns an error unless a directory holds a course that can take the place of the one at root.
func isCourse(root, dir, source string) error {
	module, err := moduleOf(root)
	if err != nil {
		return err
	}
	if theirs, err := moduleOf(dir); err != nil || theirs != module {
		return text.Fail("%s is no udpkata course: it has no go.mod of the module %s", source, module)
	}
	lessons, err := curriculum.Load(dir)
	if err == nil && len(lessons) == 0 {
		return text.Fail("%s is no udpkata course: it has no lessons", source)
	}
	if err != nil {
		return text.Fail("the lessons of %s are not as they should be, and nothing was changed: %v", source,
			firstLine(err))
	}
	if same(root, dir) {
		return text.Fail("%s is this course itself; name where newer lessons are", source)
	}
	return nil
}

// same reports whether two directories are one.
func same(a, b string) bool {
	a, errA := filepath.EvalSymlinks(a)
	b, errB := filepath.EvalSymlinks(b)
	return errA == nil && errB == nil && a == b
}
