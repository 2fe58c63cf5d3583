package late_test

import (
	"fmt"
	"time"

	"udpkata/harness/late"
)

// What was handed in a day and a half after the due date.
func Example() {
	due, err := late.ParseDue("2026-12-01T23:59+08:00", nil)
	if err != nil {
		fmt.Println(err) // one line, which says how it is written
		return
	}
	policy, err := late.ParsePolicy("10%/day, at most 50%")
	if err != nil {
		fmt.Println(err)
		return
	}
	outcome := late.Rule{Due: due, Policy: policy}.ByTime(due.Add(36 * time.Hour))
	fmt.Println(outcome.Factor, outcome.By)
	// Output:
	// 0.8 36h0m0s
}
