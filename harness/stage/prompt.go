//go:build linux

package stage

import "udpkata/harness/stage/link"

// A Prompt object is one of the judge's to which the code mostly need not listen: while IsPrompt says so, a line that
// is written to it, or a deadline to come that is set, is taken at once, and no error comes of it. In virtual time, the
// code goes on without an answer.
type Prompt interface{ IsPrompt() bool }

// A promptness is what the stage knows of such an object.
type promptness struct {
	number int64
	object Prompt
	known  bool // what it has said last
}

// promptnesses lists what the stage does not know yet.
func (s *Story) promptnesses() (all []link.Frame) {
	s.mu.Lock()
	prompt := s.prompt
	s.mu.Unlock()
	for _, p := range prompt {
		now := p.object.IsPrompt()
		if now == p.known {
			continue
		}
		p.known = now
		f := link.Frame{Kind: link.Prompt, Story: s.number, ID: p.number}
		if now {
			f.N = 1
		}
		all = append(all, f)
	}
	return all
}
