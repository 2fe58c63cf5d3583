// Package failure is why a story ended early, as data: it makes the page that a
// student reads, and the capture, and goes over a pipe as JSON.
package failure

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// A Failure is why a story ended early, as seen at that moment.
type Failure struct {
	State verdict.State
	At    stacks.Line // the story's line, or the student's for a TODO
	Text  text.Text   // what happened, and what was wanted
	Diff  Difference  // where what was wanted and what came part
	Title text.Text   // of the steps
	Steps []text.Text // of a random story
	Wire  Exchange    // the datagrams
	Means []diagnosis.Meaning
	Code  []text.Text // what the student's code was about
	Met   []string    // the story's last lines, of those that the code has met, if it is a long one
	Again string      // the variable, NAME=VALUE, that makes chance the same again; "" if nothing was left to it
}

// A Difference is two payloads, of which one was wanted and the other came.
type Difference struct{ Want, Got []byte }

// An Exchange is what was seen on the wire, with who took part.
type Exchange struct {
	Began     time.Time
	Datagrams []wire.Datagram
	Names     map[netip.AddrPort]string
	Focus     wire.Focus
	Mark      text.Text // what is said of the datagram in focus
	Blind     []string  // sockets on which the code sends unseen
}

// NameOf returns a participant's name, or the address.
func (x Exchange) NameOf(addr netip.AddrPort) string { return NameIn(x.Names, addr) }

// NameIn returns the name that an endpoint has among names, or its address.
func NameIn(names map[netip.AddrPort]string, addr netip.AddrPort) string {
	if name, ok := names[addr]; ok {
		return name
	}
	if !addr.IsValid() {
		return "nobody"
	}
	return addr.String()
}

func (x Exchange) draw(style wire.Style) string {
	return wire.Ladder{Datagrams: x.Datagrams, Focus: x.Focus, Name: x.NameOf, Mark: x.Mark}.Draw(style)
}

// Page writes the failure of a task as a student reads it. rest are the networks that
// were not tried because of it; capture is where the datagrams were written to, or "".
func (f *Failure) Page(s stacks.Site, rest []string, capture string, style wire.Style) string {
	say := func(format string, args ...any) string { return text.Say(format, args...).In(style.Language) }
	what := f.Text.In(style.Language)
	if f.State == verdict.Todo || f.State == verdict.NotRun { // which no hint is about
		return fmt.Sprintf("%s: %s\n", f.At, what)
	}
	var b strings.Builder
	b.WriteString(points(mostColumns, point{sentences: []string{fmt.Sprintf("%s: %s", f.At, what)}}))
	if what != f.Text.EN {
		b.WriteString(points(mostColumns, point{"(", []string{f.Text.EN + ")"}})) // what the hints quote
	}
	diff := wire.Diff(string(f.Diff.Want), string(f.Diff.Got), style.Language)
	b.WriteString(points(mostColumns, point{sentences: []string{diff}}))
	b.WriteString(f.steps(style.Language))
	if ladder := f.Wire.draw(style); ladder != "" {
		fmt.Fprintf(&b, "\n%s", ladder)
	}
	if len(f.Wire.Blind) > 0 {
		blind := strings.Join(f.Wire.Blind, ", ")
		fmt.Fprintln(&b, say("(What the code sends on %s by itself is seen only where it arrives.)", blind))
	}
	b.WriteString("\n")
	b.WriteString(points(min(max(style.Width, defaultWidth), mostColumns),
		point{say("Most likely: "), in(style.Language, f.meanings())},
		point{say("Your code: "), in(style.Language, f.Code)},
		point{say("Went well: "), f.Met}))
	if len(rest) > 0 {
		fmt.Fprintln(&b, say("Not run, as this failed: %s.", strings.Join(rest, ", ")))
	}
	if capture != "" {
		fmt.Fprintln(&b, say("Capture: %s", capture))
	}
	if f.Again != "" {
		fmt.Fprintln(&b, say("The same again: %s go test ./lessons/%s/ -run '^%s$'", f.Again, s.Lesson(), s.Task))
	}
	fmt.Fprintln(&b, say("Next: read lessons/%s/%s, section %s.", s.Lesson(), style.Language.Page("hints"), s.Task))
	return b.String()
}

// steps lists what happened in a random story.
func (f *Failure) steps(l text.Language) string {
	if len(f.Steps) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", f.Title.In(l))
	for i, step := range f.Steps {
		b.WriteString(points(mostColumns, point{fmt.Sprintf("%4d. ", i+1), []string{step.In(l)}}))
	}
	return b.String()
}

// A point is sentences with a label.
type point struct {
	label     string
	sentences []string
}

// points writes each sentence on lines of its own, beside its point's label.
func points(width int, all ...point) string {
	indent := 0
	for _, p := range all {
		if len(p.sentences) > 0 {
			indent = max(indent, wire.Cells(p.label))
		}
	}
	var b strings.Builder
	for _, p := range all {
		label := p.label
		for _, sentence := range p.sentences {
			for _, l := range wire.Fold(sentence, width-indent) {
				fmt.Fprintf(&b, "%s%s%s\n", label, strings.Repeat(" ", indent-wire.Cells(label)), l)
				label = ""
			}
		}
	}
	return b.String()
}

// In columns: the width of what is folded, and the most. go test puts 4 before each
// line.
const (
	defaultWidth = 76
	mostColumns  = 96
)

func (f *Failure) meanings() (all []text.Text) {
	for _, m := range f.Means {
		all = append(all, m.Text)
	}
	return all
}

// Rules lists which rules say what the failure most likely means.
func (f *Failure) Rules() (all []string) {
	for _, m := range f.Means {
		all = append(all, m.Rule)
	}
	return all
}

func in(l text.Language, texts []text.Text) (all []string) {
	for _, t := range texts {
		all = append(all, t.In(l))
	}
	return all
}

// Reason returns the failure's first line, and what it ends with on the next if it is a quotation.
func (f *Failure) Reason(l text.Language) string {
	lines := strings.SplitN(f.Text.In(l), "\n", 3)
	if len(lines) > 1 && strings.HasPrefix(lines[1], " ") {
		lines[0] += " " + strings.TrimSpace(lines[1])
	}
	return f.At.String() + ": " + lines[0]
}
