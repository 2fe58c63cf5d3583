package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"udpkata/harness/progress"
)

type completionCommand struct {
	Shell string   `arg:"" enum:"bash,zsh,fish,words" placeholder:"SHELL" help:"bash, zsh or fish."`
	Words []string `arg:"" optional:"" passthrough:"" hidden:""`
}

func (*completionCommand) needsNoCourse() {}

// scripts make kata a command of a shell, as nobody likes to write go tool kata, and ask this tool which words may come
// next.
var scripts = map[string]string{
	"bash": `# eval "$(go tool kata completion bash)"
kata() { go tool kata "$@"; }
_kata() {
  COMPREPLY=($(compgen -W "$(go tool kata completion words "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)" \
    -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _kata kata
`,
	"zsh": `# eval "$(go tool kata completion zsh)"
kata() { go tool kata "$@"; }
_kata() {
  local -a found
  found=(${(f)"$(go tool kata completion words "${(@)words[2,CURRENT-1]}" 2>/dev/null)"})
  compadd -a found || _files
}
compdef _kata kata
`,
	"fish": `# go tool kata completion fish | source
function kata; go tool kata $argv; end
complete -c kata -f -a '(go tool kata completion words (commandline -opc)[2..] 2>/dev/null)'
`,
}

func (c *completionCommand) run(s *session) (bool, error) {
	if script, known := scripts[c.Shell]; known {
		fmt.Fprint(s.out, script)
		return true, nil
	}
	course, _ := progress.Open(".") // outside of a course, there are commands alone
	for _, word := range candidates(s.model, course, c.Words) {
		fmt.Fprintln(s.out, word)
	}
	return true, nil
}

// candidates returns the words that may come after others.
func candidates(model *kong.Node, course progress.Course, before []string) (all []string) {
	if len(before) == 0 {
		for _, command := range model.Children {
			if !command.Hidden {
				all = append(all, command.Name)
			}
		}
		return all
	}
	for _, command := range model.Children {
		if command.Name != before[0] {
			continue
		}
		at := 0
		for _, word := range before[1:] {
			if !strings.HasPrefix(word, "-") {
				at++
			}
		}
		placeholder := ""
		if at < len(command.Positional) {
			placeholder = command.Positional[at].Tag.PlaceHolder
		}
		if command.Name == "judge" && at == 0 {
			placeholder = "LESSON"
		}
		if placeholder == "SHELL" {
			all = append(all, "bash", "zsh", "fish")
		}
		for i, t := range course.Tasks {
			first := i == 0 || course.Tasks[i-1].Lesson.Name != t.Lesson.Name
			if first && (strings.Contains(placeholder, "LESSON") || strings.Contains(placeholder, "TASK")) {
				all = append(all, t.Lesson.Name)
			}
			if strings.Contains(placeholder, "TASK") {
				all = append(all, t.ID())
			}
		}
		for _, flag := range command.Flags {
			if !flag.Hidden {
				all = append(all, "--"+flag.Name)
			}
		}
	}
	return all
}
