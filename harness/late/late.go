// Package late says what handing in late costs: of an instructor's due date, which [ParseDue] reads, and policy, which
// [ParsePolicy] reads, it makes a factor between 0 and 1 for each submission, by which its points are multiplied. What
// is lost is a part of what was earned, not of what could be.
//
// # Due dates
//
//	2026-12-01T23:59+08:00     to the end of that minute, in that zone
//	2026-12-01T23:59:30Z       to the end of that second
//	2026-12-01 23:59           in the zone that the instructor's machine is set to
//	2026-12-01                 to the end of that day, in that zone
//	2026-12-01 23:59 Asia/Taipei
//	                           in the zone of that name, with its changes in spring and autumn; so with each form
//
// # Policies
//
// A policy is what is lost, and perhaps what else holds, with commas between:
//
//	10%/day                    for each day that has begun after the due date; so with hour and week
//	20% once                   however late; once may be left out
//	none                       nothing
//	10%/day, at most 50%       however late, no more than half is lost
//	10%/day, grace 15m         up to 15 minutes late is in time; more counts from the due date
//	10%/day, until 3d          what comes more than three days after the due date gets nothing
//
// A percentage is from 0 to 100, and may have a fraction. A time is a whole number with m, h, d or w: minutes, hours,
// days of 24 hours, also where a clock is put forward in between, weeks. What is more than 100% is 100%.
//
// # Whose time it is
//
// No time in a submission can be trusted. A student's commit has what the student's clock says, and so what the
// student wants; the files in a downloaded folder often have the time of the download, when everything is late. Times
// in most zips have no zone, and are read in the due date's. Whoever uses a time says whose it is, and [Rule.ByTime]
// is for those that the instructor trusts. Of Canvas's downloads the mark LATE in the name is what Canvas knows, and
// no time is: there it is [Rule.ByMark], which takes what is marked to be as late as costs least, since nobody knows
// how late it is.
package late

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"udpkata/harness/text"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// A Policy is what being late costs. Its zero value is that it costs nothing.
type Policy struct {
	Percent float64       // that are lost, from 0 to 100: once, or for each Per
	Per     time.Duration // an hour, a day or a week; 0 for once
	Most    float64       // percent that are lost at most; 0 for no such bound
	Grace   time.Duration // how late is still in time
	Until   time.Duration // how late something may be that gets anything; 0 for no such bound
}

// A Rule is a policy with the date from which on it counts.
type Rule struct {
	Due time.Time // the last instant that is in time; the zero time if there is no due date
	Policy
}

// An Outcome is what a rule makes of one submission.
type Outcome struct {
	Factor  float64       // of the points that were earned, from 0 to 1
	Late    bool          // later than the grace
	By      time.Duration // how late; 0 if that is not known, or if it is in time
	Unknown bool          // there is no time to go by, and Factor is 1
}

// ByTime applies the rule to what was handed in at a time. Without one, or without a due date, the outcome is unknown.
func (r Rule) ByTime(at time.Time) Outcome {
	if at.IsZero() || r.Due.IsZero() {
		return Outcome{Factor: 1, Unknown: true}
	}
	by := at.Sub(r.Due)
	if by <= r.Grace {
		return Outcome{Factor: 1}
	}
	o := Outcome{Late: true, By: by}
	if r.Until == 0 || by <= r.Until {
		o.Factor = r.factor(by)
	}
	return o
}

// ByMark applies the rule to what the platform has marked as late, or has not: late is as late as costs least.
func (r Rule) ByMark(isLate bool) Outcome {
	if !isLate {
		return Outcome{Factor: 1}
	}
	return Outcome{Factor: r.factor(1), Late: true}
}

// factor returns what is left of what comes so late, which is more than nothing.
func (p Policy) factor(by time.Duration) float64 {
	lost := p.Percent
	if p.Per > 0 {
		begun := by / p.Per
		if by%p.Per > 0 {
			begun++
		}
		lost *= float64(begun)
	}
	if p.Most > 0 {
		lost = min(lost, p.Most)
	}
	return (100 - min(lost, 100)) / 100
}

// String returns the policy as ParsePolicy reads it.
func (p Policy) String() string {
	if p.Percent == 0 && p.Until == 0 {
		return "none"
	}
	all := []string{percents(p.Percent)}
	if p.Per == 0 && p.Percent > 0 {
		all[0] += " once"
	}
	for unit, name := range map[time.Duration]string{time.Hour: "/hour", day: "/day", week: "/week"} {
		if p.Per == unit {
			all[0] += name
		}
	}
	if p.Most > 0 {
		all = append(all, "at most "+percents(p.Most))
	}
	if p.Grace > 0 {
		all = append(all, "grace "+span(p.Grace))
	}
	if p.Until > 0 {
		all = append(all, "until "+span(p.Until))
	}
	return strings.Join(all, ", ")
}

func percents(p float64) string { return strconv.FormatFloat(p, 'f', -1, 64) + "%" }

func span(d time.Duration) string {
	switch {
	case d%week == 0:
		return fmt.Sprintf("%dw", d/week)
	case d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}

var (
	aLoss = regexp.MustCompile(`^(\d{1,3}(?:\.\d{1,6})?)\s*%\s*(?:(?:/|per)\s*(hour|h|day|d|week|w)|once)?$`)
	aMost = regexp.MustCompile(`^(?:at most|max)\s+(\d{1,3}(?:\.\d{1,6})?)\s*%$`)
	aTime = regexp.MustCompile(`^(grace|until)\s+(\d{1,4})\s*([mhdw])$`)
	units = map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": day, "w": week}
)

// ParsePolicy reads a policy as the package's documentation has them. The error is one line, which names what is wrong.
func ParsePolicy(s string) (p Policy, err error) {
	fail := func(why string, args ...any) (Policy, error) {
		return Policy{}, text.Fail("the late policy %q %s; write it like 10%%/day, 5%%/hour, 20%% or none, and "+
			"perhaps \", at most 50%%\", \", grace 15m\" or \", until 7d\" after it", s, text.Say(why, args...))
	}
	parts := strings.Split(strings.ToLower(s), ",")
	first := strings.TrimSpace(parts[0])
	if m := aLoss.FindStringSubmatch(first); m != nil {
		if p.Percent, err = strconv.ParseFloat(m[1], 64); err != nil || p.Percent > 100 {
			return fail("takes more than 100%%")
		}
		if m[2] != "" {
			p.Per = units[m[2][:1]]
		}
	} else if first != "none" {
		if strings.ContainsFunc(first, func(r rune) bool { return r >= '0' && r <= '9' }) && !strings.Contains(first,
			"%") {
			return fail("has no %% (what is lost is a part of what was earned, not points)")
		}
		return fail("is none")
	}
	for _, part := range parts[1:] {
		part = strings.TrimSpace(part)
		most, span := aMost.FindStringSubmatch(part), aTime.FindStringSubmatch(part)
		switch {
		case most != nil && p.Most == 0:
			if p.Most, err = strconv.ParseFloat(most[1], 64); err != nil || p.Most > 100 || p.Most == 0 {
				return fail("has %q, which is not between 0 and 100%%", part)
			}
		case span != nil && span[1] == "grace" && p.Grace == 0:
			n, _ := strconv.Atoi(span[2])
			p.Grace = time.Duration(n) * units[span[3]]
		case span != nil && span[1] == "until" && p.Until == 0:
			n, _ := strconv.Atoi(span[2])
			if p.Until = time.Duration(n) * units[span[3]]; n == 0 {
				return fail("has %q, which lets nothing be late", part)
			}
		default:
			return fail("has %q, which is no part of one, or is there twice", part)
		}
	}
	if d := max(p.Grace, p.Until); d > 10*365*day || d < 0 {
		return fail("waits for more than ten years")
	}
	if p.Until > 0 && p.Until < p.Grace {
		return fail("ends before its grace does")
	}
	return p, nil
}

// dues are the forms of a due date. What is not written lasts to its end.
var dues = []struct {
	layout string
	lasts  time.Duration
}{
	{"2006-01-02T15:04:05Z07:00", time.Second},
	{"2006-01-02T15:04Z07:00", time.Minute},
	{"2006-01-02T15:04:05Z0700", time.Second},
	{"2006-01-02T15:04Z0700", time.Minute},
	{"2006-01-02T15:04:05", time.Second},
	{"2006-01-02T15:04", time.Minute},
	{"2006-01-02", day},
}

// aZone tells a time zone's name, as the IANA has them.
var aZone = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+/-]*$`)

// ParseDue reads a due date as the package's documentation has them; zone is for one that names none, and time.Local if
// it is nil. It returns the last instant that is in time. The error is one line, which names what is wrong.
func ParseDue(s string, zone *time.Location) (time.Time, error) {
	zone = cmp.Or(zone, time.Local)
	form, named := strings.TrimSpace(s), false
	if at := strings.LastIndexAny(form, " \t"); at >= 0 && aZone.MatchString(form[at+1:]) {
		var err error
		if zone, err = time.LoadLocation(form[at+1:]); err != nil {
			return time.Time{}, text.Fail("the due date %q has a time zone that is not known here, %s: write it like "+
				"Europe/Berlin, or like 2026-12-01T23:59+01:00", s, form[at+1:])
		}
		form, named = strings.TrimSpace(form[:at]), true
	}
	form = strings.ToUpper(form)
	if date, clock, ok := strings.Cut(form, " "); ok {
		form = date + "T" + strings.TrimSpace(clock)
	}
	for _, d := range dues {
		at, err := time.ParseInLocation(d.layout, form, zone)
		switch {
		case err != nil || named && strings.Contains(d.layout, "Z07"): // which would be another one
			continue
		case d.lasts == day: // which may have 23 or 25 hours
			return at.AddDate(0, 0, 1).Add(-1), nil
		}
		return at.Add(d.lasts - 1), nil
	}
	return time.Time{},
		text.Fail("the due date %q is none; write it like 2026-12-01T23:59+08:00, or 2026-12-01 for the end of that "+
			"day in this machine's time zone", s)
}
