package wire

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"udpkata/harness/text"
)

// A Diagram is what a ladder shows, read from its text.
type Diagram struct {
	Line  int      `json:"line"` // of the text, from 0, where the ladder begins
	Lines int      `json:"lines"`
	Who   []string `json:"who"` // the participants' names, in the order of their columns
	Rows  []Row    `json:"rows"`
}

// A Row is a datagram, what a router tells, or where datagrams are left out, with what is said of it; or what is said
// of all.
type Row struct {
	At     string   `json:"at"` // as in "0.000ms"; an ellipsis where datagrams are left out; "" of all
	From   int      `json:"from"`
	To     int      `json:"to"`              // columns, from 0
	Label  string   `json:"label,omitempty"` // a datagram's payload, as a Go string; "" if the row is no datagram
	Lost   bool     `json:"lost,omitempty"`  // it did not arrive
	Forged bool     `json:"forged,omitempty"`
	Bad    bool     `json:"bad,omitempty"` // a note says what is wrong
	Notes  []string `json:"notes,omitempty"`
}

// Diagrams reads the ladders of a text that [Ladder.Draw] has drawn without colour, be they indented. Where a line is
// not one that Draw writes, the ladder ends; what has more lines than Draw would write is none.
func Diagrams(s string) (all []Diagram) {
	lines := strings.Split(s, "\n")
	for at := 0; at < len(lines); {
		r := reader{}
		for _, r.form = range forms {
			if r.read(lines[at:]); r.Lines > 0 {
				break
			}
		}
		if r.drawn() {
			r.Line = at
			all = append(all, r.Diagram)
		}
		at += max(1, r.Lines)
	}
	return all
}

// A form is how a ladder's lines look in one set of glyphs.
type form struct {
	glyphs
	arrow, self, listed, omitted *regexp.Regexp
}

var forms = []form{newForm(Style{}), newForm(Style{ASCII: true})}

func newForm(s Style) form {
	g := s.glyphs()
	is := regexp.QuoteMeta
	const label = `("(?:[^"\\]|\\.)*"(?: \(\d+ bytes\))?)`
	dashes := "((?:" + is(g.dash) + "|" + is(g.forged) + ")*)"
	head := func(glyph string) string { return "(" + is(glyph) + "|" + is(g.lost) + ")?" }
	return form{glyphs: g,
		arrow: regexp.MustCompile(is(g.line) + head(g.left) + dashes + " " + label + " " + dashes + head(g.right) +
			is(g.line)),
		self:    regexp.MustCompile(is(g.line) + is(g.self) + " " + label),
		listed:  regexp.MustCompile(`^(\S.*?) ` + is(g.to) + ` (\S.*?)  ` + label),
		omitted: regexp.MustCompile(`^( *)` + is(g.ellipsis) + `  ([(（].+[)）])$`),
	}
}

var (
	timed = regexp.MustCompile(`^( *)(\d+(?:\.\d{3}ms|ms[+-]1ns))(?:  |$)`)
	aName = regexp.MustCompile(`\S+(?: \S+)*`) // in the head, where two blanks part
)

// A reader is a diagram in the making.
type reader struct {
	Diagram
	form
	margin int  // of the whole ladder
	gap    int  // between columns; 0 if the datagrams are a list, without columns
	vague  bool // a name in a list may be somebody else's too
}

// read reads the ladder that begins with the first of some lines.
func (r *reader) read(lines []string) {
	r.Diagram, r.vague = Diagram{}, false
	begin := 0
	if !r.head(lines[0]) {
		if r.margin = r.listMargin(lines[0]); r.margin < 0 {
			return
		}
	} else {
		begin = 1
	}
	r.Lines = begin
	for _, line := range lines[begin:] {
		if Cells(line) > mostWidth || !r.row(line) && !r.note(line) {
			break
		}
		r.Lines++
	}
	if len(r.Rows) == 0 {
		r.Lines = 0
		return
	}
	r.part()
}

// ofAll are the marks that are said of no datagram, but of what did not come after all of them.
var ofAll = []text.Text{
	text.Say("%s still waits for %s", anything, anything), text.Say("%s still waits for a datagram", anything),
	text.Say("%s still waits for one such as %s", anything, anything),
	text.Say("the next one was due after %v", anything),
}

const anything = "\x00" // no line has one

var (
	saidOfAll    = sync.OnceValue(func() *regexp.Regexp { return sayings(ofAll...) })
	saidByRouter = sync.OnceValue(func() *regexp.Regexp {
		return sayings(text.Say("a router tells %s: the next link carries %d", anything, 0))
	})
)

// sayings returns what matches some sentences in both languages. It has them without blanks, since lines are folded
// there.
func sayings(sentences ...text.Text) *regexp.Regexp {
	var all []string
	for _, s := range sentences {
		for _, says := range []string{s.EN, s.ZH} {
			says = regexp.QuoteMeta(unfolded(says))
			all = append(all, strings.NewReplacer(anything, ".*", "0", `\d+`).Replace(says))
		}
	}
	return regexp.MustCompile("^(?:" + strings.Join(all, "|") + ")$")
}

func unfolded(s string) string { return strings.ReplaceAll(s, " ", "") }

// part gives a mark that is said of all datagrams a row of its own, as no line tells it from one of the last datagram.
func (r *reader) part() {
	last := &r.Rows[len(r.Rows)-1]
	for i, note := range slices.Backward(last.Notes) {
		mark, begins := strings.CutPrefix(note, r.lost+" ")
		if !begins {
			continue
		}
		mark = strings.Join(append([]string{mark}, last.Notes[i+1:]...), "")
		if saidOfAll().MatchString(unfolded(mark)) {
			notes := last.Notes
			last.Notes, last.Bad = nil, false
			for _, what := range notes[:i] {
				r.say(what)
			}
			r.Rows = append(r.Rows, Row{Bad: true, Notes: notes[i:]})
		}
		return
	}
}

// drawn reports whether Draw would have written that much.
func (r *reader) drawn() bool {
	datagrams := 0
	for _, row := range r.Rows {
		if row.Label != "" {
			datagrams++
		}
	}
	const most = 10 // lines that are about one datagram
	return !r.vague && datagrams > 0 && datagrams <= mostLines && r.Lines <= most*mostLines
}

// head reads the line of the participants' names.
func (r *reader) head(line string) bool {
	r.gap, r.Who = 1, nil
	for i, at := range aName.FindAllStringIndex(line, -1) {
		column := Cells(line[:at[0]])
		switch i {
		case 0:
			r.margin = column - timeWidth - 3
		case 1:
			r.gap = column - r.margin - timeWidth - 3
		}
		if r.margin < 0 || column != r.margin+timeWidth+3+i*r.gap || i > 0 && r.gap < leastGap {
			return false
		}
		r.Who = append(r.Who, line[at[0]:at[1]])
	}
	return len(r.Who) > 0
}

// listMargin returns the margin of a list that begins with a line; -1 if none does.
func (r *reader) listMargin(line string) int {
	r.gap, r.Who = 0, nil
	if m := r.omitted.FindStringSubmatch(line); m != nil {
		return len(m[1]) - timeWidth + Cells(r.ellipsis)
	}
	if m := timed.FindStringSubmatch(line); m != nil {
		return len(m[1]) - max(0, timeWidth-len(m[2]))
	}
	return -1
}

// row reads a line with a time, or with an ellipsis in its place.
func (r *reader) row(line string) bool {
	if m := r.omitted.FindStringSubmatch(line); m != nil && len(m[1]) == r.margin+timeWidth-Cells(r.ellipsis) {
		r.Rows = append(r.Rows, Row{At: r.ellipsis, Notes: []string{m[2]}})
		return true
	}
	m := timed.FindStringSubmatch(line)
	if m == nil || len(m[1]) != r.margin+max(0, timeWidth-len(m[2])) {
		return false
	}
	row := Row{At: m[2]}
	body, remark, ok := line[len(m[0]):], "", false
	if r.gap == 0 {
		remark, ok = r.list(body, &row)
	} else if body, ok = strings.CutPrefix(body, " "); ok {
		remark, ok = r.columns(body, &row)
	}
	beside := strings.TrimPrefix(remark, "  ")
	if !ok || remark != "" && (len(remark) != len(beside)+2 || beside == "" || beside[0] == ' ') {
		return false
	}
	r.Rows = append(r.Rows, row)
	if beside != "" {
		r.say(beside)
	}
	return true
}

// columns reads the participants' lines with a datagram, if any, and returns what stands behind them.
func (r *reader) columns(body string, row *Row) (rest string, ok bool) {
	blank := strings.Repeat(" ", r.gap-1)
	last := len(r.Who) - 1
	// from reads the lines before what begins at a byte.
	from := func(begin int) bool {
		row.From = strings.Count(body[:begin], r.line)
		return row.From <= last && body[:begin] == strings.Repeat(r.line+blank, row.From)
	}
	if m := r.arrow.FindStringSubmatchIndex(body); m != nil && from(m[0]) {
		group := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return body[m[2*i]:m[2*i+1]]
		}
		left, right := group(1), group(5)
		width := Cells(body[m[0]:m[1]]) - 1
		if row.To = row.From + width/r.gap; width%r.gap != 0 || row.To > last || (left == "") == (right == "") {
			return "", false
		}
		rest, ok = strings.CutPrefix(body[m[1]:], strings.Repeat(blank+r.line, last-row.To))
		row.Label, row.Lost = group(3), left+right == r.lost
		row.Forged = strings.Contains(group(2)+group(4), r.forged)
		if left != "" {
			row.From, row.To = row.To, row.From
		}
		return rest, ok
	}
	if m := r.self.FindStringSubmatchIndex(body); m != nil && from(m[0]) {
		row.To, row.Label = row.From, body[m[2]:m[3]]
		if row.From == last {
			return body[m[1]:], true
		}
		room := r.gap - Cells(body[m[0]:m[1]])
		return strings.CutPrefix(body[m[1]:], strings.Repeat(" ", max(0, room))+r.line+
			strings.Repeat(blank+r.line, last-row.From-1))
	}
	return strings.CutPrefix(body, r.line+strings.Repeat(blank+r.line, last))
}

// list reads a datagram without columns, and returns what stands behind it.
func (r *reader) list(body string, row *Row) (rest string, ok bool) {
	m := r.listed.FindStringSubmatchIndex(body)
	if m == nil && body == "" {
		return "", len(r.Rows) > 0 // what a router says stands below
	}
	if m == nil {
		return "  " + body, len(r.Rows) > 0 && saidByRouter().MatchString(unfolded(body))
	}
	column := func(name string) int {
		r.vague = r.vague || strings.HasSuffix(name, r.ellipsis) || strings.Contains(name, " "+r.to+" ") ||
			strings.Contains(name, "  ")
		if !slices.Contains(r.Who, name) {
			r.Who = append(r.Who, name)
		}
		return slices.Index(r.Who, name)
	}
	row.From, row.To, row.Label = column(body[m[2]:m[3]]), column(body[m[4]:m[5]]), body[m[6]:m[7]]
	return body[m[1]:], true
}

// note reads a line that says something of the row before.
func (r *reader) note(line string) bool {
	what := strings.TrimLeft(line, " ")
	if len(r.Rows) == 0 || what == "" || len(line)-len(what) != r.margin+timeWidth+3 {
		return false
	}
	if r.Rows[len(r.Rows)-1].At == r.ellipsis {
		r.Rows = append(r.Rows, Row{}) // it is about all of them
	}
	r.say(what)
	return true
}

func (r *reader) say(what string) {
	row := &r.Rows[len(r.Rows)-1]
	row.Notes = append(row.Notes, what)
	row.Bad = row.Bad || strings.HasPrefix(what, r.lost+" ")
}
