package main

import (
	"strings"

	"udpkata/harness/curriculum"
	"udpkata/harness/update"
)

type updateCommand struct {
	Source string `arg:"" optional:"" placeholder:"SOURCE" help:"A directory, a zip, or git's remote or URL."`
}

func (*updateCommand) needsNoCourse() {} // what is broken may be mended by it

func (c *updateCommand) run(s *session) (bool, error) {
	root, err := curriculum.Root(".")
	if err != nil {
		return false, err
	}
	changes, before, err := update.Update(s, root, c.Source)
	if err != nil {
		return false, err
	}
	if len(changes) == 0 {
		s.say("There is nothing newer.\n")
		return true, nil
	}
	var parts []string
	counts := map[string]map[update.Kind]int{}
	for _, change := range changes {
		part := partOf(change.Path)
		if counts[part] == nil {
			parts = append(parts, part)
			counts[part] = map[update.Kind]int{}
		}
		counts[part][change.Kind]++
	}
	for _, part := range parts {
		n := counts[part]
		if n[update.Replaced]+n[update.Added]+n[update.Removed] > 0 {
			s.say("%s: %d files replaced, %d new, %d gone\n", part, n[update.Replaced], n[update.Added],
				n[update.Removed])
		}
	}
	for _, change := range changes {
		switch change.Kind {
		case update.Beside:
			s.say("%s is yours, and stays; the newer one is beside it, in %s.\n", change.Path,
				change.Path+update.NewExt)
		case update.Kept:
			s.say("%s is yours, and stays; the newer course does without it.\n", change.Path)
		}
	}
	if before != "" {
		s.say("What was there before is in %s; remove it when you miss nothing.\n", before)
	}
	return true, nil
}

// partOf names the lesson that a file is in, or the directory at the top, or the file.
func partOf(path string) string {
	parts := strings.Split(path, "/")
	if parts[0] == "lessons" && len(parts) > 2 {
		return parts[1]
	}
	return parts[0]
}
