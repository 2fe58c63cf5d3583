package intake

import (
	"bytes"
	"cmp"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"udpkata/harness/curriculum"
	"udpkata/harness/text"
)

// A course is what is known of the lessons that have tasks.
type course []known

type known struct {
	curriculum.Lesson
	packageName string
	stubs       []curriculum.Stub
}

func newCourse(lessons []curriculum.Lesson) (c course, err error) {
	for _, l := range lessons {
		if len(l.Tasks) == 0 {
			continue
		}
		k := known{Lesson: l, packageName: strings.TrimSuffix(l.TestPackage, "_test")}
		if k.stubs, err = curriculum.Stubs(l.Dir); err != nil {
			return nil, err
		}
		c = append(c, k)
	}
	return c, nil
}

// written returns the name of the lesson's file to be written that a name means. Whether letters are big does not
// count.
func (k known) written(name string) (string, bool) {
	for _, f := range k.Files {
		if !f.Given && !f.Added && strings.EqualFold(f.Name, name) {
			return f.Name, true
		}
	}
	return "", false
}

func (k known) given(name string) bool {
	for _, f := range k.Files {
		if f.Given && strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// A claim is a file that wants a place in a lesson.
type claim struct {
	lesson  int    // in the course; -1 for none
	name    string // its path in the lesson's folder
	folder  bool   // a folder says which lesson
	renamed bool   // the name was another's, such as echo-1.go
	stub    bool   // it is as it was handed out
	deep    int    // in how many folders
	seq     int
	shown   string // before its path
	path    string
	data    []byte
	why     text.Text // not to take it

	uploaded stamp
	modified time.Time // what the file itself has, in an archive too
}

// inLesson returns the lesson that a path's folders name, and which one it is: the last.
func (c course) inLesson(elements []string) (lesson, at int) {
	for i := len(elements) - 2; i >= 0; i-- {
		for n, k := range c {
			if strings.EqualFold(elements[i], k.Name) {
				return n, i
			}
		}
	}
	return -1, -1
}

// meant returns the lesson's file that one was to be whose name ends with .txt behind that; the lesson is -1 if it is
// none's, or may be several's.
func (c course) meant(elements []string) (lesson int, name string) {
	base := elements[len(elements)-1]
	goName := strings.TrimSuffix(strings.ToLower(base), ".txt")
	in, at := c.inLesson(elements)
	if lesson = -1; len(goName) == len(base) || in >= 0 && at < len(elements)-2 { // below, the course has such files
		return lesson, ""
	}
	for n, k := range c {
		if w, ok := k.written(goName); ok && (in < 0 || in == n) {
			if lesson >= 0 {
				return -1, ""
			}
			lesson, name = n, w
		}
	}
	return lesson, name
}

// document returns the lesson's file that a document may have the work of: one that is named as that file or as the
// lesson is, or that lies in its folder. The lesson is -1 if it is none's, or may be several's; the file's name is
// empty if it may be any.
func (c course) document(elements []string) (lesson int, name string) {
	plain, _ := unnumbered(elements[len(elements)-1])
	if !hasExtension(plain, documents) {
		return -1, ""
	}
	base := strings.TrimSuffix(plain, path.Ext(plain))
	in, at := c.inLesson(elements)
	if in >= 0 && at < len(elements)-2 {
		return -1, ""
	}
	lesson = in
	for n, k := range c {
		w, ok := k.written(base + ".go")
		if in >= 0 && in != n || !ok && !curriculum.IsNamed(k.Name, base) {
			continue
		}
		if in < 0 && lesson >= 0 {
			return -1, ""
		}
		lesson, name = n, w
	}
	return lesson, name
}

// tree returns the folder that holds the whole repository that a path is in, as its lessons/ tells.
func (c course) tree(elements []string) (root string, ok bool) {
	if _, at := c.inLesson(elements); at > 0 && strings.EqualFold(elements[at-1], "lessons") {
		return strings.Join(elements[:at-1], "/"), true
	}
	return "", false
}

// claim says which place a Go file wants, or why it has none.
func (c course) claim(elements []string, data []byte) (claim, text.Text) {
	base := elements[len(elements)-1]
	if n, at := c.inLesson(elements); n >= 0 {
		return c.inFolder(n, elements[at+1:], data)
	}
	if isTest(base) {
		return claim{lesson: -1}, testsAre
	}
	packageName := packageOf(data)
	plain, number := unnumbered(base)
	for _, name := range slices.Compact([]string{base, plain}) {
		var of []int
		for n, k := range c {
			if _, ok := k.written(name); ok {
				of = append(of, n)
			}
		}
		if len(of) > 1 {
			of = slices.DeleteFunc(of, func(n int) bool { return c[n].packageName != packageName })
			if len(of) == 0 {
				return claim{lesson: -1}, text.Say("more lessons than one have a file of that name, and its package "+
					"clause (%s) names none of them", shortly(packageName))
			}
		}
		if len(of) == 1 {
			name, _ := c[of[0]].written(name)
			return c.claimed(of[0], name, data, name != base && number > 0), text.Text{}
		}
	}
	isGiven := false
	for n, k := range c {
		if k.packageName == packageName && !k.given(base) {
			if why := nameable(base); !why.IsZero() {
				return claim{lesson: -1}, why
			}
			return c.claimed(n, base, data, false), text.Text{}
		}
		isGiven = isGiven || k.given(base)
	}
	if isGiven {
		return claim{lesson: -1}, ownIsTaken
	}
	return claim{lesson: -1}, text.Say("no lesson has a file of that name, and its package clause (%s) names none",
		shortly(packageName))
}

func (c course) claimed(n int, name string, data []byte, renamed bool) claim {
	return claim{lesson: n, name: name, data: data, renamed: renamed, stub: c[n].handedOut(name, data)}
}

// handedOut reports whether a file is as it was handed out.
func (k known) handedOut(name string, data []byte) bool {
	isStub := func(s curriculum.Stub) bool { return s.Name == name && s.Untouched(data) }
	return slices.ContainsFunc(k.stubs, isStub)
}

// inFolder says which place a file in a lesson's folder wants.
func (c course) inFolder(n int, rest []string, data []byte) (claim, text.Text) {
	k := c[n]
	name := strings.Join(rest, "/")
	base := rest[len(rest)-1]
	none := claim{lesson: -1}
	switch {
	case isTest(base):
		return none, testsAre
	case k.given(name):
		own, err := os.ReadFile(filepath.Join(k.Dir, strings.ToLower(name)))
		if err == nil && !bytes.Equal(unix(own), unix(data)) {
			return none, text.Say("a file that is given, and was changed; the course's own is taken")
		}
		return none, ownIsTaken
	case len(rest) > 1 && (strings.EqualFold(rest[0], "demo") || strings.EqualFold(rest[0], "testdata")):
		return none, ownIsTaken
	}
	renamed := false
	if len(rest) == 1 {
		plain, number := unnumbered(base)
		if w, ok := k.written(base); ok {
			name = w
		} else if w, ok := k.written(plain); ok && number > 0 {
			name, renamed = w, true
		}
	}
	for _, folder := range rest[:len(rest)-1] {
		if why := sayable(folder); !why.IsZero() {
			return none, why
		}
	}
	if why := nameable(base); !renamed && !why.IsZero() {
		return none, why
	}
	found := c.claimed(n, name, data, renamed)
	found.folder = true
	return found, text.Text{}
}

// isTest tells the files that are tests.
func isTest(name string) bool { return strings.HasSuffix(strings.ToLower(name), "_test.go") }

var (
	testsAre   = text.Say("the tests are the course's")
	ownIsTaken = text.Say("the course's own is taken")
)

// nameable says why Go builds no file of a name.
func nameable(name string) text.Text {
	if strings.HasPrefix(name, "_") {
		return text.Say("Go does not build what has a name like that")
	}
	return sayable(name)
}

// sayable says why no file or folder of a name is any Go file's, or holds one.
func sayable(name string) text.Text {
	for _, r := range name {
		if strings.ContainsRune("\"'`*<>?|%!&;$\\", r) {
			return text.Say("its name has a %q, which no Go file's needs", r)
		}
	}
	return text.Text{}
}

// packageOf returns a file's package, or "".
func packageOf(data []byte) string {
	file, _ := parser.ParseFile(token.NewFileSet(), "", data, parser.PackageClauseOnly)
	if file == nil || file.Name == nil {
		return ""
	}
	return file.Name.Name
}

// shortly returns a name that a stranger chose, for a sentence.
func shortly(name string) string {
	if runes := []rune(name); len(runes) > 40 {
		name = string(runes[:40]) + "…"
	}
	return cmp.Or(text.VisibleLine(name), "?")
}

func unix(data []byte) []byte { return bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")) }

// place gives every place of every lesson to the one file that is to have it.
func (u *unpacker) place() (lessons []Lesson) {
	type at struct {
		lesson int
		name   string
	}
	var claims []claim
	for _, c := range u.claims {
		u.shown = c.shown
		if outside := u.outside(c.shown, c.path); outside != "" {
			u.leave(outside, text.Say("of the repository, and not in its folder lessons"))
			continue
		}
		if !c.why.IsZero() {
			u.leave(c.path, c.why)
			continue
		}
		claims = append(claims, c)
	}
	sameTimes(claims)
	claims, lost := u.versions(claims)
	wanted := map[at][]claim{}
	var order []at
	for _, c := range claims {
		key := at{c.lesson, strings.ToLower(c.name)}
		if wanted[key] == nil {
			order = append(order, key)
		}
		wanted[key] = append(wanted[key], c)
	}
	for _, k := range u.course {
		lessons = append(lessons, Lesson{Name: k.Name})
	}
	taken := map[at]File{}
	for _, key := range order {
		all := wanted[key]
		// Of two of one path, the later one is what an archive's program would leave on the disk.
		slices.Reverse(all)
		var newest time.Time
		for _, c := range all {
			newest = later(newest, c.modified)
		}
		slices.SortStableFunc(all, func(a, b claim) int { return decided(prefer(a, b, newest)).order })
		best := all[0]
		taken[key] = File{best.name, text.VisibleLine(best.shown + best.path), best.data}
		lessons[key.lesson].Files = append(lessons[key.lesson].Files, taken[key])
		for _, other := range all[1:] {
			u.another(other, taken[key], decided(prefer(best, other, newest)))
		}
	}
	for _, l := range lost {
		if instead, ok := taken[at{l.lesson, strings.ToLower(l.name)}]; ok {
			u.another(l.claim, instead, l.by)
			continue
		}
		u.shown = l.shown
		u.leave(l.path, text.Say("all of %s is taken from %s", u.course[l.lesson].Name, l.to))
		u.twice = u.twice || !l.stub
		if !l.stub {
			u.notes = append(u.notes, text.Say("%s is left out, as all of %s is taken from %s: %s.",
				text.VisibleLine(l.shown+l.path), u.course[l.lesson].Name, l.to, l.by.why))
		}
	}
	u.shown = ""
	for i, k := range u.course {
		l := &lessons[i]
		slices.SortFunc(l.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
		for _, f := range k.Files {
			if len(l.Files) > 0 && !f.Given && !f.Added && !l.has(f.Name) {
				l.Missing = append(l.Missing, f.Name)
			}
		}
		for _, f := range l.Files {
			isCourses := func(own curriculum.File) bool { return own.Name == f.Name }
			if len(l.Missing) > 0 && !strings.Contains(f.Name, "/") && !slices.ContainsFunc(k.Files, isCourses) {
				l.Others = append(l.Others, f.Name)
			}
		}
	}
	return lessons
}

// outside returns the folder of a whole repository that a file is in, if that is not lessons.
func (u *unpacker) outside(shown, name string) string {
	elements := strings.Split(name, "/")
	for n := range len(elements) - 1 { // from the top down: repositories may lie in one another
		root := strings.Join(elements[:n], "/")
		if u.trees[shown+root] && n+1 < len(elements) && !strings.EqualFold(elements[n], "lessons") {
			return strings.Join(elements[:n+1], "/") + "/"
		}
	}
	return ""
}
