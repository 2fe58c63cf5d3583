package late_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/late"
)

var taipei = time.FixedZone("CST", 8*60*60)

func TestParseDue(t *testing.T) {
	end := time.Date(2026, 12, 1, 23, 59, 59, 999_999_999, taipei)
	tests := []struct {
		name, due string
		want      time.Time
	}{
		{"a minute with its zone", "2026-12-01T23:59+08:00", end},
		{"a zone without a colon", "2026-12-01T23:59+0800", end},
		{"another zone", "2026-12-01T15:59Z", end},
		{"as people write", " 2026-12-01 23:59 ", end},
		{"small letters", "2026-12-01t15:59z", end},
		{"a day", "2026-12-01", end},
		{"a second", "2026-12-01T23:59:59", end},
		{"a second with its zone", "2026-12-01T23:59:30+08:00", end.Add(-29 * time.Second)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := late.ParseDue(tt.due, taipei)
			require.NoError(t, err)
			require.True(t, tt.want.Equal(got), "%v", got)
		})
	}
	for _, wrong := range []string{"", "tomorrow", "1/12/2026", "2026-13-01", "2026-02-30", "2026-12-01T24:30", "23:59",
		"2026-12-01T23:59+0800x", "2026-12-01\n2026-12-02"} {
		t.Run("wrong: "+wrong, func(t *testing.T) {
			_, err := late.ParseDue(wrong, nil)
			require.ErrorContains(t, err, "is none; write it like 2026-12-01T23:59+08:00")
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

// TestParseDueOfZone: a zone's name says what its clocks show at each time, and a date has one zone.
func TestParseDueOfZone(t *testing.T) {
	if _, err := time.LoadLocation("Europe/Berlin"); err != nil {
		t.Skipf("needs the zones' data: %v", err)
	}
	for due, want := range map[string]string{
		"2026-03-28T23:59 Europe/Berlin":          "2026-03-28T22:59:59Z",
		" 2026-03-29 23:59  Europe/Berlin ":       "2026-03-29T21:59:59Z",
		"2026-10-25 Europe/Berlin":                "2026-10-25T22:59:59Z",
		"2026-12-01t23:59:30 Asia/Taipei":         "2026-12-01T15:59:30Z",
		"2026-12-01T23:59 UTC":                    "2026-12-01T23:59:59Z",
		"2026-12-01T23:59 America/Port-au-Prince": "2026-12-02T04:59:59Z",
	} {
		got, err := late.ParseDue(due, taipei)
		require.NoError(t, err)
		require.Equal(t, want, got.UTC().Format(time.RFC3339), due)
	}
	for due, want := range map[string]string{
		"2026-12-01T23:59 Europe/Berlln":       "has a time zone that is not known here, Europe/Berlln: write it like",
		"2026-12-01T23:59+01:00 Europe/Berlin": "is none; write it like",
		"2026-12-01T23:59Z Europe/Berlin":      "is none; write it like",
		"Europe/Berlin":                        "is none; write it like",
		"2026-12-01T23:59 ../../etc/localtime": "is none; write it like",
	} {
		_, err := late.ParseDue(due, taipei)
		require.ErrorContains(t, err, want, due)
	}
	// An hour is missing on 29 March, and a day of the policy has 24.
	due, err := late.ParseDue("2026-03-28T23:59 Europe/Berlin", nil)
	require.NoError(t, err)
	policy, err := late.ParsePolicy("10%/day")
	require.NoError(t, err)
	rule := late.Rule{Due: due, Policy: policy}
	require.Equal(t, 0.9, rule.ByTime(time.Date(2026, 3, 30, 0, 30, 0, 0, due.Location())).Factor)
	require.Equal(t, 0.8, rule.ByTime(time.Date(2026, 3, 30, 1, 0, 0, 0, due.Location())).Factor)
}

// TestParseDueOfDay: a day lasts as long as it does there.
func TestParseDueOfDay(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skipf("needs the zones' data: %v", err)
	}
	due, err := late.ParseDue("2026-10-25", berlin) // has 25 hours
	require.NoError(t, err)
	require.Equal(t, "2026-10-25T22:59:59Z", due.UTC().Format(time.RFC3339))
}

func TestParsePolicy(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		policy string
		want   late.Policy
		said   string // how it is written back
	}{
		{"none", late.Policy{}, "none"},
		{"10%/day", late.Policy{Percent: 10, Per: day}, "10%/day"},
		{"10 % per d", late.Policy{Percent: 10, Per: day}, "10%/day"},
		{"5%/HOUR", late.Policy{Percent: 5, Per: time.Hour}, "5%/hour"},
		{"2.5%/w", late.Policy{Percent: 2.5, Per: 7 * day}, "2.5%/week"},
		{"20%", late.Policy{Percent: 20}, "20% once"},
		{"20% once", late.Policy{Percent: 20}, "20% once"},
		{"10%/day, at most 50%, grace 15m, until 7d",
			late.Policy{Percent: 10, Per: day, Most: 50, Grace: 15 * time.Minute, Until: 7 * day},
			"10%/day, at most 50%, grace 15m, until 1w"},
		{"20%,max 20%,grace 90m", late.Policy{Percent: 20, Most: 20, Grace: 90 * time.Minute},
			"20% once, at most 20%, grace 90m"},
		{"20%, grace 5h, until 2d", late.Policy{Percent: 20, Grace: 5 * time.Hour, Until: 2 * day},
			"20% once, grace 5h, until 2d"},
		{"none, until 1d", late.Policy{Until: day}, "0%, until 1d"},
	}
	for _, tt := range tests {
		t.Run(tt.policy, func(t *testing.T) {
			got, err := late.ParsePolicy(tt.policy)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.said, got.String())
			again, err := late.ParsePolicy(got.String())
			require.NoError(t, err)
			require.Equal(t, got, again)
		})
	}
}

func TestParsePolicyComplains(t *testing.T) {
	tests := []struct{ policy, want string }{
		{"", "is none"},
		{"a lot", "is none"},
		{"10%/month", "is none"},
		{"-10%/day", "is none"},
		{"101%", "takes more than 100%"},
		{"0.5/day", "has no % (what is lost is a part of what was earned, not points)"},
		{"10", "has no %"},
		{"10%/day, or so", `has "or so", which is no part of one`},
		{"10%/day,", `has "", which is no part of one`},
		{"10%/day, grace 5m, grace 6m", `has "grace 6m", which is no part of one, or is there twice`},
		{"10%/day, at most 0%", `has "at most 0%", which is not between 0 and 100%`},
		{"10%/day, at most 200%", "which is not between 0 and 100%"},
		{"10%/day, until 0d", `has "until 0d", which lets nothing be late`},
		{"10%/day, until 1h, grace 2h", "ends before its grace does"},
		{"10%/day, until 9999w", "waits for more than ten years"},
		{"10%/day, until 99999w", "which is no part of one"},
	}
	for _, tt := range tests {
		t.Run(tt.policy, func(t *testing.T) {
			_, err := late.ParsePolicy(tt.policy)
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "write it like 10%/day")
		})
	}
}

func TestByTime(t *testing.T) {
	const day = 24 * time.Hour
	due := time.Date(2026, 12, 1, 23, 59, 59, 999_999_999, taipei)
	tests := []struct {
		name, policy string
		by           time.Duration // after the due date
		want         late.Outcome
	}{
		{"early", "10%/day", -time.Hour, late.Outcome{Factor: 1}},
		{"at the last instant", "10%/day", 0, late.Outcome{Factor: 1}},
		{"at the first that is late", "10%/day", 1, late.Outcome{Factor: .9, Late: true, By: 1}},
		{"a whole day", "10%/day", day, late.Outcome{Factor: .9, Late: true, By: day}},
		{"a day and a little", "10%/day", day + 1, late.Outcome{Factor: .8, Late: true, By: day + 1}},
		{"more than there is", "10%/day", 11 * day, late.Outcome{Late: true, By: 11 * day}},
		{"decades", "10%/day", 1 << 62, late.Outcome{Late: true, By: 1 << 62}},
		{"hours", "5%/hour", 90 * time.Minute, late.Outcome{Factor: .9, Late: true, By: 90 * time.Minute}},
		{"weeks", "50%/week", 8 * day, late.Outcome{Late: true, By: 8 * day}},
		{"once", "20%", 100 * day, late.Outcome{Factor: .8, Late: true, By: 100 * day}},
		{"nothing", "none", day, late.Outcome{Factor: 1, Late: true, By: day}},
		{"at most", "10%/day, at most 50%", 9 * day, late.Outcome{Factor: .5, Late: true, By: 9 * day}},
		{"in the grace", "10%/day, grace 15m", 15 * time.Minute, late.Outcome{Factor: 1}},
		{"after the grace", "5%/hour, grace 90m", 91 * time.Minute,
			late.Outcome{Factor: .9, Late: true, By: 91 * time.Minute}},
		{"until", "10%/day, until 3d", 3 * day, late.Outcome{Factor: .7, Late: true, By: 3 * day}},
		{"after until", "10%/day, at most 50%, until 3d", 3*day + 1, late.Outcome{Late: true, By: 3*day + 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := late.ParsePolicy(tt.policy)
			require.NoError(t, err)
			require.Equal(t, tt.want, late.Rule{Due: due, Policy: p}.ByTime(due.Add(tt.by).UTC()))
		})
	}
	unknown := late.Outcome{Factor: 1, Unknown: true}
	require.Equal(t, unknown, late.Rule{Due: due, Policy: late.Policy{Percent: 20}}.ByTime(time.Time{}))
	require.Equal(t, unknown, late.Rule{Policy: late.Policy{Percent: 20}}.ByTime(due))
}

func TestByMark(t *testing.T) {
	for policy, want := range map[string]float64{
		"10%/day": .9, "5%/hour": .95, "20%": .8, "none": 1, "100%": 0, "10%/day, at most 5%": .95,
		"10%/day, grace 1d, until 2d": .9,
	} {
		t.Run(policy, func(t *testing.T) {
			p, err := late.ParsePolicy(policy)
			require.NoError(t, err)
			r := late.Rule{Policy: p}
			require.Equal(t, late.Outcome{Factor: want, Late: true}, r.ByMark(true))
			require.Equal(t, late.Outcome{Factor: 1}, r.ByMark(false))
		})
	}
}

// FuzzParsePolicy: what is read is written back, and never gives or takes more than there is.
func FuzzParsePolicy(f *testing.F) {
	f.Add("10%/day, at most 50%, grace 15m, until 7d", int64(time.Hour))
	f.Add("20%", int64(1)<<62)
	f.Fuzz(func(t *testing.T, policy string, by int64) {
		p, err := late.ParsePolicy(policy)
		if err != nil {
			return
		}
		again, err := late.ParsePolicy(p.String())
		require.NoError(t, err)
		require.Equal(t, p.String(), again.String())
		due := time.Unix(0, 0)
		o := late.Rule{Due: due, Policy: p}.ByTime(due.Add(time.Duration(by)))
		require.True(t, o.Factor >= 0 && o.Factor <= 1, "%v", o)
	})
}
