package harness

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"time"

	"udpkata/harness/netlab"
	"udpkata/harness/text"
	"udpkata/harness/verdict"
	"udpkata/harness/wire"
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
	Text  text.Text
	Diff  difference
	Began time.Time
	Wire  []sighting
	Names map[netip.AddrPort]string
	Focus wire.Focus
	Mark  text.Text
	Blind []string
	Means []text.Text
	Code  []text.Text
	Seed  string
}

// A sighting is a datagram whose error is a text.
type sighting struct {
	wire.Datagram
	Err string
}

// send tells the process that started this one how its story ended.
func send(f *failure) {
	o := outcome{Told: true}
	if f != nil {
		x := f.wire
		o = outcome{true, f.state, f.at.file, f.at.number, f.text, f.diff, x.began, nil, x.names, x.focus, x.mark, x.blind, f.means, f.code, f.seed}
		for _, d := range f.wire.datagrams {
			s := sighting{Datagram: d}
			if d.Err != nil {
				s.Err = d.Err.Error()
			}
			o.Wire = append(o.Wire, s)
		}
	}
	pipe := os.NewFile(3, "outcome")
	defer pipe.Close()
	json.NewEncoder(pipe).Encode(o)
}

// failure is what the outcome was made of.
func (o outcome) failure() *failure {
	f := &failure{
		state: o.State, at: line{o.File, o.Line}, text: o.Text, diff: o.Diff, means: o.Means, code: o.Code, seed: o.Seed,
		wire: exchange{began: o.Began, names: o.Names, focus: o.Focus, mark: o.Mark, blind: o.Blind},
	}
	for _, s := range o.Wire {
		if s.Err != "" {
			s.Datagram.Err = errors.New(s.Err)
		}
		f.wire.datagrams = append(f.wire.datagrams, s.Datagram)
	}
	return f
}

// tellElsewhere has a story told in a lab, by a process of its own, and says as
// World.tell does how that went. What the code printed there, it prints.
func tellElsewhere(s site, story string, output io.Writer) *failure {
	from, to, err := os.Pipe()
	if err != nil {
		return &failure{state: verdict.NotRun, at: s.begin, text: text.Say("No pipe to the lab: %v.", err)}
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
	rest, _ := strings.CutSuffix(printed.String(), "PASS\n")
	io.WriteString(output, rest)
	var exit *exec.ExitError
	switch {
	case unread == nil && err == nil && o.State == "":
		return nil
	case unread == nil && o.State != "":
		return o.failure()
	case errors.As(err, &exit) && o.Told:
		return &failure{state: verdict.Failed, at: s.begin, text: text.Say("The story holds, but its process ended with %v; see above.", err)}
	case errors.As(err, &exit):
		return &failure{state: verdict.Crashed, at: s.begin, text: text.Say("The process ended in the middle of the story, with %v; see above.", err)}
	case err != nil:
		return &failure{state: verdict.NotRun, at: s.begin, text: text.Say("The lab's process did not start: %v.", err)}
	}
	return &failure{state: verdict.Crashed, at: s.begin, text: text.Say("The process ended in the middle of the story, as os.Exit does; see above.")}
}
