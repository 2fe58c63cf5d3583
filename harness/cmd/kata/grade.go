package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	Out      string   `short:"o" placeholder:"OUT" help:"Where results go, and a run goes on."`
	Lessons  string   `placeholder:"LIST" help:"Which lessons count, as in 02,03,04; all, unless given."`
	Attempt  string   `placeholder:"WHICH" help:"Which of a student's submissions counts: last, first or best."`
	Due      string   `placeholder:"WHEN" help:"The due date, as in 2026-12-01T23:59+08:00."`
	Late     string   `placeholder:"POLICY" help:"As in \"10%/day, at most 50%, grace 15m, until 7d\", or 5%/hour."`
	Jobs     int      `placeholder:"N" help:"How many at a time; as many as there are processors, unless given."`
	Shard    string   `placeholder:"I/N" help:"Grade the I-th of N parts, one of several machines'."`
	ClassKey string   `placeholder:"FILE" help:"The class key, if it is not class.key in OUT."`
	Cache    string   `placeholder:"DIR" help:"Where the lessons' tests are kept, built, for the next run."`
	Sandbox  string   `placeholder:"KIND" help:"bubblewrap or container; the best that works here, unless given."`
	Trust    bool     `help:"Use no box, and your rights: for code that you would run yourself."`
	NoPolicy bool     `help:"Judge also what kata check refuses."`
	Quiet    bool     `short:"q" help:"Say nothing but what could not be judged."`
	Explain  string   `placeholder:"STUDENT" help:"Show what OUT has of a student; with 03 behind it, of that lesson."`
}

// run grades a class. All is well if everything was graded, whatever the scores.
func (c *gradeCommand) run(s *session) (bool, error) {
	switch {
	case c.Out == "" && c.Explain != "":
		return false, text.Fail("say where the results are: -o DIR")
	case c.Out == "":
		return false, text.Fail("say where results go: -o DIR")
	case c.Explain != "":
		return true, grade.Explain(s.out, c.Out, c.Explain, c.Paths...)
	}
	if len(c.Paths) == 0 {
		return false, text.Fail("say what to grade: a folder of submissions, an archive, or several of them")
	}
	p, err := c.params(s)
	if err != nil {
		return false, err
	}
	began := time.Now()
	far := &grading{s: s, isTerminal: term.IsTerminal(int(os.Stdout.Fd()))}
	if !c.Quiet {
		if !p.Rule.Due.IsZero() {
			s.say("In time is what came by %s; what being late costs: %s.\n",
				p.Rule.Due.Format("2006-01-02 15:04:05 -07:00"), p.Rule.Policy)
		}
		s.say("Each submission runs %s.\n", boxes[p.Box.Name])
		s.say("First the lessons' tests are built, and the course's own solution is graded; in a fresh clone that " +
			"takes a minute or more.\n")
		s.out.Flush()
		p.Tell = far.tell
	}
	sum, err := grade.Run(s, p)
	if s.Err() != nil && !c.Quiet {
		far.stopped()
	}
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
	if len(sum.Marked) > 0 {
		s.say("%d are late by Canvas's word, which does not say by how much; each lost %s, the least that being late "+
			"costs: %s\n", len(sum.Marked), sum.Lost, text.Some(sum.Marked))
	}
	s.look(sum.Look)
	s.changed(sum.Changes)
	var worths []string
	all := 0
	for _, w := range sum.Worths {
		worths = append(worths, fmt.Sprintf("%s %d", w.Lesson, w.Points))
		all += w.Points
	}
	if len(worths) > 0 {
		s.say("Of %d points: %s.\n", all, text.Some(worths))
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

// look says at what whoever grades should look.
func (s *session) look(at grade.Look) {
	if len(at.Late) > 0 {
		s.say("Late, with something lost by it: %d (%s)\n", len(at.Late), text.Some(at.Late))
	}
	if len(at.Before) > 0 {
		s.say("%d of these handed in earlier, too, and less late; the last counts, unless --attempt says "+
			"otherwise: %s\n", len(at.Before), text.Some(at.Before))
	}
	if len(at.Ahead) > 0 {
		s.say("Times that are yet to come, so of a wrong clock or zone; they count as in time, so look: %s\n",
			text.Some(at.Ahead))
	}
	if at.AtOnce {
		s.say("All files have times within a few minutes. These may be of a copy, and not of what was handed in: " +
			"cp -p keeps times, as does the platform's zip.\n")
	}
	if len(at.Near) > 0 {
		s.say("Times in zips have no zone; they were read as %s. For these a zone within 14 hours would make a "+
			"difference, so look: %s\n", at.Zone, text.Some(at.Near))
	}
	if len(at.NearFiles) > 0 {
		s.say("Files' times are as this machine's zone has them, %s, and the due date is in %s: those of an unpacked "+
			"zip may be %s off. Give the zip itself, or unpack it with the due date's zone, as in TZ=Asia/Taipei "+
			"unzip. That would make a difference for these, so look: %s\n", at.Here, at.Due, at.Off,
			text.Some(at.NearFiles))
	}
	for _, pair := range at.ByName {
		s.say("%s is taken to be older than %s, as nothing but their names says which is; if it is the other way "+
			"round, give them in their order\n", pair[0], pair[1])
	}
	if len(at.MayBeWork) > 0 {
		s.say("Something that may be work was not read; notes in grades.csv say why: %s\n", text.Some(at.MayBeWork))
	}
	if len(at.Twice) > 0 {
		s.say("Two versions of a file, with %d of the students; notes in grades.csv say which was taken, and why: %s\n",
			len(at.Twice), text.Some(at.Twice))
	}
}

// changed says which marks are other than before.
func (s *session) changed(c *grade.Changes) {
	if c == nil {
		return
	}
	if c.Was != c.Is {
		s.say("The run before had another rule for being late (%s; now it is %s): %d marks change by it.\n",
			c.Was, c.Is, c.ByRule)
	}
	if len(c.Other) > 0 {
		s.say("The run before was graded otherwise: %s\n", strings.Join(c.Other, ", "))
	}
	var list []string
	for _, one := range c.Changed {
		list = append(list, fmt.Sprintf("%s %v → %v", one.Who, one.From, one.To))
	}
	if len(list) == 0 {
		s.say("Since the run before, no mark has changed.\n")
	} else {
		s.say("Since the run before, %d marks are as they were, and %d changed: %s\n", c.Same, len(list),
			text.Some(list))
	}
	if c.New > 0 {
		s.say("New marks: %d.\n", c.New)
	}
}

// finished says where the marks are, or what they wait for.
func (s *session) finished(out string, missing []string) {
	if len(missing) == 0 {
		s.say("The marks are in %s, and everything in %s.\n", filepath.Join(out, "grades.csv"),
			filepath.Join(out, "grades.json"))
		return
	}
	s.say("There are no marks yet. Missing: %d (%s). Once all is there: go tool kata merge %s\n", len(missing),
		text.Some(missing), out)
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
	if p.Only, err = only(p.Lessons, c.Lessons); err != nil {
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
		return p, text.Fail("%v: mend that, grade on a machine that has one, or use --trust, for code that you would "+
			"run yourself", err)
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

// only returns the names of those lessons that a list has, as in 02,03-spoof, in the course's order.
func only(lessons []curriculum.Lesson, list string) (names []string, err error) {
	if list == "" {
		return nil, nil
	}
	wanted := map[string]bool{}
	for arg := range strings.SplitSeq(list, ",") {
		arg = strings.TrimSpace(arg)
		at := slices.IndexFunc(lessons, func(l curriculum.Lesson) bool { return curriculum.IsNamed(l.Name, arg) })
		if at < 0 {
			return nil, text.Fail("--lessons has %q, which is no lesson with tasks: give them as in 02,03,04", arg)
		}
		wanted[lessons[at].Name] = true
	}
	for _, l := range lessons {
		if wanted[l.Name] {
			names = append(names, l.Name)
		}
	}
	return names, nil
}

// A grading says how far it has come: on a terminal, in one line.
type grading struct {
	s          *session
	isTerminal bool
	began      time.Time
	last       grade.Progress
}

// enough is how many have to be done, and for how long, before it can be said how long the others take.
const (
	enough     = 3
	longEnough = 5 * time.Second
)

func (f *grading) tell(p grade.Progress) {
	hadOne := p.Kept > f.last.Kept
	f.last = p
	fresh := p.Done - p.Kept
	took := time.Since(f.began)
	wrong := ""
	if p.Wrong != "" {
		wrong = " (!)"
	}
	switch {
	case p.Done == 0:
		f.began = time.Now()
		return
	case hadOne && !f.isTerminal: // which takes no time
	default:
		if f.isTerminal {
			fmt.Fprint(f.s.out, "\r\x1b[K")
		}
		if fresh < enough || took < longEnough {
			f.s.say("%d of %d: %s%s", p.Done, p.All, p.Who, wrong)
		} else {
			left := time.Duration(float64(took) / float64(fresh) * float64(p.All-p.Done)).Round(time.Second)
			f.s.say("%d of %d, %.1f a minute, %v left: %s%s", p.Done, p.All,
				float64(fresh)/max(took.Minutes(), 1e-9), left, p.Who, wrong)
		}
		if !f.isTerminal || p.Done == p.All {
			fmt.Fprintln(f.s.out)
		}
	}
	if p.Done == p.All && p.Kept > 0 {
		f.s.say("%d of %d needed no judging: their files were judged before, or are another's too.\n", p.Kept, p.All)
	}
	f.s.out.Flush()
}

// stopped says that a run has ended before its time.
func (f *grading) stopped() {
	if f.isTerminal && f.last.Done > 0 {
		fmt.Fprintln(f.s.out)
	}
	if f.last.All == 0 {
		f.s.say("Stopped before the first; the same command begins again.\n")
		return
	}
	f.s.say("Stopped at %d of %d; the same command goes on.\n", f.last.Done, f.last.All)
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
