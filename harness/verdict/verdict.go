// Package verdict names the states in which a task can end, and how the
// harness tells the judge which one it was: by attributes on the task's
// top-level test ([testing.T.Attr]), which `go test -json` prints as events
// of their own.
package verdict

// A State is how one task ended.
type State string

const (
	Passed        State = "passed"
	Failed        State = "failed"          // the code ran and did something else than wanted
	Todo          State = "todo"            // the code met its panic("TODO: …")
	DidNotCompile State = "did not compile" // go build or go vet refused the code
	Refused       State = "refused"         // a grader does not take the code (package policy), and so it did not run
	Crashed       State = "crashed"         // the process ended in the middle of the task
	Stuck         State = "stuck"           // the code did not end, or went round in circles
	Skipped       State = "skipped"         // this machine lacks a capability
	NotRun        State = "not run"         // nothing is known about the task
)

// gravity orders the states that the stories of one task can have in one
// process. A task has passed if each of its stories has, on every network that
// can tell it; a story that none can tell makes it skipped.
var gravity = map[State]int{Passed: 1, Skipped: 2, NotRun: 3, Todo: 4, Failed: 5, Stuck: 6, Crashed: 7}

// Worse returns whichever of a and b says more against the code; the empty
// state says nothing.
func Worse(a, b State) State {
	if gravity[b] > gravity[a] {
		return b
	}
	return a
}

// The attributes' keys.
const (
	StateAttr  = "kata.state"  // a State
	ReasonAttr = "kata.reason" // one line, for every state but Passed
	RulesAttr  = "kata.rules"  // which rules said what the failure most likely means, with blanks between them
)
