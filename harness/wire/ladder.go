package wire

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"udpkata/harness/text"
)

// A Ladder is an exchange, drawn with a column for each participant and a line for
// each datagram.
type Ladder struct {
	Datagrams []Datagram
	Focus     Focus
	Name      func(netip.AddrPort) string // of a participant, or the address
	Mark      text.Text                   // what is said of the datagram in focus, or at the end if there is none
}

// A Focus is what matters most of an exchange: what one party sent or was sent, and
// the datagram where story and wire part. The zero Focus is none.
type Focus struct {
	Party    netip.AddrPort
	Datagram int // its number, from 1
}

const (
	defaultWidth = 80
	indented     = 4  // by go test
	mostLines    = 12 // of datagrams: enough for a story, and few enough for one screen
	timeWidth    = 12
	leastGap     = 16 // between two participants
	mostGaps     = 3  // where datagrams are left out that are said one by one
)

// Draw draws the exchange; "" if it is empty. Of a long one it keeps what is in
// focus, then the beginning, the end and the marked line of that, and says how many it
// left out.
func (l Ladder) Draw(s Style) string {
	if len(l.Datagrams) == 0 {
		return ""
	}
	d := drawing{Ladder: l, style: s, glyphs: s.glyphs(), shown: l.choose()}
	if d.width = s.Width - indented; s.Width == 0 {
		d.width = defaultWidth - indented
	}
	d.arrange()
	if d.gap > 0 {
		d.head()
	}
	oneByOne := d.gaps() <= mostGaps
	last := 0
	for i, number := range d.shown {
		if oneByOne {
			d.omitted(number - last - 1)
		}
		d.words(d.shown[:i], d.Datagrams[number-1].At)
		d.datagram(number)
		last = number
	}
	d.words(d.shown, math.MaxInt64)
	if oneByOne {
		d.omitted(len(l.Datagrams) - last)
	} else {
		d.omitted(len(l.Datagrams) - len(d.shown))
	}
	if l.Focus.Datagram == 0 {
		d.mark()
	}
	return d.b.String()
}

// choose lists the numbers of the datagrams that are shown, in order.
func (l Ladder) choose() []int {
	var all []int
	for i, d := range l.Datagrams {
		number := i + 1
		concerns := !l.Focus.Party.IsValid() || d.From == l.Focus.Party || d.To == l.Focus.Party ||
			number == l.Focus.Datagram
		if len(l.Datagrams) <= mostLines || concerns {
			all = append(all, number)
		}
	}
	if len(all) <= mostLines {
		return all
	}
	const half = mostLines / 2
	shown := slices.Concat(all[:half], all[len(all)-half:])
	if i := slices.Index(all, l.Focus.Datagram); i >= half && i < len(all)-half {
		shown = slices.Concat(all[:half-1], all[i-1:i+1], all[len(all)-half+1:])
	}
	return shown
}

// A drawing is a ladder in the making.
type drawing struct {
	Ladder
	style  Style
	glyphs glyphs
	shown  []int
	told   []int // of the shown, those whose router's word is written
	width  int
	who    []netip.AddrPort // with a column
	gap    int              // between their columns; 0 if there is no room for them
	b      strings.Builder
}

// arrange gives columns to whoever takes part in what is shown.
func (d *drawing) arrange() {
	for _, number := range d.shown {
		for _, addr := range []netip.AddrPort{d.Datagrams[number-1].From, d.Datagrams[number-1].To} {
			if !slices.Contains(d.who, addr) {
				d.who = append(d.who, addr)
			}
		}
	}
	gaps := max(1, len(d.who)-1)
	d.gap = min(d.width/2, (d.width-timeWidth-3-leastGap/2)/gaps)
	if d.gap < leastGap {
		d.gap = 0
	}
}

// column says where a participant's line is.
func (d *drawing) column(addr netip.AddrPort) int {
	return timeWidth + 3 + slices.Index(d.who, addr)*d.gap
}

// head writes the participants' names, each above the beginning of its line.
func (d *drawing) head() {
	line := pad("", timeWidth+2)
	for _, addr := range d.who {
		line = pad(line, d.column(addr)) + cut(d.name(addr), min(d.gap-2, d.width-d.column(addr)), d.glyphs.ellipsis)
	}
	d.line(line, "")
}

// name returns a participant's, as it can be drawn.
func (d *drawing) name(addr netip.AddrPort) string {
	quoted := d.glyphs.quote(d.Name(addr))
	return quoted[1 : len(quoted)-1]
}

// short returns a name as it stands in the midst of a sentence.
func (d *drawing) short(addr netip.AddrPort) string {
	return cut(d.name(addr), min(24, (d.width-timeWidth-18)/2), d.glyphs.ellipsis)
}

func pad(s string, width int) string { return s + strings.Repeat(" ", max(0, width-Cells(s))) }

// line writes one line, which begins with a time or with blanks, and a remark at its
// end or below.
func (d *drawing) line(line, remark string) {
	beside := pad(line, d.column(d.who[len(d.who)-1])+1) + "  "
	if d.gap == 0 {
		beside = line + "  "
	}
	fits := Cells(beside)+Cells(remark) <= d.width
	if remark != "" && fits {
		line = beside + d.style.colored(red, remark)
	}
	line = strings.TrimRight(line, " ")
	end := min(timeWidth, len(line))
	fmt.Fprintln(&d.b, d.style.colored(dim, line[:end])+line[end:])
	if !fits {
		d.remark(remark)
	}
}

// remark writes a remark on lines of its own.
func (d *drawing) remark(remark string) {
	margin := timeWidth + 3
	for _, l := range Fold(remark, max(10, d.width-margin)) {
		fmt.Fprintln(&d.b, strings.Repeat(" ", margin)+d.style.colored(red, l))
	}
}

func (d *drawing) mark() {
	if what := d.say(d.Mark); what != "" {
		d.remark(d.glyphs.lost + " " + what)
	}
}

// say returns a text in the style's language, in ASCII if that has to be.
func (d *drawing) say(t text.Text) string {
	what := t.In(d.style.Language)
	if d.style.ASCII {
		quoted := d.glyphs.quote(what)
		what = strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
	}
	return what
}

// gaps counts where datagrams are left out.
func (d *drawing) gaps() (n int) {
	last := 0
	for _, number := range append(slices.Clone(d.shown), len(d.Datagrams)+1) {
		if number > last+1 {
			n++
		}
		last = number
	}
	return n
}

// omitted says how many datagrams are left out.
func (d *drawing) omitted(n int) {
	if n > 0 {
		fmt.Fprintf(&d.b, "%s  %s\n", strings.Repeat(" ", timeWidth-Cells(d.glyphs.ellipsis))+d.glyphs.ellipsis,
			d.say(text.Say("(%d more)", n)))
	}
}

// datagram writes one datagram's lines.
func (d *drawing) datagram(number int) {
	g := d.Datagrams[number-1]
	when := fmt.Sprintf("%*s", timeWidth, stamp(g.At))
	remark := ""
	if what := d.say(fate(g, d.short)); what != "" {
		remark = what
		switch {
		case g.Barred:
			remark = d.glyphs.fine + " " + what
		case Undelivered(g) || g.Forged || !g.Heard || g.Cut > 0:
			remark = d.glyphs.lost + " " + what
		}
	}
	var line string
	if d.gap > 0 {
		line = when + "   " + d.arrow(g)
	} else {
		route := d.short(g.From) + " " + d.glyphs.to + " " + d.short(g.To)
		line = when + "  " + route + "  " + quoteFit(g.Payload, max(8, d.width-timeWidth-4-Cells(route)), d.glyphs)
	}
	d.line(line, remark)
	if number == d.Focus.Datagram {
		d.mark()
	}
}

// words writes what routers have told of some of the datagrams by an instant, and not yet before.
func (d *drawing) words(of []int, until time.Duration) {
	for _, number := range of {
		g := d.Datagrams[number-1]
		if g.Told == 0 || g.Told > until || slices.Contains(d.told, number) {
			continue
		}
		d.told = append(d.told, number)
		line := fmt.Sprintf("%*s", timeWidth, stamp(g.Told))
		if d.gap > 0 {
			line += "   " + d.pillars()
		}
		d.line(line, d.say(text.Say("a router tells %s: the next link carries %d", d.short(g.From), g.MTU)))
	}
}

// pillars draws the participants' lines alone.
func (d *drawing) pillars() (line string) {
	for i := range d.who {
		line = pad(line, i*d.gap) + d.glyphs.line
	}
	return line
}

// arrow draws the participants' lines, and the datagram between two of them. It
// begins at the first participant's column.
func (d *drawing) arrow(g Datagram) string {
	from, to := slices.Index(d.who, g.From), slices.Index(d.who, g.To)
	var b strings.Builder
	at := 0 // how many cells are written
	lineTo := func(column int) {
		for i := range d.who {
			if x := i * d.gap; x >= at && x < column {
				b.WriteString(strings.Repeat(" ", x-at) + d.glyphs.line)
				at = x + 1
			}
		}
		b.WriteString(strings.Repeat(" ", max(0, column-at)))
		at = max(at, column)
	}
	first, last := min(from, to)*d.gap, max(from, to)*d.gap
	lineTo(first)
	b.WriteString(d.glyphs.line)
	at++
	if from == to {
		room := d.gap - 4
		if from == len(d.who)-1 {
			room = d.width - d.column(g.From) - 3
		}
		label := cut(d.glyphs.self+" "+quoteFit(g.Payload, room, d.glyphs), room+2, d.glyphs.ellipsis)
		b.WriteString(label)
		at += Cells(label)
	} else {
		shaft := d.shaft(g, last-first-1, from > to)
		b.WriteString(shaft + d.glyphs.line)
		at = last + 1
	}
	lineTo((len(d.who)-1)*d.gap + 1)
	return b.String()
}

// shaft draws an arrow of so many cells with the payload in its middle.
func (d *drawing) shaft(g Datagram, length int, leftwards bool) string {
	dash := d.glyphs.dash
	if g.Forged {
		dash = d.glyphs.forged
	}
	head := d.glyphs.right
	if leftwards {
		head = d.glyphs.left
	}
	if Undelivered(g) {
		head = d.glyphs.lost
	}
	label := " " + quoteFit(g.Payload, length-5, d.glyphs) + " "
	rest := max(0, length-1-Cells(label))
	before, after := strings.Repeat(dash, rest/2), strings.Repeat(dash, rest-rest/2)
	if leftwards {
		return head + before + label + after
	}
	return before + label + after + head
}

// Undelivered reports whether a datagram did not arrive where it was sent to.
func Undelivered(g Datagram) bool { return g.Err != nil || !g.Lost.IsZero() || g.Nobody || g.Barred }

// fate says what became of a datagram, where that is not that it was heard.
func fate(g Datagram, name func(netip.AddrPort) string) text.Text {
	var all []text.Text
	add := func(format string, args ...any) { all = append(all, text.Say(format, args...)) }
	if g.Forged {
		add("forged: %s did not send it", name(g.From))
	}
	if g.Delay > 0 {
		add("%v on its way", g.Delay)
	}
	if g.Copies > 1 {
		add("arrives %d times", g.Copies)
	}
	switch {
	case g.Err != nil:
		add("not sent: %v", innermost(g.Err))
	case !g.Lost.IsZero():
		all = append(all, g.Lost)
	case g.Barred:
		add("turned away by the system")
	case g.Nobody:
		add("nobody is there")
	case g.Cut > 0:
		add("only its first %d bytes were read", g.Cut)
	case !g.Heard:
		add("nobody read it")
	}
	var joined text.Text
	for i, t := range all {
		if i == 0 {
			joined = t
		} else {
			joined = text.Say("%s; %s", joined, t)
		}
	}
	return joined
}

// innermost says an error shortest.
func innermost(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}

// stamp writes a time in milliseconds, to the microsecond; a nanosecond beside a
// whole millisecond shows.
func stamp(at time.Duration) string {
	switch whole := at.Round(time.Millisecond); at - whole {
	case 1:
		return fmt.Sprintf("%dms+1ns", whole.Milliseconds())
	case -1:
		return fmt.Sprintf("%dms-1ns", whole.Milliseconds())
	}
	return fmt.Sprintf("%.3fms", float64(at)/float64(time.Millisecond))
}
