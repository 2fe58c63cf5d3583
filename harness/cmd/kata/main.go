// Command kata is the course's command line:
//
//	go tool kata
//
// says where a student is, and which commands there are. The status is 0 if all that was asked about has passed, as far
// as this machine can tell, 1 if not yet, and 2 if it was asked wrongly or nothing could be found out. After SIGINT,
// SIGTERM or SIGHUP it is 128 and the signal's number, and nothing is left running.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"udpkata/harness/bookmark"
	"udpkata/harness/grade"
	"udpkata/harness/progress"
	"udpkata/harness/text"
)

func main() {
	ctx := untilSignal(context.Background())
	if os.Getenv(grade.BoxVariable) == "1" {
		if err := grade.InBox(ctx, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	passed, err := run(ctx, os.Args[1:], os.Stdout)
	ended := endedBy(0)
	switch {
	case errors.As(context.Cause(ctx), &ended):
		os.Exit(128 + int(ended))
	case err != nil:
		fmt.Fprintf(os.Stderr, "kata: %v\n", err)
		os.Exit(2)
	case !passed:
		os.Exit(1)
	}
}

// endedBy is the cause of a context's end that was a signal.
type endedBy syscall.Signal

func (e endedBy) Error() string { return syscall.Signal(e).String() }

// untilSignal returns a context that ends at the first signal that asks for this
// program's end, unless whoever started it keeps that signal from it, as nohup does.
func untilSignal(parent context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	caught := make(chan os.Signal, 1)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(caught, s)
		}
	}
	go func() { cancel(endedBy((<-caught).(syscall.Signal))) }()
	return ctx
}

// A session is what each command works with.
type session struct {
	context.Context
	out      *bufio.Writer
	course   progress.Course
	bookmark bookmark.Bookmark
	model    *kong.Node // the commands, as kong knows them
}

// say prints a sentence in the student's language.
func (s *session) say(format string, args ...any) {
	fmt.Fprint(s.out, text.Say(format, args...).In(text.Preferred()))
}

// A runner does what a command's name says, and reports whether all has passed that it was asked about.
type runner interface {
	run(s *session) (passed bool, err error)
}

// A loner is a command that has no use for the course, or finds it by itself.
type loner interface{ needsNoCourse() }

// commands are what can stand after kata.
type commands struct {
	Where      whereCommand      `cmd:"" default:"1" help:"Say where you are, and what is next."`
	List       listCommand       `cmd:"" help:"List lessons and tasks, with how they end and their points."`
	Test       testCommand       `cmd:"" help:"Run the current task, or a lesson's, or another, and show what failed."`
	Watch      watchCommand      `cmd:"" help:"Run what you save, as soon as you save it, and go on from task to task."`
	Next       nextCommand       `cmd:"" help:"Go on to the next task."`
	Prev       prevCommand       `cmd:"" help:"Go back to the task before."`
	Hint       hintCommand       `cmd:"" help:"Show one hint more."`
	Show       showCommand       `cmd:"" help:"Show what a task wants: in words, as the comment has it, and its test."`
	Open       openCommand       `cmd:"" help:"Open the task's line in your editor."`
	Solution   solutionCommand   `cmd:"" help:"Show how your files differ from the solution, once all tasks pass."`
	Reset      resetCommand      `cmd:"" help:"Put a lesson's stubs back; what you wrote is kept beside them."`
	Update     updateCommand     `cmd:"" help:"Bring newer lessons; what you wrote stays."`
	Demo       demoCommand       `cmd:"" help:"Run a lesson's demo over what you wrote."`
	Check      checkCommand      `cmd:"" help:"Say what a grader would refuse of your files, and what to do instead."`
	Doctor     doctorCommand     `cmd:"" help:"Say what this computer lacks for the course, and the cure."`
	Completion completionCommand `cmd:"" help:"Print what makes a shell complete commands, lessons and tasks."`
	Grade      gradeCommand      `cmd:"" help:"Grade what a class has handed in, each submission in a box."`
	Merge      mergeCommand      `cmd:"" help:"Put together what several machines have graded of a class."`
	Report     reportCommand     `cmd:"" help:"Write a class's marks for Canvas, Moodle, Gradescope and others."`
	Judge      judgeCommand      `cmd:"" passthrough:"" help:"Judge files: judge [-race|-stage] [-v] LESSON DIR."`
}

func run(ctx context.Context, args []string, stdout io.Writer) (passed bool, err error) {
	var cli commands
	helped := false
	parser, err := kong.New(&cli, kong.Name("go tool kata"), kong.Writers(stdout, stdout),
		kong.Description("The course's tool. What it does, go test ./lessons/... does too."),
		kong.Help(help), kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Exit(func(int) { helped = true }))
	if err != nil {
		return false, err
	}
	translate(parser.Model.Node)
	if len(args) > 0 && args[0] == "help" { // as many tools have it
		args = append(slices.Clone(args[1:]), "--help")
	}
	parsed, err := parser.Parse(toDemo(args))
	switch {
	case helped:
		return true, nil
	case err != nil:
		return false, text.Fail("%v (go tool kata --help lists the commands)", err)
	}
	out := bufio.NewWriter(stdout) // which keeps the first error
	s := &session{Context: ctx, out: out, model: parser.Model.Node}
	chosen := parsed.Selected().Target.Addr().Interface().(runner)
	if _, alone := chosen.(loner); !alone {
		if s.course, err = progress.Open("."); err != nil {
			return false, err
		}
		s.bookmark = bookmark.Load(s.course.Root)
	}
	passed, err = chosen.run(s)
	if failed := out.Flush(); failed != nil && err == nil {
		return false, text.Fail("the report could not be written: %v", failed)
	}
	return passed, err
}

type judgeCommand struct {
	Args []string `arg:"" optional:""`
}

func (*judgeCommand) needsNoCourse() {}

func (c *judgeCommand) run(s *session) (bool, error) {
	passed, err := judgeDir(s, c.Args, s.out)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(s.out, usage)
		return true, nil
	}
	return passed, err
}
