// Command kata is the course's command line:
//
//	go tool kata judge [-race] [-v] LESSON DIR
//
// judges the files in DIR by the tests of a lesson, and prints how each task
// ended. The status is 0 if all of them passed, 1 if not, and 2 if nothing
// could be judged.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
	"udpkata/harness/verdict"
)

const usage = "usage: kata judge [-race] [-v] LESSON DIR"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	passed, err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Println(usage)
	case err != nil:
		fmt.Fprintf(os.Stderr, "kata: %v\n", err)
		os.Exit(2)
	case !passed:
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) (passed bool, err error) {
	if len(args) == 0 || args[0] != "judge" {
		return false, errors.New(usage)
	}
	flags := flag.NewFlagSet("judge", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	race := flags.Bool("race", false, "build with the race detector")
	verbose := flags.Bool("v", false, "print what the tests printed")
	if err := flags.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
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
	report, err := judge.Run(ctx, judge.Params{Lesson: lesson, Dir: flags.Arg(1), Race: *race})
	if err != nil {
		return false, err
	}
	return show(stdout, lesson, report, *verbose), nil
}

// find returns the lesson of a name, such as 02-echo.
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
		if l.Name == name {
			return l, nil
		}
		names = append(names, l.Name)
	}
	return curriculum.Lesson{}, fmt.Errorf("there is no lesson %q with tasks; there are %s", name,
		strings.Join(names, ", "))
}

// show writes a report down, and says whether every task passed that this
// machine can tell of. A task that was skipped counts neither way.
func show(w io.Writer, lesson curriculum.Lesson, report judge.Report, verbose bool) bool {
	for _, note := range report.Notes {
		fmt.Fprintf(w, "note: %s\n", note)
	}
	got, all, skipped := 0, 0, 0
	for i, r := range report.Results {
		points := lesson.Tasks[i].Points
		fmt.Fprintf(w, "%-15s %d  %s\n", r.State, points, r.Task)
		switch r.State {
		case verdict.Passed:
			got += points
			all += points
			continue
		case verdict.Skipped:
			skipped++
		default:
			all += points
		}
		fmt.Fprintf(w, "%18s%s\n", "", r.Reason)
		if verbose {
			fmt.Fprintf(w, "%s\n", r.Output)
		}
	}
	fmt.Fprintf(w, "%s: %d of %d points", lesson.Name, got, all)
	switch {
	case skipped == 1:
		fmt.Fprint(w, ", 1 task skipped")
	case skipped > 1:
		fmt.Fprintf(w, ", %d tasks skipped", skipped)
	}
	fmt.Fprintln(w)
	return got == all
}
