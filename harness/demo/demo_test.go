package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	roles := []Role{
		{Name: "server", TakesPort: true, Switches: []string{"paused"}, Run: func(_ context.Context, a Args) error {
			if a.On["paused"] && a.Port != 7 {
				return errors.New("paused")
			}
			return nil
		}},
		{Name: "client", Params: []string{"HOST"}, TakesPort: true, Run: func(_ context.Context, a Args) error {
			if a.Params[0] != "host" || a.Port != 7 {
				return UsageError("other arguments than were given")
			}
			return nil
		}},
		{Name: "sized", Params: []string{"HOST", "[SIZE]"}, Run: func(_ context.Context, a Args) error {
			return errors.New(strings.Join(a.Params, ","))
		}},
		{Name: "failing", Run: func(context.Context, Args) error { return errors.New("no socket") }},
		{Name: "lost", Run: func(context.Context, Args) error {
			return fmt.Errorf("dial: %w", &net.DNSError{Err: "no such host", Name: "nowhere", IsNotFound: true})
		}},
		{Name: "todo", Run: func(context.Context, Args) error { panic("TODO: write it") }},
	}
	const usage = "; usage: server [-p PORT] [-paused] | client HOST [-p PORT] | sized HOST [SIZE] | failing | lost " +
		"| todo\n"
	tests := []struct {
		line   string
		status int
		stderr string
	}{
		{"server", 0, ""},
		{"server -p 0", 0, ""},
		{"server -p 65535", 0, ""},
		{"client host -p 7", 0, ""},
		{"client -p 7 host", 0, ""},
		{"-p=7 client host", 0, ""},
		{"server -paused", 1, "server: paused\n"},
		{"-paused server -p 7", 0, ""},
		{"server -paused=false", 0, ""},
		{"sized a", 1, "sized: a,\n"},
		{"sized a 7", 1, "sized: a,7\n"},
		{"sized", 2, "HOST is missing after sized" + usage},
		{"sized a 7 8", 2, `"8" is one argument too many for sized` + usage},
		{"failing", 1, "failing: no socket\n"},
		{"lost", 2, `there is no host "nowhere" (no such host)` + usage},
		{"failing -p 7", 2, "failing takes no -p" + usage},
		{"client host -p 7 -paused", 2, "client takes no -paused" + usage},
		{"server -paused=perhaps", 2,
			`invalid boolean value "perhaps" for -paused: strconv.ParseBool: parsing "perhaps": invalid syntax` +
				usage},
		{"", 2, "a role is missing" + usage},
		{"sever", 2, `there is no role "sever"` + usage},
		{"client", 2, "HOST is missing after client" + usage},
		{"client a b", 2, `"b" is one argument too many for client` + usage},
		{"client other", 2, "other arguments than were given" + usage},
		{"server -p 65536", 2, `invalid value "65536" for flag -p: a port is a whole number from 0 to 65535` + usage},
		{"server -p x", 2, `invalid value "x" for flag -p: a port is a whole number from 0 to 65535` + usage},
		{"server -p", 2, "flag needs an argument: -p" + usage},
		{"server -q", 2, "flag provided but not defined: -q" + usage},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(context.Background(), strings.Fields(tt.line), &stdout, &stderr, roles)
			require.Equal(t, tt.stderr, stderr.String())
			require.Equal(t, tt.status, status)
			require.Empty(t, stdout.String())
		})
	}

	t.Run("TODO", func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 1, run(context.Background(), []string{"todo"}, &stdout, &stderr, roles))
		require.Regexp(t, `^todo: demo_test\.go:\d+: TODO: write it\n$`, stderr.String())
	})
	t.Run("unnamed", func(t *testing.T) {
		named := func(name string) func(context.Context, Args) error {
			return func(_ context.Context, a Args) error { return fmt.Errorf("%s %q", name, a.Params) }
		}
		roles := []Role{
			{Name: "server", Params: []string{"HOST"}, Run: named("served")},
			{Name: "client", Unnamed: true, Params: []string{"HOST", "[SIZE]"}, Run: named("sent")},
		}
		for line, want := range map[string]string{
			"server a":   "server: served [\"a\"]\n",
			"client a 7": "client: sent [\"a\" \"7\"]\n",
			"a":          "client: sent [\"a\" \"\"]\n",
			"a 7":        "client: sent [\"a\" \"7\"]\n",
			"a b 7":      "\"7\" is one argument too many for client; usage: server HOST | [client] HOST [SIZE]\n",
		} {
			var stdout, stderr bytes.Buffer
			run(context.Background(), strings.Fields(line), &stdout, &stderr, roles)
			require.Equal(t, want, stderr.String())
		}
	})
	t.Run("help", func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 0, run(context.Background(), []string{"-h"}, &stdout, &stderr, roles))
		require.Equal(t, usage[2:], stdout.String())
	})
	t.Run("Ctrl-C", func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		ctx, stop := context.WithCancel(context.Background())
		stop()
		require.Equal(t, 0, run(ctx, []string{"failing"}, &stdout, &stderr, roles))
		require.Empty(t, stderr.String())
	})
}

func TestQuote(t *testing.T) {
	require.Equal(t, `"short\n"`, quote([]byte("short\n")))
	require.Equal(t, `"`+strings.Repeat("#", 60)+`"… (65000 bytes)`, quote(bytes.Repeat([]byte("#"), 65000)))
}

func TestServerAddress(t *testing.T) {
	for _, tt := range []struct {
		host       string
		port       uint16
		want, fail string
	}{
		{"localhost", 7, "localhost:7", ""},
		{"::1", 7, "[::1]:7", ""},
		{"localhost", 0, "", "a client needs the server's port, from 1 up"},
		{"", 7, "", "a client needs the server's HOST"},
	} {
		args := Args{Port: tt.port, Params: []string{tt.host}}
		got, err := args.ServerAddress()
		if tt.fail != "" {
			require.Equal(t, UsageError(tt.fail), err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tt.want, got)
		require.Equal(t, tt.want, args.Address())
	}
}
