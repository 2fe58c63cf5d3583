package harness

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"udpkata/harness/netlab"
	"udpkata/harness/verdict"
)

// This file is about stories that are told in another process, in a lab.

// storyVariable names the one story that a process of netlab's tells.
const storyVariable = "UDPKATA_STORY"

// elsewhere reports whether this process was started to tell another story.
func elsewhere(task, story string) bool {
	return netlab.Inside() && os.Getenv(storyVariable) != task+"/"+story
}

// labRequired turns the absence of labs into a failure, for whoever grades.
func labRequired() bool { return os.Getenv("UDPKATA_LAB") == "require" }

// An outcome is what a story's own process says of it: a failure's fields.
type outcome struct {
	Told  bool
	State verdict.State
	File  string
	Line  int
	Text  string
	Wire  string
	Code  []string
}

// send tells the process that started this one how its story ended.
func send(f *failure) {
	o := outcome{Told: true}
	if f != nil {
		o = outcome{true, f.state, f.at.file, f.at.number, f.text, f.wire, f.code}
	}
	pipe := os.NewFile(3, "outcome")
	defer pipe.Close()
	json.NewEncoder(pipe).Encode(o)
}

// tellElsewhere has a story told in a lab, by a process of its own, and says as
// World.tell does how that went. What the code printed there, it prints.
func tellElsewhere(s site, story string, output io.Writer) *failure {
	from, to, err := os.Pipe()
	if err != nil {
		return &failure{state: verdict.NotRun, at: s.begin, text: fmt.Sprintf("No pipe to the lab: %v.", err)}
	}
	defer from.Close()
	cmd := netlab.Command("-test.run=^"+s.task+"$", "-test.count=1", "-test.timeout=0", "-test.paniconexit0")
	cmd.Env = append(cmd.Env, storyVariable+"="+s.task+"/"+story)
	cmd.ExtraFiles = []*os.File{to}
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	ended := make(chan error, 1)
	go func() {
		ended <- netlab.Run(cmd)
		to.Close()
	}()
	var o outcome
	unread := json.NewDecoder(from).Decode(&o)
	err = <-ended
	text, _ := strings.CutSuffix(printed.String(), "PASS\n")
	io.WriteString(output, text)
	var exit *exec.ExitError
	switch {
	case unread == nil && err == nil && o.State == "":
		return nil
	case unread == nil && o.State != "":
		return &failure{state: o.State, at: line{o.File, o.Line}, text: o.Text, wire: o.Wire, code: o.Code}
	case errors.As(err, &exit) && o.Told:
		return &failure{state: verdict.Failed, at: s.begin, text: fmt.Sprintf("The story holds, but its process ended with %v; see above.", err)}
	case errors.As(err, &exit):
		return &failure{state: verdict.Crashed, at: s.begin, text: fmt.Sprintf("The process ended in the middle of the story, with %v; see above.", err)}
	case err != nil:
		return &failure{state: verdict.NotRun, at: s.begin, text: fmt.Sprintf("The lab's process did not start: %v.", err)}
	}
	return &failure{state: verdict.Crashed, at: s.begin, text: "The process ended in the middle of the story, as os.Exit does; see above."}
}
