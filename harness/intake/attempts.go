package intake

import (
	"cmp"
	"context"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"udpkata/harness/text"
)

// This file is about which uploads belong together: as one submission, and as one student's attempts.

// submissions puts together what belongs together.
func (f *finder) submissions() (all []Submission) {
	type who struct {
		system      System
		student, id string
	}
	// Two that were given themselves and have one name are two students, and are named after their folders too.
	times := map[string][]*found{}
	for _, one := range f.all {
		if one.own {
			times[one.student] = append(times[one.student], one)
		}
	}
	for _, same := range times {
		folders := map[string]bool{}
		for _, one := range same {
			folders[parent(one.path)] = true
		}
		if len(folders) > 1 {
			for _, one := range same {
				one.student = path.Join(filepath.Base(parent(one.path)), one.student)
			}
		}
	}
	f.tellApart()
	byWho := map[who][]*found{}
	names := map[who]map[string]bool{} // of one number
	for _, one := range f.all {
		w := who{system: one.system, student: one.student, id: one.id}
		byWho[w] = append(byWho[w], one)
		if one.id != "" {
			number := who{system: one.system, id: one.id}
			if names[number] == nil {
				names[number] = map[string]bool{}
			}
			names[number][one.student] = true
		}
	}
	for w, uploads := range byWho {
		attempts := f.attempts(uploads)
		for i := range attempts {
			s := &attempts[i]
			s.System, s.Student, s.ID = w.system, w.student, w.id
			s.Attempt, s.Attempts, s.course, s.limits = i+1, len(attempts), f.course, f.limits
			s.zone = f.zone
			if i > 0 {
				s.before = &attempts[i-1]
			}
			if len(names[who{system: w.system, id: w.id}]) > 1 {
				s.Notes = append(s.Notes,
					text.Say("the number %s stands with another name too; see who has handed it in",
						s.ID))
			}
		}
		all = append(all, attempts...)
	}
	slices.SortFunc(all, func(a, b Submission) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Student), strings.ToLower(b.Student)),
			strings.Compare(a.Student, b.Student), cmp.Compare(len(a.ID), len(b.ID)), strings.Compare(a.ID, b.ID),
			strings.Compare(string(a.System), string(b.System)), cmp.Compare(a.Attempt, b.Attempt))
	})
	return all
}

// tellApart has all names and numbers as they are shown. Two that differ are shown as two, also where that is in what
// nobody can see.
func (f *finder) tellApart() {
	shown := func(name string) string {
		if !utf8.ValidString(name) {
			name = legacy(name)
		}
		return text.VisibleLine(name)
	}
	of := map[string]string{} // what is shown, and the name that it is first of
	differ := map[string]bool{}
	each := func(do func(name *string)) {
		for _, one := range f.all {
			do(&one.student)
			do(&one.id)
		}
	}
	each(func(name *string) {
		as := shown(*name)
		if first, ok := of[as]; ok && first != *name {
			differ[as] = true
		} else {
			of[as] = *name
		}
	})
	each(func(name *string) {
		as := shown(*name)
		if differ[as] {
			as = strings.Trim(strconv.Quote(*name), `"`)
		}
		*name = as
	})
}

func parent(of string) string {
	full, err := filepath.Abs(of)
	if err != nil {
		return ""
	}
	return filepath.Dir(full)
}

// attempts makes submissions of one student's uploads, which are in the order in which they were found.
func (f *finder) attempts(uploads []*found) (all []Submission) {
	number := func(one *found) int { n, _ := strconv.Atoi(one.attachment); return n }
	// Canvas's numbers say which of two downloads is the later one, whatever they are called.
	newest := map[int]int{} // number, by download
	for _, one := range uploads {
		newest[one.at] = max(newest[one.at], number(one))
	}
	times := f.times(uploads)
	slices.SortStableFunc(uploads, func(a, b *found) int {
		return cmp.Or(cmp.Compare(newest[a.at], newest[b.at]), times.compare(a.at, b.at), cmp.Compare(a.at, b.at))
	})
	for len(uploads) > 0 {
		n := 1
		if uploads[0].system == NoSystem {
			all = append(all, joined(uploads[:1]))
			uploads = uploads[1:]
			continue
		}
		for n < len(uploads) && uploads[n].at == uploads[0].at {
			n++
		}
		same := slices.Clone(uploads[:n])
		uploads = uploads[n:]
		slices.SortStableFunc(same, func(a, b *found) int { return cmp.Compare(number(a), number(b)) })
		rounds := map[int][]*found{} // by the number in the archives' names
		last := 0
		for _, one := range same {
			plain, again := unnumbered(one.file)
			isFirst := func(other *found) bool { return other.file == plain }
			if !hasExtension(one.file, archives) || !slices.ContainsFunc(same, isFirst) {
				again = 0
				if !hasExtension(one.file, archives) {
					again = -1 // with the last
				}
			}
			rounds[again] = append(rounds[again], one)
			last = max(last, again)
		}
		for again := 0; again <= last; again++ {
			round := rounds[again]
			if again == last {
				round = append(round, rounds[-1]...)
				slices.SortStableFunc(round, func(a, b *found) int { return cmp.Compare(number(a), number(b)) })
			}
			if len(round) == 0 {
				continue
			}
			one := joined(round)
			if n := len(all); n > 0 && one.System == Moodle && all[n-1].at != one.at &&
				times.compare(all[n-1].at, one.at) == 0 {
				one.older, one.newer = text.VisibleLine(f.names[all[n-1].at]), text.VisibleLine(f.names[one.at])
			}
			all = append(all, one)
		}
	}
	return all
}

// joined makes one submission of uploads.
func joined(uploads []*found) (s Submission) {
	s.System, s.at = uploads[0].system, uploads[0].at
	for _, one := range uploads {
		s.Late = s.Late || one.late
		s.Paths = append(s.Paths, text.VisibleLine(one.path))
		s.parts = append(s.parts, one.parts...)
		if s.refuse == nil {
			s.refuse = one.refuse
		}
	}
	return s
}

// downloaded are the times of downloads: the newest of what a student has in one, and of all that is in it.
type downloaded map[int][2]time.Time

func (d downloaded) compare(a, b int) int {
	return cmp.Or(d[a][0].Compare(d[b][0]), d[a][1].Compare(d[b][1]))
}

// times returns the times of the downloads that have one student's uploads, if they say which is the later one: Moodle
// gives what it hands out the time at which it was uploaded. Canvas has numbers.
func (f *finder) times(uploads []*found) downloaded {
	own := map[int]time.Time{}
	for _, one := range uploads {
		own[one.at] = time.Time{}
	}
	if uploads[0].system != Moodle || len(own) < 2 {
		return nil
	}
	for _, one := range uploads {
		own[one.at] = later(own[one.at], one.newest())
	}
	if f.newest == nil {
		f.newest = map[int]time.Time{}
		for _, one := range f.all {
			f.newest[one.at] = later(f.newest[one.at], one.newest())
		}
	}
	all := downloaded{}
	for at, newest := range own {
		all[at] = [2]time.Time{newest, f.newest[at]}
	}
	return all
}

// newest returns the newest time of what was uploaded, or the zero time. What can't be read is said when it is
// unpacked.
func (one *found) newest() (newest time.Time) {
	for _, p := range one.parts {
		from := p.from
		if p.git != nil {
			from = p.git.tree
		}
		if from == nil {
			continue
		}
		from(context.Background(), func(i item) error {
			if elements, why := split(i.name); why.IsZero() {
				if n, _ := junk(elements); n == 0 {
					newest = later(newest, i.modified)
				}
			}
			return nil
		})
	}
	return newest
}
