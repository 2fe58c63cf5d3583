package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"udpkata/harness/progress"
	"udpkata/harness/text"
)

type openCommand struct {
	What string `arg:"" optional:"" placeholder:"TASK" help:"The current task, unless another is named."`
}

func (c *openCommand) run(s *session) (bool, error) {
	t, err := s.one(c.What)
	if err != nil {
		return false, err
	}
	named := cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR")) != ""
	if !named && !(term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))) {
		fmt.Fprintln(s.out, s.at(t.Place())) // the editor that would be found may need a terminal
		return true, nil
	}
	editor, err := editor()
	if err != nil {
		return false, err
	}
	line := editorLine(editor, t.Place())
	cmd := exec.CommandContext(s, line[0], line[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return false, text.Fail("the editor %s: %v (set VISUAL or EDITOR to another one)", editor[0], err)
	}
	return true, nil
}

// editors are those that are looked for where none is named.
var editors = []string{"code", "zed", "subl", "nvim", "vim", "nano", "vi", "notepad"}

// editor returns the command of the student's editor: $VISUAL, $EDITOR, or one that is there.
func editor() ([]string, error) {
	if named := strings.Fields(cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"))); len(named) > 0 {
		return named, nil
	}
	for _, name := range editors {
		if _, err := exec.LookPath(name); err == nil {
			return []string{name}, nil
		}
	}
	return nil, text.Fail("no editor is found here; set VISUAL or EDITOR to one")
}

// editorLine returns the command that opens a place.
func editorLine(editor []string, p progress.Place) []string {
	name := strings.TrimSuffix(strings.ToLower(filepath.Base(editor[0])), ".exe")
	at := fmt.Sprintf("%s:%d", p.File, p.Line)
	switch name {
	case "code", "codium", "cursor", "code-insiders":
		return append(editor, "--goto", at)
	case "subl", "zed", "hx", "helix", "micro":
		return append(editor, at)
	case "vi", "vim", "nvim", "gvim", "nano", "pico", "emacs", "emacsclient", "kak", "joe", "ne", "mg":
		return append(editor, fmt.Sprintf("+%d", p.Line), p.File)
	}
	return append(editor, p.File)
}
