package intake

import (
	"cmp"
	"fmt"
	"path"
	"slices"

	"udpkata/harness/judge"
	"udpkata/harness/text"
)

// This file is about packages below a lesson's, where no folder is named as the lesson is: they lie below a file of the
// lesson's that imports them.

// spare reports whether a file that has no place may turn out to be of such a package.
func spare(elements []string) bool {
	base := elements[len(elements)-1]
	why := nameable(base)
	return len(elements) > 1 && !isTest(base) && why.IsZero()
}

// A spot is where files lie in what was uploaded.
type spot struct {
	shown, folder string
	seq           int
}

// below gives files a place in packages below a lesson's, if the lesson's files import those from where they lie.
func (u *unpacker) below() {
	claims := u.claims
	in := map[spot][]int{}
	var roots []claim
	for i, c := range claims {
		at := spot{c.shown, path.Dir(c.path), c.seq}
		in[at] = append(in[at], i)
		if c.lesson >= 0 && !c.folder && c.why.IsZero() {
			roots = append(roots, c)
		}
	}
	// What lies in fewer folders says what those below are.
	slices.SortStableFunc(roots, func(a, b claim) int { return cmp.Compare(a.deep, b.deep) })
	moved, movedFrom, met := map[int]bool{}, map[spot]bool{}, map[string]bool{}
	for _, root := range roots {
		at := spot{root.shown, path.Dir(root.path), root.seq}
		if movedFrom[at] {
			continue // it is of a package below another's
		}
		lesson := u.course[root.lesson].Lesson
		for next := judge.Folders(lesson, root.data); len(next) > 0; next = next[1:] {
			from := at
			from.folder = path.Join(at.folder, next[0])
			key := fmt.Sprint(root.lesson, from)
			if met[key] {
				continue
			}
			met[key] = true
			for _, i := range in[from] {
				c := claims[i]
				if c.folder || c.data == nil {
					continue
				}
				moved[i], movedFrom[from] = true, true
				next = append(next, judge.Folders(lesson, c.data)...)
				c.lesson, c.name = root.lesson, next[0]+"/"+path.Base(c.path)
				c.renamed, c.stub, c.why = false, false, text.Text{}
				u.claims = append(u.claims, c)
				u.counts(c)
			}
		}
	}
	i := -1
	u.claims = slices.DeleteFunc(u.claims, func(claim) bool { i++; return moved[i] })
}

// counts notes when something was uploaded that counts.
func (u *unpacker) counts(c claim) {
	if c.uploaded.at.After(u.stamp.at) {
		u.stamp = c.uploaded
	}
}
