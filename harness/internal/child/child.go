// Package child tells a story in another process, in a lab: the process of the test
// starts it, and gets the failure back as data.
package child

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"

	"udpkata/harness/internal/failure"
	"udpkata/harness/internal/stacks"
	"udpkata/harness/netlab"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
)

// Variable names the one story that a process of netlab's tells, as in
// "TestProbe/lab/ip4".
const Variable = "UDPKATA_STORY"

// TellsAnother reports whether this process was started to tell another story.
func TellsAnother(task, story string) bool {
	return netlab.Inside() && os.Getenv(Variable) != task+"/"+story
}

// LabRequired reports whether the absence of labs is a failure, for whoever grades.
func LabRequired() bool { return os.Getenv("UDPKATA_LAB") == "require" }

// Send tells the process that started this one how its story went: f is nil if it
// holds.
func Send(f *failure.Failure) {
	pipe := os.NewFile(3, "outcome")
	defer pipe.Close()
	json.NewEncoder(pipe).Encode(f)
}

// Tell has a story of a test at a site told in a lab, by a process of its own, and
// returns its failure, or nil if it holds. What the code printed there goes to output.
func Tell(s stacks.Site, story string, output io.Writer) *failure.Failure {
	failed := func(state verdict.State, what text.Text) *failure.Failure {
		return &failure.Failure{State: state, At: s.Begin, Text: what}
	}
	from, to, err := os.Pipe()
	if err != nil {
		return failed(verdict.NotRun, text.Say("No pipe to the lab: %v.", err))
	}
	defer from.Close()
	cmd := netlab.Command("-test.run=^"+s.Task+"$", "-test.count=1", "-test.timeout=0", "-test.paniconexit0")
	cmd.Env = append(cmd.Env, Variable+"="+s.Task+"/"+story)
	cmd.ExtraFiles = []*os.File{to}
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	ended := make(chan error, 1)
	go func() {
		ended <- netlab.Run(cmd)
		to.Close()
	}()
	var f *failure.Failure // which stays nil if the story holds
	unread := json.NewDecoder(from).Decode(&f)
	err = <-ended
	rest, _ := strings.CutSuffix(printed.String(), "PASS\n")
	io.WriteString(output, rest)
	var exit *exec.ExitError
	switch {
	case unread == nil && (err == nil || f != nil):
		return f
	case errors.As(err, &exit) && unread == nil:
		return failed(verdict.Failed, text.Say("The story holds, but its process ended with %v; see above.", err))
	case errors.As(err, &exit):
		what := text.Say("The process ended in the middle of the story, with %v; see above.", err)
		return failed(verdict.Crashed, what)
	case err != nil:
		return failed(verdict.NotRun, text.Say("The lab's process did not start: %v.", err))
	}
	what := text.Say("The process ended in the middle of the story, as os.Exit does; see above.")
	return failed(verdict.Crashed, what)
}
