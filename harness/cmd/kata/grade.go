package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"udpkata/harness/curriculum"
	"udpkata/harness/grade"
	"udpkata/harness/intake"
	"udpkata/harness/late"
	"udpkata/harness/sandbox"
	"udpkata/harness/text"
)

type gradeCommand struct {
	Paths    []string `arg:"" optional:"" name:"path" help:"Submissions, folders or a platform's zip of them."`
	Out      string   `short:"o" required:"" placeholder:"OUT" help:"Where results go, and a run goes on."`
	Attempt  string   `placeholder:"WHICH" help:"Which of a student's submissions counts: last, first or best."`
	Due      string   `placeholder:"WHEN" help:"The due date, as in 2026-12-01T23:59+08:00."`
	Late     string   `placeholder:"POLICY" help:"What being late costs, as in \"10%/day, at most 50%\"."`
	Jobs     int      `placeholder:"N" help:"How many at a time; as many as there are processors, unless given."`
	Shard    string   `placeholder:"I/N" help:"Grade the I-th of N parts, one of several machines'."`
	ClassKey string   `placeholder:"FILE" help:"The class key, if it is not class.key in OUT."`
	Cache    string   `placeholder:"DIR" help:"Where the lessons' tests are kept, built, for the next run."`
	Sandbox  string   `placeholder:"KIND" help:"bubblewrap or container; the best that works here, unless given."`
	Trust    bool     `help:"Use no box, and your rights: for code that you would run yourself."`
	NoPolicy bool     `help:"Judge also what kata check refuses."`
	Quiet    bool     `short:"q" help:"Say nothing but what could not be judged."`
	Explain  string   `placeholder:"STUDENT" help:"Show what OUT has of a student, as the student would see it."`
}

// run grades a class. All is well if everything was graded, whatever the scores.
func (c *gradeCommand) run(s *session) (bool, error) {
	if c.Explain != "" {
		return true, grade.Explain(s.out, c.Out, c.Explain)
	}
	if len(c.Paths) == 0 {
		return false, text.Fail("say what to grade: a folder of submissions, an archive, or several of them")
	}
	p, err := c.params(s)
	if err != nil {
		return false, err
	}
	began := time.Now()
	if !c.Quiet {
		s.say("Each submission runs %s.\n", boxes[p.Box.Name])
		s.out.Flush()
		p.Tell = s.progress(began)
	}
	sum, err := grade.Run(s, p)
	if err != nil {
		return false, err
	}
	for _, wrong := range sum.Unjudged {
		s.say("could not be judged: %s\n", wrong)
	}
	for _, once := range sum.Once {
		s.say("judged once, and not a second time to be sure: %s\n", once)
	}
	if c.Quiet {
		return true, unjudged(sum)
	}
	for _, l := range sum.Left {
		s.say("left out: %s: %s\n", l.Path, l.Reason)
	}
	s.say("%d submissions in %v.\n", sum.Graded, time.Since(began).Round(time.Second))
	s.finished(c.Out, sum.Missing)
	return true, unjudged(sum)
}

// boxes says where a submission runs.
var boxes = map[string]text.Text{
	sandbox.Bubblewrap: text.Say("in a box of bubblewrap's, with files, processes and a network of its own"),
	sandbox.Container:  text.Say("as a user of its own in this container, whose network is not apart from it"),
	sandbox.Trust:      text.Say("without a box, with your rights"),
}

// unjudged makes an error of what could not be judged, which has been named.
func unjudged(sum grade.Summary) error {
	if n := len(sum.Unjudged); n > 0 {
		return text.Fail("%d submissions could not be judged; once that is mended, the same command goes on", n)
	}
	return nil
}

// finished says where the marks are, or what they wait for.
func (s *session) finished(out string, missing []string) {
	if len(missing) == 0 {
		s.say("The marks are in %s, and everything in %s.\n", filepath.Join(out, "grades.csv"),
			filepath.Join(out, "grades.json"))
		return
	}
	const most = 10
	names := strings.Join(missing[:min(most, len(missing))], ", ")
	if len(missing) > most {
		names += ", …"
	}
	s.say("There are no marks yet: %d are missing (%s). When they are there: go tool kata merge %s\n", len(missing),
		names, out)
}

// params says what to grade.
func (c *gradeCommand) params(s *session) (p grade.Params, err error) {
	p = grade.Params{
		Root: s.course.Root, Paths: c.Paths, Out: c.Out, Key: c.ClassKey, NoPolicy: c.NoPolicy, Jobs: c.Jobs,
		Cache: c.Cache,
	}
	if p.Lessons, err = withTasks(p.Root); err != nil {
		return p, err
	}
	if p.Which, err = intake.ParseWhich(c.Attempt); err != nil {
		return p, err
	}
	if c.Due != "" {
		if p.Rule.Due, err = late.ParseDue(c.Due, time.Local); err != nil {
			return p, err
		}
	}
	if c.Late != "" {
		if p.Rule.Policy, err = late.ParsePolicy(c.Late); err != nil {
			return p, err
		}
		if c.Due == "" {
			return p, text.Fail("--late says what being late costs, and --due from when on: give both")
		}
	}
	if c.ClassKey != "" {
		if _, err := os.Stat(c.ClassKey); errors.Is(err, fs.ErrNotExist) { // mistyped, it would be another one
			return p, text.Fail("there is no class key %s: give the one of this class, or leave --class-key out to "+
				"have one made in OUT", c.ClassKey)
		}
	}
	if c.Shard != "" {
		p.Shard, err = grade.ParseShard(c.Shard)
	} else {
		p.Shard, _, err = grade.ShardOf(os.Getenv)
	}
	if err != nil {
		return p, err
	}
	if c.Jobs < 0 {
		return p, text.Fail("--jobs is how many submissions at a time, from 1 up, and not %d", c.Jobs)
	}
	kind := c.Sandbox
	if c.Trust && kind != "" && kind != sandbox.Trust {
		return p, text.Fail("--trust is to use no sandbox, and --sandbox to use one: give one of them")
	}
	if c.Trust {
		kind = sandbox.Trust
	}
	switch p.Box, err = sandbox.Find(s, kind); {
	case err != nil && kind == "" && s.Err() == nil:
		return p, text.Fail("%v: mend that, or use --trust, for code that you would run yourself", err)
	case err != nil:
		return p, err
	}
	if p.Cache == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return p, text.Fail("there is no directory for what the next run needs (%v): give one with --cache", err)
		}
		p.Cache = filepath.Join(cache, "udpkata", "grade")
	}
	p.Cache, err = filepath.Abs(p.Cache) // as a box sees it
	return p, err
}

// withTasks returns the lessons that can be graded.
func withTasks(root string) (all []curriculum.Lesson, err error) {
	lessons, err := curriculum.Load(root)
	for _, l := range lessons {
		if len(l.Tasks) > 0 {
			all = append(all, l)
		}
	}
	return all, err
}

// progress says how far it has come: on a terminal, in one line.
func (s *session) progress(began time.Time) func(grade.Progress) {
	isTerminal := term.IsTerminal(int(os.Stdout.Fd()))
	return func(p grade.Progress) {
		took := time.Since(began)
		fresh := p.Done - p.Kept
		left := time.Duration(float64(took) / float64(max(1, fresh)) * float64(p.All-p.Done)).Round(time.Second)
		wrong := ""
		if p.Wrong != "" {
			wrong = " (!)"
		}
		if isTerminal {
			fmt.Fprint(s.out, "\r\x1b[K")
		}
		s.say("%d of %d, %.1f a minute, %v left: %s%s", p.Done, p.All, float64(fresh)/max(took.Minutes(), 1e-9), left,
			p.Who, wrong)
		if !isTerminal || p.Done == p.All {
			fmt.Fprintln(s.out)
		}
		s.out.Flush()
	}
}

type mergeCommand struct {
	Outs []string `arg:"" name:"out" help:"Directories of go tool kata grade."`
	Out  string   `short:"o" placeholder:"OUT" help:"The directory for all of it; the first one, unless given."`
}

func (*mergeCommand) needsNoCourse() {}

// run puts shards together.
func (c *mergeCommand) run(s *session) (bool, error) {
	out := cmp.Or(c.Out, c.Outs[0])
	missing, err := grade.Merge(out, c.Outs)
	if err != nil {
		return false, err
	}
	s.finished(out, missing)
	if len(missing) > 0 {
		return false, nil
	}
	return true, nil
}
