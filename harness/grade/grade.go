// Package grade judges what a class has handed in: strangers' code, each submission in a box of its own, with the same
// questions for everybody.
//
// What comes out is in one directory:
//
//	class.key          what all that is left to chance comes from; nobody who hands in may see it
//	results/KEY.json   what became of the files of one submission
//	lessons/KEY.json   what became of those of one lesson
//	class-I-of-N.json  who has handed in what, of one shard
//	reference.json     what became of the course's solution, which says what this machine can tell of
//	grades.json        everything about everybody; written when all shards are there, as is
//	grades.csv         one row for each student
//
// A result is written as soon as it is there, and whole or not at all. Its key is a hash of the submission's files, the
// course, Go, the class key, and the way of judging: the same files have one result, whoever hands them in, and a run
// that was ended goes on where it was. So it is with the files of each lesson: what a later attempt has left as it was,
// and what many have not begun with, is judged once. Results say nothing of who and when; marks are made of them and of
// the class at the end.
//
// Memory does not grow with the class but for a line about each submission.
package grade

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"udpkata/harness/curriculum"
	"udpkata/harness/intake"
	"udpkata/harness/judge"
	"udpkata/harness/late"
	"udpkata/harness/sandbox"
	"udpkata/harness/text"
)

// Params says what to grade.
type Params struct {
	Root    string              // of the course's repository
	Lessons []curriculum.Lesson // those with tasks
	Only    []string            // the names of those that count; nil for all
	Paths   []string            // as package intake takes them
	Out     string              // the directory for what comes out; it is made

	Key      string // a file with the class key; "" for class.key in Out, which is made
	Box      *sandbox.Sandbox
	NoPolicy bool // what package policy refuses is judged all the same
	Which    intake.Which
	Rule     late.Rule
	Jobs     int // submissions at a time; 0 for as many as there are processors
	Shard    Shard
	Cache    string // where the programs with the lessons' tests stay, until no run has used them for long

	// Tell is called, by one goroutine at a time, when grading begins, and with each submission that is through.
	Tell func(Progress)
}

// A Progress is how far it has come.
type Progress struct {
	Done, All int    // submissions
	Kept      int    // of those that are done: as they had a result already
	Who       string // has been graded
	Wrong     string // why it could not be; "" if it was
}

// A Summary is what came of a run.
type Summary struct {
	Graded   int // submissions that count, of this shard
	Unjudged []string
	Once     []string      // of whose tasks some should have been judged twice, and why they were not
	Marked   []string      // who has lost something by Canvas's mark, which does not say how late they were
	Lost     string        // what each of those has lost, as in "10%"
	Look                   // at what whoever grades should
	Left     []intake.Left // what lies beside the submissions
	Worths   []Worth       // what the lessons are worth
	Changes  *Changes      // since the run before in that directory; nil if there was none
	Missing  []string      // what the marks wait for; none if grades.json and grades.csv are written
}

// Run grades a class, or a shard of it. The error is for what keeps it from grading anybody; what can't be judged of
// somebody's is in the summary.
func Run(ctx context.Context, p Params) (Summary, error) {
	zone := time.Local
	if !p.Rule.Due.IsZero() {
		zone = p.Rule.Due.Location()
	}
	all, left, err := intake.Find(p.Paths, p.Lessons, intake.Limits{}, zone)
	if err == nil && len(all) == 0 {
		err = text.Fail("there are no submissions in %s", strings.Join(p.Paths, ", "))
	}
	if err != nil {
		return Summary{}, err
	}
	if info, err := os.Stat(p.Out); err == nil && !info.IsDir() {
		return Summary{}, text.Fail("%s is a file: give the directory where results go, as in -o graded", p.Out)
	}
	was, err := readEarlier(p.Out)
	if err == nil {
		err = was.isOf(p.Out, all)
	}
	if err != nil {
		return Summary{}, err
	}
	for _, dir := range []string{resultsDir, lessonsDir} {
		if err := os.MkdirAll(filepath.Join(p.Out, dir), 0o700); err != nil {
			return Summary{}, err
		}
	}
	leave, err := enter(p.Out)
	if err != nil {
		return Summary{}, err
	}
	defer leave()
	key, err := classKey(cmp.Or(p.Key, filepath.Join(p.Out, keyFile)))
	if err != nil {
		return Summary{}, err
	}
	g := &grader{Params: p, ctx: ctx, key: key, now: time.Now}
	if g.Jobs == 0 {
		g.Jobs = processors()
	}
	if g.Tell == nil {
		g.Tell = func(Progress) {}
	}
	if g.head, err = newHead(p, key); err != nil {
		return Summary{}, err
	}
	if p.Only != nil {
		others := func(l curriculum.Lesson) bool { return !slices.Contains(p.Only, l.Name) }
		g.Lessons = slices.DeleteFunc(slices.Clone(p.Lessons), others)
	}
	g.dir = filepath.Join(g.Cache, g.head.programs(g.Root))
	leaveCache, err := use(g.dir)
	if err != nil {
		return Summary{}, err
	}
	defer leaveCache()
	removeUnused(g.Cache, time.Now())
	if err := g.prepare(); err != nil {
		return Summary{}, err
	}
	if err := g.refer(); err != nil {
		return Summary{}, err
	}
	mine := g.mine(all)
	begun := filepath.Join(p.Out, p.Shard.begun())
	if err := writeJSON(begun, time.Now().Truncate(time.Second)); err != nil {
		return Summary{}, err
	}
	entries, err := g.gradeAll(mine)
	if err != nil {
		return Summary{}, err
	}
	own := part{g.head, p.Shard, givenOf(all), entries}
	if err := writeJSON(filepath.Join(p.Out, p.Shard.file()), own); err != nil {
		return Summary{}, err
	}
	if err := errors.Join(p.replaces(), os.Remove(begun)); err != nil {
		return Summary{}, err
	}
	s := Summary{Graded: len(entries), Left: left, Unjudged: slices.Sorted(maps.Keys(g.wrong)), Once: g.once}
	for i, e := range entries {
		if e.System == intake.Canvas && e.Late && e.Factor < 1 {
			s.Marked, s.Lost = append(s.Marked, mine[i].Who()), lost(e.Factor)
		}
	}
	s.Look = look(mine, entries, p.Rule, time.Local)
	s.Before = g.before(all, mine, entries)
	c, missing, err := Open(p.Out)
	if s.Missing = missing; err != nil || len(missing) > 0 {
		return s, err
	}
	if err := c.write(); err != nil {
		return s, err
	}
	s.Worths = c.worths()
	s.Changes, err = was.changes(c)
	return s, err
}

// replaces removes the parts of shards where the whole class has been graded after them.
func (p Params) replaces() error {
	if p.Shard.N > 1 {
		return nil
	}
	parts, err := filepath.Glob(filepath.Join(p.Out, classFiles))
	for _, path := range parts {
		if filepath.Base(path) != p.Shard.file() {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

// prepare builds the programs with the lessons' tests, unless they are kept from an earlier run, of this very course
// and Go. Who else wants to build them at the same time waits.
func (g *grader) prepare() error {
	leave, err := alone(g.ctx, g.dir)
	if err != nil {
		return err
	}
	defer leave()
	stage, err := judge.OpenStage(g.ctx, g.Root, g.dir)
	if err != nil {
		return err
	}
	for _, l := range g.Lessons {
		if err := stage.Prepare(g.ctx, l); err != nil {
			return err
		}
	}
	g.reads = append(stage.Needs(), filepath.Join(g.Root, "lessons"), filepath.Join(g.Root, "go.mod"))
	return nil
}

// A grader is one run.
type grader struct {
	Params
	ctx   context.Context
	now   func() time.Time
	key   []byte
	head  Head
	dir   string   // of the programs with the lessons' tests
	reads []string // what is read in a box
	seats chan int // the processors of the boxes that are there together; nil if each box may use all

	mu      sync.Mutex
	done    Progress
	wrong   map[string]bool
	once    []string
	claimed map[string]chan struct{} // by key of a result that somebody is about to write: closed when that is done
}

// mine returns those submissions that count and are this shard's.
func (g *grader) mine(all []intake.Submission) (mine []intake.Submission) {
	for _, attempts := range intake.Attempts(all) {
		if !g.Shard.has(identity(attempts[0])) {
			continue
		}
		if g.Which == intake.Best {
			mine = append(mine, attempts...)
			continue
		}
		mine = append(mine, attempts[g.Which.Of(make([]float64, len(attempts)))])
	}
	return mine
}

// identity tells students apart, on each machine in the same way.
func identity(s intake.Submission) string {
	return fmt.Sprintf("%s\x00%s\x00%s", s.System, cmp.Or(s.ID, s.Student), cmp.Or(s.Student, s.ID))
}

// A handed is a submission that has been read.
type handed struct {
	at      int // in the class
	content intake.Content
}

// gradeAll grades submissions, each of which has an entry afterwards, in their order.
func (g *grader) gradeAll(mine []intake.Submission) ([]Entry, error) {
	g.done.All, g.wrong, g.claimed = len(mine), map[string]bool{}, map[string]chan struct{}{}
	g.Tell(g.done)
	entries := make([]Entry, len(mine))
	work := make(chan handed)
	ctx := g.ctx
	if g.Jobs >= processors() { // judge and stage take turns, and two such pairs on one processor leave another idle
		g.seats = make(chan int, g.Jobs)
		for i := range g.Jobs {
			g.seats <- i + 1
		}
	}
	var workers sync.WaitGroup
	for range g.Jobs {
		workers.Go(func() {
			for h := range work {
				err := g.judges(ctx, h.content, entries[h.at].Key)
				g.through(mine[h.at].Who(), err, false)
			}
		})
	}
	for i, s := range mine {
		content, err := s.Unpack(ctx)
		entries[i] = newEntry(s, content, g.Rule, g.now())
		if r := (*intake.Refusal)(nil); errors.As(err, &r) {
			entries[i].Refused = &r.Reason
			g.through(s.Who(), nil, false)
			continue
		} else if err != nil {
			if ctx.Err() != nil {
				break
			}
			entries[i].Unread = err.Error()
			g.through(s.Who(), err, false)
			continue
		}
		entries[i].Key = g.head.resultKey(content.Key)
		if g.has(entries[i].Key) {
			g.through(s.Who(), nil, true)
			continue
		}
		select {
		case work <- handed{i, content}:
		case <-ctx.Done():
		}
	}
	close(work)
	workers.Wait()
	g.seats = nil
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return entries, g.judgesAgain(mine, entries)
}

// through notes that a submission is through.
func (g *grader) through(who string, err error, kept bool) {
	if err != nil && g.ctx.Err() != nil {
		return // the run was stopped, and the next one goes on with it
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done.Done++
	g.done.Who, g.done.Wrong = who, ""
	if kept {
		g.done.Kept++
	}
	if err != nil {
		g.done.Wrong = err.Error()
		g.wrong[who+": "+err.Error()] = true
	}
	g.Tell(g.done)
}
