package judge_test

import (
	"context"
	"fmt"
	"os"
	"slices"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
)

// Somebody hands in an empty directory. That is no error of the judge's: each task of
// the lesson has a result, which says why nothing is known about it.
func Example() {
	handedIn, err := os.MkdirTemp("", "handed-in-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(handedIn)
	root, err := curriculum.Root(".")
	if err != nil {
		fmt.Println(err)
		return
	}
	lessons, err := curriculum.Load(root)
	if err != nil {
		fmt.Println(err)
		return
	}
	first := slices.IndexFunc(lessons, func(l curriculum.Lesson) bool { return len(l.Tasks) > 0 })
	report, err := judge.Run(context.Background(), judge.Params{Lesson: lessons[first], Dir: handedIn})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(report.Results) == len(lessons[first].Tasks), report.Results[0].State)
	// Output:
	// true not run
}
