package harness

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"udpkata/harness/internal/failure"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// drawn returns what a story called name makes of texts, and of a number, with a seed.
func drawn(t *testing.T, seed, name string, texts ...string) (got []string, n int, instant time.Duration) {
	t.Setenv(seedVariable, seed)
	f, _ := tell(t, virtual4, func(w *Virtual) {
		w.story = name
		for _, usual := range texts {
			got = append(got, w.Text(usual))
			require.Equal(w, got[len(got)-1], w.Text(usual), "the same text becomes the same")
		}
		n, instant = Number(w, 5, 10, 1<<40), Number(w, time.Second, time.Minute, time.Minute)
		require.Equal(w, n, Number(w, 5, 10, 1<<40), "the same number becomes the same")
	})
	require.Nil(t, f)
	return got, n, instant
}

var usualTexts = []string{
	"hello", "hi", "", " ", "\n", "\x00\x00", "晚安", "\xff\xfe\x00", " with blanks ", "two\nlines",
	"Your data was 15 bytes long", "晚安\xff", "a line\r\n", "15",
}

// TestTextAtHome: as long as nobody gives a seed, or the usual one, all is as the lesson says.
func TestTextAtHome(t *testing.T) {
	got, n, instant := drawn(t, "1", "home", usualTexts...)
	require.Equal(t, usualTexts, got)
	require.Equal(t, 5, n)
	require.Equal(t, time.Second, instant)
}

// TestText: what is drawn is nothing that could be known, and keeps what makes the usual text what it is.
func TestText(t *testing.T) {
	for _, seed := range []string{"0", "2", "18446744073709551615"} {
		got, n, instant := drawn(t, seed, "story", usualTexts...)
		again, same, _ := drawn(t, seed, "story", usualTexts...)
		require.Equal(t, []any{got, n}, []any{again, same}, "everybody meets the same")
		require.GreaterOrEqual(t, n, 10)
		require.LessOrEqual(t, n, 1<<40)
		require.Equal(t, time.Minute, instant)
		other, otherNumber, _ := drawn(t, seed, "another-story", usualTexts...)
		third, thirdNumber, _ := drawn(t, "3", "story", usualTexts...)
		require.NotEqual(t, n, otherNumber)
		require.NotEqual(t, n, thirdNumber)

		growth := len(got[0]) - len(usualTexts[0])
		for i, usual := range usualTexts {
			text := got[i]
			if strings.Trim(usual, " \n\x00") == "" {
				require.Equal(t, usual, text, "there is nothing to draw")
				continue
			}
			require.NotEqual(t, usual, text)
			require.NotEqual(t, text, other[i], "another story draws others")
			require.NotEqual(t, text, third[i], "another seed draws others")
			require.Len(t, text, len(usual)+growth, "all texts of a story grow by as much: %q became %q", usual, text)
			require.Equal(t, utf8.ValidString(usual), utf8.ValidString(text), "%q became %q", usual, text)
			require.Equal(t, kinds(usual), kinds(text), "%q became %q", usual, text)
		}
		require.Positive(t, growth)
	}
}

// TestNetworksDraw: a story that is told on another network is another one.
func TestNetworksDraw(t *testing.T) {
	t.Setenv(seedVariable, "7")
	told, texts := 0, map[string]bool{}
	OnEachNetwork(t, func(w *World) {
		told++
		texts[w.Text("hello")] = true
	})
	require.Greater(t, told, 1)
	require.Len(t, texts, told)
}

// kinds tells a text's kinds of characters, as often as each stands there: of those that letters may be added to, once.
func kinds(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			b.WriteString("?")
		case size > 1:
			b.WriteString("晚")
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		default:
			b.WriteRune(c)
		}
		i += size
	}
	return b.String()
}

// TestDrawnAgain: a failure has the command that draws the same again, and a seed that is none is named.
func TestDrawnAgain(t *testing.T) {
	fail := func(seed string) *failure.Failure {
		t.Setenv(seedVariable, seed)
		f, _ := tell(t, virtual4, func(w *Virtual) { w.Errorf("no %s", w.Text("hello")) })
		return f
	}
	page := func(f *failure.Failure) string {
		return f.Page(stacks.Site{Task: "TestX", Student: "/lessons/09-x"}, nil, "", wire.Style{})
	}
	require.Contains(t, page(fail("7")), "\nThe same again: UDPKATA_SEED=7 go test ./lessons/09-x/ -run '^TestX$'\n")
	require.NotContains(t, page(fail("1")), seedVariable, "nothing was drawn")
	f := fail("x")
	require.Equal(t, verdict.NotRun, f.State)
	require.Contains(t, f.Text.EN, "and has to be a number from 0 to 18446744073709551615")
}
