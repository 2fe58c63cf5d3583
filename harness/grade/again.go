package grade

import (
	"regexp"
	"slices"

	"udpkata/harness/intake"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// What fails on real sockets alone, or takes longer or more than a box has, may have to do with what else the machine
// did at that moment: with other submissions, above all. So it is judged again, with nobody else, before it counts.

// onSockets tells a story of the kernel's by its name.
var onSockets = regexp.MustCompile(`(^|/)(loopback|lab)/`)

// anywhere tells any other.
var anywhere = regexp.MustCompile(`(^|/)(virtual|offline)\b`)

// doubtful lists a result's tasks that are to be judged again, by lesson.
func doubtful(r Result) map[string][]string {
	all := map[string][]string{}
	for _, l := range r.Lessons {
		for _, t := range l.Tasks {
			// What the kernel has ended, or what took too long on the clock, has no story that failed.
			unclear := t.State == verdict.Crashed || t.State == verdict.Stuck && len(t.Failed) == 0
			failed := t.State == verdict.Failed || t.State == verdict.Stuck || t.State == verdict.Skipped
			socketsAlone := slices.ContainsFunc(t.Failed, onSockets.MatchString) &&
				!slices.ContainsFunc(t.Failed, anywhere.MatchString)
			if l.Box != "" || unclear || failed && socketsAlone {
				all[l.Name] = append(all[l.Name], t.Name)
			}
		}
	}
	return all
}

// judgesAgain judges what is pending, one submission after the other. Where that can't be done, the first time counts
// until a later run has made up for it.
func (g *grader) judgesAgain(mine []intake.Submission, entries []Entry) error {
	for i, s := range mine {
		if entries[i].Key == "" {
			continue
		}
		r, ok, err := readResult(g.Out, entries[i].Key)
		if err != nil {
			return err
		}
		if !ok || len(r.Pending) == 0 {
			continue
		}
		content, err := s.Unpack(g.ctx)
		if g.ctx.Err() != nil {
			return g.ctx.Err()
		}
		if err != nil || content.Key != r.Content {
			continue // it has changed since: the next run finds out
		}
		switch second, err := g.result(g.ctx, content, r.Pending); {
		case g.ctx.Err() != nil:
			return g.ctx.Err()
		case err != nil:
			r.Once = text.VisibleLine(err.Error())
			g.once = append(g.once, s.Who()+": "+r.Once)
		default:
			r.correct(second)
		}
		if err := writeJSON(resultPath(g.Out, r.Key), r); err != nil {
			return err
		}
	}
	return nil
}

// correct has what was judged again count, and keeps what it was before where that differs.
func (r *Result) correct(second Result) {
	r.Pending, r.Once = nil, ""
	for _, l := range second.Lessons {
		i := slices.IndexFunc(r.Lessons, func(old Lesson) bool { return old.Name == l.Name })
		for _, t := range l.Tasks {
			k := slices.IndexFunc(r.Lessons[i].Tasks, func(old Task) bool { return old.Name == t.Name })
			if old := &r.Lessons[i].Tasks[k]; old.State != t.State {
				t.First = string(old.State) + ": " + old.Reason
				*old = t
			}
		}
	}
}
