package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"udpkata/harness/sandbox/confine"
)

// A Sandbox is a kind of box that works on this machine. Many goroutines may use it.
type Sandbox struct {
	Name  string // as in [Bubblewrap]
	Stamp string // what a report says of it, in a few words
	tier  tier
}

// A tier is a kind of box.
type tier interface {
	// stamp says what a report has to say.
	stamp() string
	// start starts the box's command.
	start(b *box) error
	// processes lists the numbers of the box's processes.
	processes(b *box) []int
	// files returns how much room there is taken in the working directory, and by how many files.
	files(b *box) (bytes, files int64)
	// end ends whatever is left, and removes it.
	end(b *box) error
}

// tiers are all kinds, the best first.
var tiers = []struct {
	name string
	tier tier
}{{Bubblewrap, bubblewrap{}}, {Container, container{}}, {Trust, trust{}}}

// probeVariable has this program do nothing, in the box in which it is tried.
const probeVariable = "UDPKATA_SANDBOX_PROBE"

func init() {
	if os.Getenv(probeVariable) != "" {
		os.Exit(0)
	}
}

// Find returns the best kind of box that works on this machine, or the one that has a name. The error says in one line
// why there is none, and how to get one.
func Find(ctx context.Context, name string) (*Sandbox, error) {
	var why []string
	for _, kind := range tiers {
		if kind.name != name && (name != "" || kind.name == Trust) {
			continue
		}
		s := &Sandbox{kind.name, kind.tier.stamp(), kind.tier}
		err := s.probe(ctx)
		if err == nil {
			if missing := confine.Missing(); missing != nil {
				s.Stamp += "; the code is not kept from its judge as it should be: " +
					strings.Join(missing, ", ")
			}
			return s, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		why = append(why, kind.name+": "+err.Error())
	}
	if why == nil {
		return nil, fmt.Errorf("there is no sandbox %q; there are %s, %s and %s", name, Bubblewrap, Container, Trust)
	}
	return nil, fmt.Errorf("no sandbox works here (%s)", strings.Join(why, "; "))
}

// probe runs this program, which does nothing then, in a box.
func (s *Sandbox) probe(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	c := Command{Args: []string{program}, Read: []string{program}, Env: []string{probeVariable + "=1"}, Limits: Usual()}
	c.Wall = time.Minute
	out, err := s.Run(ctx, c)
	switch {
	case err != nil:
		return err
	case out.Limit != "":
		return fmt.Errorf("a program that does nothing ends by a limit: %s", out.Limit)
	case out.Status != 0:
		return errors.New(cure(out.Status, string(out.Stderr)))
	}
	return nil
}

// cure says what has gone wrong, in one line, with what would help if that is known.
func cure(status int, said string) string {
	why, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	if why == "" {
		why = fmt.Sprintf("status %d", status)
	}
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(said, part) })
	}
	apparmor, _ := os.ReadFile("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
	switch restricted := strings.TrimSpace(string(apparmor)) == "1"; {
	case restricted && os.Getuid() != 0 && has("uid map", "RTM_NEWADDR", "ermission"):
		why += ": sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
	case has("No permissions to creat", "namespace", "Operation not permitted", "mount"):
		why += ": use a Linux that allows user namespaces, not a container"
	}
	return why
}
