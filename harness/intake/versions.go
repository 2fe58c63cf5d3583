package intake

import (
	"bytes"
	"cmp"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"udpkata/harness/text"
)

// This file is about which of two files counts that want one place. The package's documentation tells the rules.

// A rule is what says of two which comes first.
type rule struct {
	order int       // below 0 if the first does, above if the second does, and 0 if the rule says nothing
	why   text.Text // the one that comes first does
	sure  bool      // so that nobody need look
}

// decided returns the first rule that says something.
func decided(rules []rule) rule {
	for _, r := range rules {
		if r.order != 0 {
			return r
		}
	}
	return rule{why: text.Say("of one path the later entry counts"), sure: true}
}

// first orders by what one has and the other has not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// prefer returns the rules for two claims to one place, of those the newest of which is so new.
func prefer(a, b claim, newest time.Time) []rule {
	pathA, pathB := a.shown+a.path, b.shown+b.path
	return []rule{
		{first(!a.stub, !b.stub), written, true},
		{cmp.Compare(b.seq, a.seq), uploaded, true},
		{age(b.modified, newest).Compare(age(a.modified, newest)), newer, false},
		{first(a.folder, b.folder), inItsFolder, false},
		{cmp.Compare(a.deep, b.deep), inFewer, false},
		{first(!a.renamed, !b.renamed), lessonsName, false},
		{strings.Compare(unnumber(pathA), unnumber(pathB)), firstByName, false},
		{byNumber(pathB, pathA), biggerNumber, false},
		{strings.Compare(pathA, pathB), firstByName, false},
	}
}

var (
	written      = text.Say("it is not as it was handed out")
	uploaded     = text.Say("it was uploaded later")
	hasMore      = text.Say("it has more of the lesson's files")
	lessonsName  = text.Say("its name is the lesson's")
	newer        = text.Say("it is newer, by the files' times")
	inItsFolder  = text.Say("it lies in a folder named as the lesson is")
	inFewer      = text.Say("it lies in fewer folders")
	biggerNumber = text.Say("its path has the bigger number")
	firstByName  = text.Say("its path comes first by name, and nothing else says which is meant")
)

// tell is how far apart two times are that differ: zips have seconds that are even.
const tell = 2 * time.Second

// age returns a time, or the newest one if the two do not differ.
func age(at, newest time.Time) time.Time {
	if newest.Sub(at) <= tell {
		return newest
	}
	return at
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// sameTimes gives files of one path in an archive the time of the last, as which they would be on the disk.
func sameTimes(claims []claim) {
	last := map[string]time.Time{}
	for _, c := range claims {
		last[strconv.Itoa(c.seq)+c.shown+c.path] = c.modified
	}
	for i, c := range claims {
		claims[i].modified = last[strconv.Itoa(c.seq)+c.shown+c.path]
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

// unnumber returns a name of which all numbers are 0.
func unnumber(name string) string { return digits.ReplaceAllString(name, "0") }

// byNumber compares paths that differ in numbers alone, as do attempt2 and attempt10.
func byNumber(a, b string) int {
	if unnumber(a) != unnumber(b) {
		return 0
	}
	inB := digits.FindAllString(b, -1)
	for i, n := range digits.FindAllString(a, -1) {
		n, m := strings.TrimLeft(n, "0"), strings.TrimLeft(inB[i], "0")
		if order := cmp.Or(cmp.Compare(len(n), len(m)), strings.Compare(n, m)); order != 0 {
			return order
		}
	}
	return 0
}

// A version is what there is of a lesson in one folder: two that have the same file of the lesson's are attempts at it,
// and one of them is taken as it is, since parts of two may well not go together.
type version struct {
	root    string // the folder, with what comes before its path
	lesson  int
	seq     int
	written map[string]bool // the lesson's files that are there, other than as they were handed out
	newest  time.Time       // of those, and of what is beside them
	folder  bool            // it is named as the lesson is
	deep    int
}

// A lost claim is one whose version is not taken.
type lost struct {
	claim
	to string // where the one is that is taken, for people
	by rule
}

// root returns the folder of a lesson's that a claim's file is in, or in a package below.
func (c claim) root() string {
	elements := strings.Split(c.path, "/")
	return c.shown + path.Join(elements[:len(elements)-1-strings.Count(c.name, "/")]...)
}

// versions returns the claims of those versions that are taken, and the others.
func (u *unpacker) versions(claims []claim) (kept []claim, others []lost) {
	type key struct {
		root        string
		lesson, seq int
	}
	all := map[key]*version{}
	of := func(c claim) *version { return all[key{c.root(), c.lesson, c.seq}] }
	var order []*version
	newest := map[int]time.Time{} // by lesson
	for _, c := range claims {
		v := of(c)
		if v == nil {
			v = &version{root: c.root(), lesson: c.lesson, seq: c.seq, written: map[string]bool{}, deep: c.deep}
			all[key{v.root, v.lesson, v.seq}] = v
			order = append(order, v)
		}
		v.folder, v.deep = v.folder || c.folder, min(v.deep, c.deep)
		if c.stub {
			continue
		}
		v.newest = later(v.newest, c.modified)
		if name, ok := u.course[c.lesson].written(c.name); ok {
			v.written[name] = true
		}
	}
	for _, v := range order {
		if len(v.written) > 0 {
			newest[v.lesson] = later(newest[v.lesson], v.newest)
		}
	}
	slices.SortStableFunc(order, func(a, b *version) int { return decided(a.prefer(b, newest[a.lesson])).order })
	lostTo := map[*version]*version{}
	var wins []*version
	for _, v := range order {
		if i := slices.IndexFunc(wins, v.rivals); i >= 0 {
			lostTo[v] = wins[i]
		} else if len(v.written) > 0 {
			wins = append(wins, v)
		}
	}
	for _, c := range claims {
		v := of(c)
		w := lostTo[v]
		if w == nil {
			kept = append(kept, c)
			continue
		}
		others = append(others, lost{c, cmp.Or(text.VisibleLine(w.root), "."), decided(w.prefer(v, newest[c.lesson]))})
	}
	return kept, others
}

// rivals reports whether two versions are attempts at one thing.
func (v *version) rivals(w *version) bool {
	if v.lesson != w.lesson || v.seq != w.seq { // what was uploaded later goes before the rest, file by file
		return false
	}
	for name := range v.written {
		if w.written[name] {
			return true
		}
	}
	return false
}

// prefer returns the rules for two versions of a lesson, of those the newest of which is so new.
func (v *version) prefer(w *version, newest time.Time) []rule {
	return []rule{
		{cmp.Compare(v.lesson, w.lesson), text.Text{}, true},
		{cmp.Compare(len(w.written), len(v.written)), hasMore, false},
		{age(w.newest, newest).Compare(age(v.newest, newest)), newer, false},
		{first(v.folder, w.folder), inItsFolder, false},
		{cmp.Compare(v.deep, w.deep), inFewer, false},
		{strings.Compare(unnumber(v.root), unnumber(w.root)), firstByName, false},
		{byNumber(w.root, v.root), biggerNumber, false},
		{strings.Compare(v.root, w.root), firstByName, false},
	}
}

// another notes that a file is left out for another one.
func (u *unpacker) another(c claim, instead File, by rule) {
	if bytes.Equal(c.data, instead.Data) {
		return
	}
	u.shown = c.shown
	u.leave(c.path, text.Say("%s is taken in its place", instead.From))
	if !c.stub {
		u.twice = u.twice || !by.sure
		u.notes = append(u.notes, text.Say("%s is left out, and %s taken in its place: %s.",
			text.VisibleLine(c.shown+c.path), instead.From, by.why))
	}
}
