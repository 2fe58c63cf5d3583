package wire

import (
	"os"
	"strconv"
	"strings"

	"udpkata/harness/text"
)

// mostWidth is how many columns a terminal has at the most.
const mostWidth = 1000

// A Style is how an exchange is drawn.
type Style struct {
	Width    int  // of the terminal, in columns; 0 is 80
	ASCII    bool // nothing else is drawn
	Color    bool
	Language text.Language
}

// CurrentStyle returns what this process's environment and terminal ask for: colour
// on a terminal alone, if it has any, and not with NO_COLOR; ASCII where the locale is
// not one of UTF-8, or TERM is dumb; the terminal's width, or that of COLUMNS.
func CurrentStyle() Style {
	s := currentStyle(os.Getenv, terminalWidth(os.Stdout))
	s.Color = s.Color && obeysEscapes(os.Stdout)
	return s
}

// currentStyle takes a width of 0 for what is no terminal.
func currentStyle(getenv func(string) string, terminal int) Style {
	s := Style{Language: text.Preferred()}
	dumb := getenv("TERM") == "dumb"
	s.Color = terminal > 0 && getenv("NO_COLOR") == "" && !dumb
	s.ASCII = dumb || !speaksUTF8(getenv)
	const least = 40
	for _, width := range []int{number(getenv("COLUMNS")), terminal} {
		if s.Width == 0 && width >= least && width <= mostWidth {
			s.Width = width
		}
	}
	return s
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// speaksUTF8 reports whether the locale is one of UTF-8; where there is none, it is
// taken for one. See locale(7) for the order.
func speaksUTF8(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(getenv(name)); locale != "" {
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return true
}

// glyphs are what lines are drawn with.
type glyphs struct {
	line, dash, forged, left, right, lost, fine, self, to, ellipsis string
	quote                                                           func(string) string
}

func (s Style) glyphs() glyphs {
	if s.ASCII {
		return glyphs{"|", "-", ".", "<", ">", "x", "-", "@", "->", "...", strconv.QuoteToASCII}
	}
	return glyphs{"│", "─", "┄", "◀", "▶", "✗", "–", "↺", "→", "…", strconv.Quote}
}

// In colour: what is wrong, and what matters less.
const (
	red   = "\x1b[31m"
	dim   = "\x1b[2m"
	plain = "\x1b[0m"
)

func (s Style) colored(code, what string) string {
	if !s.Color || what == "" {
		return what
	}
	return code + what + plain
}
