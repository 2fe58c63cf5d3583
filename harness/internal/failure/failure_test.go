package failure_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/diagnosis"
	"udpkata/harness/internal/failure"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
)

// TestPage: a failure says which networks it kept from being tried.
func TestPage(t *testing.T) {
	f := &failure.Failure{
		State: verdict.Failed,
		At:    stacks.Line{File: "a_test.go", Number: 1},
		Text:  text.Both("no", "no"),
		Met:   []string{"a_test.go:8: one(\"a\")", "a_test.go:9: two()"},
	}
	site := stacks.Site{Task: "TestX", Student: "/lessons/09-x"}
	rest := []string{"loopback/ip6", "somewhere/else"}
	require.Equal(t, `a_test.go:1: no

Went well: a_test.go:8: one("a")
           a_test.go:9: two()
Not run, as this failed: loopback/ip6, somewhere/else.
Next: read lessons/09-x/hints.md, section TestX.
`, f.Page(site, rest, "", wire.Style{}))
}

// TestPipe: a failure that went over a pipe makes the same page.
func TestPipe(t *testing.T) {
	alice, bob := netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("[fe80::1%lo]:2")
	f := &failure.Failure{
		State: verdict.Stuck,
		At:    stacks.Line{File: "a_test.go", Number: 7},
		Text:  text.Both("no", "不"),
		Diff:  failure.Difference{Want: []byte("\xff\x00"), Got: []byte("b")},
		Means: []diagnosis.Meaning{{Rule: "isOne", Text: text.Both("It is one.", "是一。")}},
		Code:  []text.Text{text.Both("Serve sleeps.", "Serve 睡了。")},
		Met:   []string{"a_test.go:6: w.Logged()"},
		Again: "UDPKATA_SEED=1",
		Wire: failure.Exchange{
			Began: time.Unix(946684800, 5).UTC(),
			Datagrams: []wire.Datagram{
				{
					At: time.Millisecond, From: alice, To: bob, Payload: []byte("\xffhello"),
					Sender: "a.go:1", Heard: true, Cut: 3,
				},
				{
					From: bob, To: alice, Payload: []byte{},
					Err: errors.Join(syscall.EACCES), Lost: text.Both("lost", "丟了"), Copies: 2,
				},
			},
			Names: map[netip.AddrPort]string{alice: "alice", bob: "bob"},
			Focus: wire.Focus{Party: alice, Datagram: 2}, Mark: text.Both("this", "這個"), Blind: []string{"client"},
		},
	}
	data, err := json.Marshal(f)
	require.NoError(t, err)
	var got failure.Failure
	require.NoError(t, json.Unmarshal(data, &got))
	for _, l := range []text.Language{text.English, text.Chinese} {
		page := func(f *failure.Failure) string {
			return f.Page(stacks.Site{Task: "TestX", Student: "/09-x"}, nil, "", wire.Style{Language: l})
		}
		require.Equal(t, page(f), page(&got))
	}
	f.Wire.Datagrams[1].Err = errors.New(f.Wire.Datagrams[1].Err.Error()) // of which only the text goes over
	require.Equal(t, *f, got)
}
