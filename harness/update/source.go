package update

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"udpkata/harness/text"
)

// fetch returns a directory that holds what a source has, where that comes from, and what removes the directory, if it
// has to be. A source is a directory, a zip, a remote of the clone's, or whatever git clones; "" is the remote
// upstream, or else origin.
func fetch(ctx context.Context, root, source string) (dir, from string, done func(), err error) {
	info, err := os.Stat(source)
	if err == nil && info.IsDir() && !isBare(source) {
		dir, err = filepath.Abs(source)
		return dir, source, func() {}, err
	}
	isZip := err == nil && !info.IsDir()
	tmp, err := os.MkdirTemp("", "udpkata-update-")
	if err != nil {
		return "", source, nil, err
	}
	done = func() { os.RemoveAll(tmp) }
	if isZip {
		from = source
		dir, err = unzip(source, tmp)
	} else {
		dir = tmp
		from, err = clone(ctx, root, source, tmp)
	}
	if err != nil {
		done()
		return "", from, nil, err
	}
	return dir, from, done, nil
}

// isBare reports whether a directory is a repository of git's without a work tree.
func isBare(dir string) bool {
	_, noHead := os.Stat(filepath.Join(dir, "HEAD"))
	_, noObjects := os.Stat(filepath.Join(dir, "objects"))
	return noHead == nil && noObjects == nil
}

// clone has git bring a source to a directory, and returns its URL. What a source is that is no remote's name, git
// says. Of a remote that the branch here follows, it is the branch that it follows.
func clone(ctx context.Context, root, source, dir string) (url string, err error) {
	if _, err := exec.LookPath("git"); err != nil {
		return "", text.Fail("there is no git here, to fetch %s: name a directory or a zip that holds newer lessons",
			cmp.Or(source, "upstream"))
	}
	url = source
	args := []string{"-c", "core.autocrlf=false", "clone", "--quiet", "--depth=1", "--no-tags"}
	for _, remote := range []string{source, "upstream", "origin"} {
		if remote == "" || source != "" && remote != source {
			continue
		}
		if out, err := gitIn(ctx, root, "remote", "get-url", "--", remote); err == nil {
			url = strings.TrimSpace(out)
			followed, err := gitIn(ctx, root, "rev-parse", "--abbrev-ref", "@{upstream}")
			if branch, ok := strings.CutPrefix(strings.TrimSpace(followed), remote+"/"); ok && err == nil {
				args = append(args, "--branch", branch)
			}
			break
		}
	}
	if url == "" {
		return "", text.Fail("this clone has no remote: name where newer lessons are, a URL, a zip or a directory")
	}
	out, err := gitIn(ctx, root, append(args, "--", url, dir)...)
	if ctx.Err() != nil {
		return url, ctx.Err()
	}
	if err != nil {
		return url, text.Fail("git can't bring %s: %s", url, cmp.Or(lastLine(out), err.Error()))
	}
	return url, nil
}

// gitIn runs git and returns what it says. It asks nobody for a password.
func gitIn(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_SSH_COMMAND=ssh -oBatchMode=yes")
	cmd.WaitDelay = time.Second // for what it has started
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func lastLine(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return lines[len(lines)-1]
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// moduleOf returns the name of the module in a directory.
func moduleOf(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(line, "module "); ok {
			return strings.TrimSpace(name), nil
		}
	}
	return "", text.Fail("%s names no module", filepath.Join(dir, "go.mod"))
}
