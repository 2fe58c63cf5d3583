package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

const usage = "usage: kata judge [-race|-stage] [-v] LESSON DIR"

// judgeDir does what the command judge says, whose flags are those that it has always had.
func judgeDir(ctx context.Context, args []string, stdout io.Writer) (passed bool, err error) {
	flags := flag.NewFlagSet("judge", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	race := flags.Bool("race", false, "build with the race detector")
	apart := flags.Bool("stage", false, "run the code in a process of its own, away from its tests")
	verbose := flags.Bool("v", false, "print what the tests printed")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return false, err
	} else if err != nil {
		return false, fmt.Errorf("%w; %s", err, usage)
	}
	if flags.NArg() != 2 {
		return false, errors.New(usage)
	}
	root, err := curriculum.Root(".")
	if err != nil {
		return false, err
	}
	lesson, err := find(root, flags.Arg(0))
	if err != nil {
		return false, err
	}
	if info, err := os.Stat(flags.Arg(1)); err != nil {
		return false, err
	} else if !info.IsDir() {
		return false, fmt.Errorf("%s is no directory", flags.Arg(1))
	}
	params := judge.Params{Lesson: lesson, Dir: flags.Arg(1), Race: *race}
	if *apart {
		if params.Stage, err = judge.NewStage(ctx, root); err != nil {
			return false, err
		}
		defer params.Stage.Close()
	}
	report, err := judge.Run(ctx, params)
	if err != nil {
		return false, err
	}
	return show(stdout, lesson, report, *verbose)
}

// find returns the lesson that somebody means who writes 02-echo, echo or 2.
func find(root, name string) (curriculum.Lesson, error) {
	lessons, err := curriculum.Load(root)
	if err != nil {
		return curriculum.Lesson{}, err
	}
	var names []string
	for _, l := range lessons {
		if len(l.Tasks) == 0 {
			continue
		}
		if curriculum.IsNamed(l.Name, name) {
			return l, nil
		}
		names = append(names, l.Name)
	}
	return curriculum.Lesson{}, fmt.Errorf("there is no lesson %q with tasks; there are %s", name,
		strings.Join(names, ", "))
}

// show writes a report down, and says whether every task passed that this
// machine can tell of. A task that was skipped or not run counts neither way; but where
// one was not run, nobody can say that all passed.
func show(out io.Writer, lesson curriculum.Lesson, report judge.Report, verbose bool) (passed bool, err error) {
	w := bufio.NewWriter(out) // which keeps the first error
	for _, note := range report.Notes {
		fmt.Fprintf(w, "note: %s\n", note)
	}
	got, all, uncounted := 0, 0, map[verdict.State]int{}
	for i, r := range report.Results {
		points := lesson.Tasks[i].Points
		fmt.Fprintf(w, "%-15s %d  %s\n", r.State, points, r.Task)
		switch r.State {
		case verdict.Passed:
			got += points
			all += points
			continue
		case verdict.Skipped, verdict.NotRun:
			uncounted[r.State]++
		default:
			all += points
		}
		fmt.Fprintf(w, "%18s%s\n", "", r.Reason)
		if verbose {
			fmt.Fprintf(w, "%s\n", r.Output)
		}
	}
	fmt.Fprintf(w, "%s: %d of %d points", lesson.Name, got, all)
	for _, state := range []verdict.State{verdict.Skipped, verdict.NotRun} {
		switch n := uncounted[state]; {
		case n == 1:
			fmt.Fprintf(w, ", 1 task %s", state)
		case n > 1:
			fmt.Fprintf(w, ", %d tasks %s", n, state)
		}
	}
	fmt.Fprintln(w)
	if err := w.Flush(); err != nil {
		return false, text.Fail("the report could not be written: %v", err)
	}
	return got == all && uncounted[verdict.NotRun] == 0, nil
}
