package text_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/text"
)

func TestPage(t *testing.T) {
	require.Equal(t, "hints.md", text.English.Page("hints"))
	require.Equal(t, "hints.zh-TW.md", text.Chinese.Page("hints"))
}

func TestPreferred(t *testing.T) {
	const own, all, messages, lang = "UDPKATA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"
	type env map[string]string
	tests := []struct {
		name string
		env  env
		want text.Language
	}{
		{"unset", env{}, text.English},
		{"tag", env{own: "zh-TW"}, text.Chinese},
		{"locale", env{own: "zh_TW.UTF-8"}, text.Chinese},
		{"locale with a modifier", env{own: "zh_TW@radical"}, text.Chinese},
		{"capitals", env{own: "ZH-tw"}, text.Chinese},
		{"script", env{own: "zh-Hant"}, text.Chinese},
		{"script and region", env{own: "zh-Hant-HK"}, text.Chinese},
		{"Hong Kong", env{lang: "zh_HK.UTF-8"}, text.Chinese},
		{"Macau", env{lang: "zh_MO"}, text.Chinese},
		{"Simplified", env{lang: "zh_CN.UTF-8"}, text.English},
		{"Simplified, by script", env{own: "zh-Hans-TW"}, text.English},
		{"no region", env{own: "zh"}, text.English},
		{"en", env{own: "en"}, text.English},
		{"another language", env{lang: "de_DE.UTF-8"}, text.English},
		{"no locale", env{lang: "C.UTF-8"}, text.English},
		{"LANG alone", env{lang: "zh_TW.UTF-8"}, text.Chinese},
		{"LC_MESSAGES before LANG", env{messages: "zh_TW.UTF-8", lang: "en_US.UTF-8"}, text.Chinese},
		{"LC_MESSAGES before LANG, the other way", env{messages: "en_US.UTF-8", lang: "zh_TW.UTF-8"}, text.English},
		{"LC_ALL before LC_MESSAGES", env{all: "zh_TW.UTF-8", messages: "en_US.UTF-8"}, text.Chinese},
		{"LC_ALL before all", env{all: "C", messages: "zh_TW.UTF-8", lang: "zh_TW.UTF-8"}, text.English},
		{"UDPKATA_LANG before the locale", env{own: "zh-TW", all: "en_US.UTF-8"}, text.Chinese},
		{"UDPKATA_LANG before the locale, the other way", env{own: "en", all: "zh_TW.UTF-8"}, text.English},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, name := range []string{own, all, messages, lang} {
				t.Setenv(name, tt.env[name]) // empty is as good as unset, see locale(7)
			}
			require.Equal(t, tt.want, text.Preferred())
		})
	}
}

// TestKnown: what stands in a tag is no format.
func TestKnown(t *testing.T) {
	said := `As in "10%/day, at most 50%, grace 15m, until 7d", or 5%/hour.`
	require.Equal(t, text.Both(said, `遲交扣多少，例如 "10%/day, at most 50%, grace 15m, until 7d" 或 5%/hour。`),
		text.Known(said))
	require.Equal(t, text.Both("%d", "%d"), text.Known("%d"), "nobody has translated it")
}

func TestSay(t *testing.T) {
	doing := text.Say("%s at %s", text.Say("waits in %s", "ReadFrom"), "echo.go:67")
	tests := []struct {
		name, english, chinese string
		got                    text.Text
	}{
		{"words", "an error", "一個錯誤", text.Say("an error")},
		{"arguments", "alice still waits for \"hi\"", "alice 還在等 \"hi\"",
			text.Say("%s still waits for %s", "alice", `"hi"`)},
		{"another order", "the story wants \"hi\" from server", "故事要的是 server 送來的 \"hi\"",
			text.Say("the story wants %s from %s", `"hi"`, "server")},
		{"a Text in a Text in a Text", "Serve did not return: it waits in ReadFrom at echo.go:67.",
			"Serve 沒有回傳：它在 ReadFrom 裡等（echo.go:67）。", text.Say("%s did not return: %s.", "Serve",
				text.Say("it %s", doing))},
		{"a Text and no sentence", "Ask heard nothing", "問 heard nothing",
			text.Say("%s heard nothing", text.Both("Ask", "問"))},
		{"no entry", "7 of them", "7 of them", text.Say("%d of them", 7)},
		{"a zero Text", "waits in ", "在  裡等", text.Say("waits in %s", text.Text{})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, text.Both(tt.english, tt.chinese), tt.got)
		})
	}
}

func TestIn(t *testing.T) {
	both := text.Both("an error", "一個錯誤")
	require.Equal(t, "an error", both.In(text.English))
	require.Equal(t, "一個錯誤", both.In(text.Chinese))
	require.Equal(t, "an error", both.In("")) // the zero Language is English
	require.Equal(t, "an error", both.String())
	require.False(t, both.IsZero())
	require.True(t, text.Text{}.IsZero())
}
