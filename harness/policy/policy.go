// Package policy says what of somebody's code a grader refuses before anything of it is built or run, and why, so that
// its author can do something about it.
//
// It is the second fence. The first is the boundary: a stranger's code is built and run in a sandbox, in a process of
// its own, where it can say nothing of its verdict (see package stage). So the policy need not see through a trick that
// hides what it does; it has to let ordinary code pass, and to explain to everybody else in one line what to do. Where
// it is in doubt, it permits.
//
// Permitted is
//
//   - what computes: bytes, text, numbers, time, collections, encodings, hashes, goroutines and locks;
//   - package net, but for what makes raw descriptors and for Unix sockets. A network's name is not looked at, nor an
//     address: where strangers' code runs, there is no network to reach;
//   - printing with fmt, log, log/slog, os.Stdout and os.Stderr, as everybody does who looks for a mistake;
//   - reading the environment, and files by their absolute names, as below /proc/sys, but not those of processes;
//   - of reflect, runtime, syscall and golang.org/x/sys, what compares values, looks at Go, names errors, and sets and
//     reads options of sockets.
//
// Refused is
//
//   - what leaves Go's rules: unsafe, cgo, assembly, linkname and the compiler's other orders, plugins;
//   - what ends or changes the process and others: os.Exit, runtime.Goexit, signals, processes, written
//     files, the environment, descriptors by number, values set in the standard library's variables;
//   - what is not the student's: imports of the solution, of the harness, of lessons, of other modules; embedded files;
//   - what makes code other than it looks, or hides it: //line, build tags and names of files by which some machines
//     build a file and others don't, dot imports, letters that are not seen, that turn the direction of writing, or
//     that look like others;
//   - what costs the compiler dearly: files, functions, arrays, numbers and nesting without measure.
//
// The tables are in table.go. Packages of the student's own, in folders below the lesson's, are held to the same as the
// lesson's is, if one that counts imports them. Files that the course always takes its own of (given ones and tests)
// are not looked at, nor is what lies in other folders. A file for another system, or with a build tag that never holds
// where code is graded, is read as the others are, though nobody builds it there.
//
// It reads the syntax of each file, and evaluates no types: so nothing in the code can take it long, and what does not
// compile is left to the compiler, which has better words. log.Fatal is permitted: where it is reached, the judge says
// so, and in most code that has it, it is not. It does not follow a value: whoever puts net.IPv6loopback into a
// variable can write to it. A descriptor's number may be had, as options of sockets take one; whatever else could be
// done with a number is refused.
package policy

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
	"udpkata/harness/text"
)

// A Refusal is one thing that a grader does not take.
type Refusal struct {
	File   string    // its name in the lesson's directory, fit to be shown
	Line   int       // from 1 up; 0 if it is about the whole file
	Reason text.Text // what is wrong and what to do instead, in one line without a full stop
}

// In returns the refusal as a line in a language, as in "echo.go:12: imports unsafe: …".
func (r Refusal) In(l text.Language) string {
	if r.Line == 0 {
		return fmt.Sprintf("%s: %s", r.File, r.Reason.In(l))
	}
	return fmt.Sprintf("%s:%d: %s", r.File, r.Line, r.Reason.In(l))
}

// String returns the refusal in English.
func (r Refusal) String() string { return r.In(text.English) }

const mostRefusals = 50 // what is more helps nobody

// Check returns what a grader refuses of somebody's files for a lesson, by file and line: at most 50 refusals, none
// where all is well. files are by their names in the lesson's directory, with slashes; those count that
// [judge.Reached] says. Nothing of them is built or run, and no other file is read. It takes time in proportion to the
// files' sizes, whatever is in them.
func Check(lesson curriculum.Lesson, files map[string][]byte) []Refusal {
	p := &submission{lesson: lesson}
	theirs := slices.Sorted(maps.Keys(judge.Reached(lesson, files)))
	theirs = slices.DeleteFunc(theirs, func(name string) bool { return !built(lesson, name) })
	for i, name := range theirs {
		if i == judge.MostFiles {
			p.refuse(name, 0, text.Say("there are more than %d files with code; join some", judge.MostFiles))
			break
		}
		p.read(name, files[name])
	}
	p.checkCode()
	slices.SortStableFunc(p.refusals, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	p.refusals = slices.Compact(p.refusals)
	return p.refusals[:min(len(p.refusals), mostRefusals)]
}

// built reports whether a file of code of somebody's could be built for the lesson. Nobody builds tests but the
// course's.
func built(lesson curriculum.Lesson, name string) bool {
	isGiven := func(f curriculum.File) bool { return f.Name == name && f.Given }
	return !slices.ContainsFunc(lesson.Files, isGiven) && !strings.HasSuffix(name, "_test.go")
}

// A submission is what is known of somebody's files.
type submission struct {
	lesson   curriculum.Lesson
	files    []*source
	refusals []Refusal
}

// refuse adds a refusal, unless there are more than enough.
func (s *submission) refuse(file string, line int, reason text.Text) {
	// Those that are first by line need not come first.
	if len(s.refusals) < 100*mostRefusals {
		s.refusals = append(s.refusals, Refusal{shown(file), line, reason})
	}
}

// read looks at one file by itself, and keeps its syntax.
func (s *submission) read(name string, content []byte) {
	if i := strings.IndexFunc(name, unseen); i >= 0 {
		s.refuse(name, 0, text.Say("the file's name has a character that is not seen; rename it"))
	}
	switch {
	case path.Ext(name) != ".go":
		s.refuse(name, 0, text.Say("only Go is judged; write it in Go, and leave this file out"))
		return
	case len(content) > judge.MaxFileSize:
		s.refuse(name, 0, text.Say("the file has more than %d bytes; make it shorter", judge.MaxFileSize))
		return
	}
	s.checkLetters(name, content)
	s.checkHidden(name, content)
	content = bytes.TrimPrefix(content, []byte("\uFEFF"))
	if line := deepBrackets(content); line > 0 {
		s.refuse(name, line, tooDeep())
		return
	}
	if parsed := s.parse(name, content); parsed != nil {
		s.files = append(s.files, parsed)
	}
}
