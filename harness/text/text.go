// Package text says the harness's sentences in the languages that students read:
// English, and Traditional Chinese out of one catalogue.
package text

import (
	"fmt"
	"os"
	"strings"
)

// A Language is one that there are sentences in.
type Language string

const (
	English Language = "en"
	Chinese Language = "zh-TW" // Traditional
)

// Page returns the name of the file that holds a page, such as README or hints, in a
// language.
func (l Language) Page(name string) string {
	if l == Chinese {
		return name + ".zh-TW.md"
	}
	return name + ".md"
}

// A Text is a sentence, or a part of one, in every language.
type Text struct{ EN, ZH string }

// Say makes a sentence, as [fmt.Sprintf] does. The Chinese one is made with the
// catalogue's entry for the format; without one, it is the English one. An argument
// that is a Text stands in the same language.
func Say(format string, args ...any) Text { return say(catalogue, format, args) }

// Known returns a sentence that stands elsewhere in full, such as in a tag, as the catalogue has it. It is no format: a
// per cent sign in it is one.
func Known(sentence string) Text {
	chinese, ok := catalogue[sentence]
	if !ok {
		chinese = sentence
	}
	return Text{EN: sentence, ZH: chinese}
}

func say(catalogue Catalogue, format string, args []any) Text {
	chinese, ok := catalogue[format]
	if !ok {
		chinese = format
	}
	return Text{EN: in(English, format, args), ZH: in(Chinese, chinese, args)}
}

// Both makes a Text of what somebody else has translated.
func Both(english, chinese string) Text { return Text{EN: english, ZH: chinese} }

func in(l Language, format string, args []any) string {
	own := make([]any, len(args))
	for i, arg := range args {
		own[i] = arg
		if t, ok := arg.(Text); ok {
			own[i] = t.In(l)
		}
	}
	return fmt.Sprintf(format, own...)
}

// In returns the text in a language.
func (t Text) In(l Language) string {
	if l == Chinese {
		return t.ZH
	}
	return t.EN
}

// String returns the text in English.
func (t Text) String() string { return t.EN }

// IsZero reports whether there is no text.
func (t Text) IsZero() bool { return t == Text{} }

// Preferred returns the language that the environment asks for: UDPKATA_LANG, which is
// en or zh-TW, and otherwise the locale's, see locale(7).
func Preferred() Language {
	if l := os.Getenv("UDPKATA_LANG"); l != "" {
		return language(l)
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if l := os.Getenv(name); l != "" {
			return language(l)
		}
	}
	return English
}

// language returns the one that a tag or a locale means, as in zh-TW or zh_TW.UTF-8.
func language(name string) Language {
	name, _, _ = strings.Cut(strings.ToLower(strings.ReplaceAll(name, "_", "-")), ".")
	for _, tag := range []string{"zh-tw", "zh-hk", "zh-mo", "zh-hant"} {
		if strings.HasPrefix(name, tag) {
			return Chinese
		}
	}
	return English
}

// Some lists names, as many as fit a line.
func Some(names []string) string {
	const most = 10
	list := strings.Join(names[:min(most, len(names))], ", ")
	if len(names) > most {
		list += ", …"
	}
	return list
}
