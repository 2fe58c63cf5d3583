package diagnosis

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"udpkata/harness/text"
	"udpkata/harness/wire"
)

// logRules are about what the code writes to its log, or passes on.
var logRules = []rule{
	nothingRead, staleTail, anothersText, notQuoted, escapedTooMuch, blanksLost, otherDuration, lineTwice, oneHeard,
}

// A lineGap is a line that is missing, and one that stands there instead, if any.
type lineGap struct{ missing, instead string }

// gap finds the first of each kind in which the log differs from what is wanted.
func gap(s Seen) (g lineGap, ok bool) {
	missing, extra := gaps(s)
	if len(missing) > 0 {
		g.missing = missing[0]
	}
	if len(extra) > 0 {
		g.instead = extra[0]
	}
	return g, len(missing)+len(extra) > 0
}

// gaps lists the lines that the log lacks, and those that it should not hold.
func gaps(s Seen) (missing, extra []string) {
	l, _ := want[Logged](s)
	extra = make([]string, len(l.Got))
	for i, line := range l.Got {
		extra[i] = strings.TrimSuffix(line, "\n")
	}
	for _, line := range l.Lines {
		if i := slices.Index(extra, line); i >= 0 {
			extra = slices.Delete(extra, i, i+1)
		} else {
			missing = append(missing, line)
		}
	}
	return missing, extra
}

// quoted takes the part of a line that is a Go string.
func quoted(line string) (before, inner, after string, ok bool) {
	i := strings.Index(line, `"`)
	j := strings.LastIndex(line, `"`)
	if i < 0 || j <= i {
		return "", "", "", false
	}
	inner, err := strconv.Unquote(line[i : j+1])
	return line[:i], inner, line[j+1:], err == nil
}

// parts returns the quoted parts of the line that is missing and of the one instead,
// if the two differ in nothing else.
func (g lineGap) parts() (missing, instead string, ok bool) {
	before, missing, after, one := quoted(g.missing)
	before2, instead, after2, two := quoted(g.instead)
	return missing, instead, one && two && before == before2 && after == after2 && missing != instead
}

// nothingRead: a line speaks of a datagram without a sender.
func nothingRead(s Seen) text.Text {
	g, ok := gap(s)
	if ok && (strings.Contains(g.instead, "nobody") || strings.Contains(g.instead, "<nil>")) {
		return text.Say("A line speaks of a datagram from nobody: a read that failed has brought none. Look at the " +
			"error first.")
	}
	return none
}

// staleTail: a text goes on with the end of an older datagram.
func staleTail(s Seen) text.Text {
	g, ok := gap(s)
	missing, instead, ok2 := g.parts()
	if !ok || !ok2 || !strings.HasPrefix(instead, missing) {
		return none
	}
	tail := instead[len(missing):]
	if strings.Trim(tail, "\x00") == "" {
		return text.Say("The text goes on with the rest of the buffer, which holds zeros there: of the buffer, only " +
			"the first n bytes are this datagram, buf[:n].")
	}
	for _, d := range s.Wire {
		if strings.HasPrefix(tail, string(d.Payload[min(len(missing), len(d.Payload)):])) &&
			len(d.Payload) > len(missing) {
			return text.Say("The text goes on with what the buffer still holds of an older datagram: of the buffer, " +
				"only the first n bytes are this datagram, buf[:n].")
		}
	}
	return none
}

// anothersText: a line names one sender and holds what another datagram has brought,
// whole or as much of it as its own is long.
func anothersText(s Seen) text.Text {
	lacks, extra := gaps(s)
	if slices.Equal(texts(lacks), texts(extra)) {
		return none // each stands there, though not where it should
	}
	if !notQuoted(s).IsZero() {
		return none // what is as it came is no other's
	}
	for _, line := range lacks {
		for _, other := range extra {
			missing, instead, ok := lineGap{line, other}.parts()
			if !ok || instead == "" || strings.HasPrefix(instead, missing) && missing != "" {
				continue
			}
			for _, d := range s.Wire {
				whole, begin := string(d.Payload) == instead, strings.HasPrefix(string(d.Payload), instead)
				if d.Heard && (whole || begin && len(instead) == len(missing)) {
					return text.Say("A line holds the bytes of another datagram: the buffer was read into again " +
						"before the line was written. A goroutine that is given a slice of the buffer has no copy of " +
						"it. Give each datagram bytes of its own.")
				}
			}
		}
	}
	return none
}

// texts returns the quoted parts of lines, sorted.
func texts(lines []string) (all []string) {
	for _, line := range lines {
		if _, inner, _, ok := quoted(line); ok {
			all = append(all, inner)
		}
	}
	slices.Sort(all)
	return all
}

// notQuoted: a datagram stands in a line as it came.
func notQuoted(s Seen) text.Text {
	lacks, extra := gaps(s)
	for _, line := range lacks {
		before, inner, after, ok := quoted(line)
		graphic := slices.Contains(extra, before+strconv.QuoteToGraphic(inner)+after)
		if raw := before + `"` + inner + `"` + after; ok && raw != line && slices.Contains(extra, raw) {
			if graphic {
				return text.Say("A blank that is not ASCII's stands in the log as it came. %%q escapes it; " +
					"strconv.QuoteToGraphic does not.")
			}
			return text.Say("Whoever sends a datagram chooses its bytes. With a line end among them it begins a new " +
				"line, which could pass for one of the log's own; %%q keeps everything within one line.")
		}
	}
	return none
}

// escapedTooMuch: characters that %q leaves alone are escaped.
func escapedTooMuch(s Seen) text.Text {
	g, ok := gap(s)
	before, inner, after, isQuoted := quoted(g.missing)
	if ok && isQuoted && g.instead == before+strconv.QuoteToASCII(inner)+after && g.instead != g.missing {
		return text.Say("Characters that are not ASCII are escaped, as %%+q does it. %%q leaves those alone that can " +
			"be printed.")
	}
	return none
}

// blanksLost: a text lacks the blanks at its ends.
func blanksLost(s Seen) text.Text {
	g, ok := gap(s)
	missing, instead, ok2 := g.parts()
	if ok && ok2 && instead == strings.TrimSpace(missing) {
		return text.Say("The blanks at the ends of a text belong to it: pass it on as it came.")
	}
	return none
}

// otherDuration: there are as many lines as there should be, and the first that is wrong
// differs in a duration alone.
func otherDuration(s Seen) text.Text {
	l, _ := want[Logged](s)
	if len(l.Lines) != len(l.Got) {
		return none
	}
	for i, line := range l.Lines {
		wanted, got := strings.Fields(line), strings.Fields(l.Got[i])
		if slices.Equal(wanted, got) {
			continue
		}
		if len(wanted) != len(got) {
			return none
		}
		var differ [][2]time.Duration
		for j := range wanted {
			if wanted[j] == got[j] {
				continue
			}
			a, notOne := time.ParseDuration(wanted[j])
			b, notTwo := time.ParseDuration(got[j])
			if notOne != nil || notTwo != nil || a == b {
				return none
			}
			differ = append(differ, [2]time.Duration{a, b})
		}
		if len(differ) != 1 {
			return none
		}
		return text.Say("A line says %v where the story wants %v. Either it does not tell what the code does, or that "+
			"wait is wrong: see what the first one is, and how each follows from the one before.", differ[0][1],
			differ[0][0])
	}
	return none
}

// lineTwice: a line stands in the log more often than it should.
func lineTwice(s Seen) text.Text {
	g, ok := gap(s)
	l, _ := want[Logged](s)
	if ok && !l.Notes && g.missing == "" && slices.Contains(l.Lines, g.instead) {
		times := 0
		for _, line := range l.Got {
			if strings.TrimSuffix(line, "\n") == g.instead {
				times++
			}
		}
		if d, read := s.readMost(g.instead); read >= times {
			return text.Say("A line stands there once too often, but %s was sent there %d times, and one datagram has "+
				"one line. UDP repeats nothing by itself, and the code was to send it once.",
				wire.Quote(string(d.Payload)), read)
		}
		return text.Say("A line stands there once too often: one datagram, one line.")
	}
	return none
}

// readMost returns a datagram that a line quotes, and how often the socket that has read it
// most often has done that.
func (s Seen) readMost(line string) (most wire.Datagram, times int) {
	_, inner, _, ok := quoted(line)
	read := map[netip.AddrPort]int{}
	for _, d := range s.Wire {
		if ok && string(d.Payload) == inner && d.Heard {
			if read[d.To]++; read[d.To] > times {
				most, times = d, read[d.To]
			}
		}
	}
	return most, times
}

// oneHeard: of several senders, one alone is in the log.
func oneHeard(s Seen) text.Text {
	g, ok := gap(s)
	if !ok || g.missing == "" || g.instead != "" {
		return none
	}
	unread := slices.ContainsFunc(s.Wire, func(d wire.Datagram) bool {
		return !d.Heard && d.Err == nil && slices.ContainsFunc(s.Sockets,
			func(sock Socket) bool { return sock.Addr == d.To })
	})
	if _, inner, _, isQuoted := quoted(g.missing); isQuoted && !unread {
		for _, d := range s.Wire {
			if string(d.Payload) == inner && d.Heard {
				return text.Say("%s was read and then left out: every datagram counts, whoever sent it, even if it "+
					"is empty or says the same as the one before.", wire.Quote(inner))
			}
		}
	}
	return none
}
