package intake_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/intake"
)

// gitIn runs git in a directory, as a student would.
func gitIn(t *testing.T, dir string, args ...string) string {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skipf("needs the command git: %v", err)
	}
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b",
		"GIT_COMMITTER_DATE=2026-11-30T12:00:00+0800", "GIT_AUTHOR_DATE=2001-01-01T00:00:00Z")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, "git %v: %s", args, &said)
	return string(out)
}

// cloned lays a repository with a commit.
func cloned(t *testing.T, dir string, entries ...at) {
	for _, e := range entries {
		lay(t, dir, e.name, e.content)
	}
	gitIn(t, dir, "init", "-q", "-b", "main")
	gitIn(t, dir, "add", "-A")
	gitIn(t, dir, "commit", "-q", "-m", "x")
}

// TestGit: of a repository, what HEAD names counts, whatever lies beside it.
func TestGit(t *testing.T) {
	tests := []struct {
		name  string
		then  func(t *testing.T, dir string) // what is done after the commit
		notes string
		files map[string]string
	}{
		{"as it was committed", func(*testing.T, string) {}, "", echoed},
		{"changed afterwards", func(t *testing.T, dir string) {
			lay(t, dir, "lessons/02-echo/echo.go", "package echo // later\n")
			lay(t, dir, "lessons/03-spoof/spoof.go", spoof)
		}, "02-echo/echo.go (+1) differs in the work tree; what is committed is taken", echoed},
		{"with other ends of lines", func(t *testing.T, dir string) {
			lay(t, dir, "lessons/02-echo/echo.go", strings.ReplaceAll(echo, "\n", "\r\n"))
		}, "", echoed},
		{"packed", func(t *testing.T, dir string) {
			gitIn(t, dir, "pack-refs", "--all")
			gitIn(t, dir, "gc", "-q")
		}, "", echoed},
		{"detached", func(t *testing.T, dir string) { gitIn(t, dir, "checkout", "-q", "--detach") }, "", echoed},
		{"another branch", func(t *testing.T, dir string) {
			gitIn(t, dir, "checkout", "-q", "-b", "more/work")
			lay(t, dir, "lessons/03-spoof/spoof.go", spoof)
			gitIn(t, dir, "add", "-A")
			gitIn(t, dir, "commit", "-q", "-m", "y")
		}, "", both},
		{"links and other repositories", func(t *testing.T, dir string) {
			require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "lessons/03-spoof.go")))
			gitIn(t, dir, "add", "-A")
			gitIn(t, dir, "update-index", "--add", "--cacheinfo",
				"160000,"+strings.TrimSpace(gitIn(t, dir, "rev-parse", "HEAD"))+",lessons/03-spoof")
			gitIn(t, dir, "commit", "-q", "-m", "y")
		}, "", echoed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			class := t.TempDir()
			dir := filepath.Join(class, "amy")
			cloned(t, dir, at{"go.mod", "module udpkata\n"}, at{"lessons/02-echo/echo.go", echo},
				at{"lessons/02-echo/echo_test.go", "package echo_test\n"})
			tt.then(t, dir)
			for _, path := range []string{class, dir} {
				all, _ := find(t, path)
				files, left, c := read(t, all[0])
				require.Equal(t, tt.files, files)
				require.Contains(t, left, "lessons/02-echo/echo_test.go")
				require.Equal(t, intake.CommitClock, c.Clock)
				require.True(t, time.Date(2026, 11, 30, 4, 0, 0, 0, time.UTC).Equal(c.Modified), "%v", c.Modified)
				if tt.notes == "" {
					require.Empty(t, c.Notes)
					continue
				}
				require.Equal(t, tt.notes, c.Notes[0].EN)
			}
		})
	}
}

// TestBare: a bare repository is read, of either kind of names for objects.
func TestBare(t *testing.T) {
	class := t.TempDir()
	dir := filepath.Join(t.TempDir(), "work")
	cloned(t, dir, at{"echo.go", echo})
	gitIn(t, class, "clone", "-q", "--bare", "--no-hardlinks", dir, "amy.git")
	all, _ := find(t, class)
	files, _, _ := read(t, all[0])
	require.Equal(t, echoed, files)
	require.Equal(t, "amy.git", all[0].Student)
	all, _ = find(t, filepath.Join(class, "amy.git"))
	files, _, _ = read(t, all[0])
	require.Equal(t, echoed, files)

	dir = filepath.Join(class, "bob")
	lay(t, dir, "echo.go", echo)
	gitIn(t, dir, "init", "-q", "--object-format=sha256")
	gitIn(t, dir, "add", "-A")
	gitIn(t, dir, "commit", "-q", "-m", "x")
	all, _ = find(t, dir)
	files, _, _ = read(t, all[0])
	require.Equal(t, echoed, files)
}

// TestGitIsNotObeyed: nothing that a repository's own settings would have run is run, and nothing is read of another
// repository's.
func TestGitIsNotObeyed(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "solutions")
	cloned(t, secret, at{"echo.go", "package echo // secret\n"})
	hidden := strings.TrimSpace(gitIn(t, secret, "rev-parse", "HEAD"))
	objects := filepath.Join(secret, ".git", "objects")
	const (
		elsewhere = "its repository needs another one"
		linked    = "its repository has a link, or something that is neither a file nor a folder"
	)
	tests := []struct {
		name string
		do   func(t *testing.T, dir, ran string)
		want string // "" if what was committed is read
	}{
		{"settings, hooks, filters", func(t *testing.T, dir, ran string) {
			script := "#!/bin/sh\ntouch " + ran + "\ncat\n"
			evil := filepath.Join(dir, ".git", "evil.sh")
			require.NoError(t, os.WriteFile(evil, []byte(script), 0o700))
			for _, hook := range []string{"post-checkout", "pre-commit", "post-index-change", "reference-transaction"} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, ".git", "hooks", hook), []byte(script), 0o700))
			}
			lay(t, dir, ".git/config",
				"[core]\n\trepositoryformatversion = 1\n\tfsmonitor = "+evil+"\n\tsshCommand = "+evil+
					"\n\tpager = "+evil+"\n\thooksPath = "+filepath.Join(dir, ".git",
					"hooks")+"\n\talternateRefsCommand = "+evil+
					"\n[filter \"x\"]\n\tsmudge = "+evil+"\n\tclean = "+evil+"\n\tprocess = "+evil+"\n[diff \"x\"]\n\t"+
					"textconv = "+
					evil+"\n[include]\n\tpath = "+evil+"\n[extensions]\n\tpartialClone = origin\n"+
					"[remote \"origin\"]\n\turl = "+
					"ssh://127.0.0.1/x\n\tpromisor = true\n\tuploadpack = "+evil+"\n[alias]\n\tls-tree = !"+evil+"\n")
			lay(t, dir, ".git/info/attributes", "* filter=x diff=x\n")
		}, ""},
		{"settings that are none", func(t *testing.T, dir, _ string) { lay(t, dir, ".git/config", "[core\n") }, ""},
		{"a missing object that would be fetched", func(t *testing.T, dir, ran string) {
			evil := filepath.Join(dir, ".git", "evil.sh")
			require.NoError(t, os.WriteFile(evil, []byte("#!/bin/sh\ntouch "+ran+"\n"), 0o700))
			lay(t, dir, ".git/config", "[core]\n\trepositoryformatversion = 1\n\tsshCommand = "+evil+
				"\n[extensions]\n\tpartialClone = origin\n[remote \"origin\"]\n"+
				"\turl = ssh://127.0.0.1/x\n\tpromisor = true\n")
			blob := strings.TrimSpace(gitIn(t, dir, "rev-parse", "HEAD:echo.go"))
			require.NoError(t, os.Remove(filepath.Join(dir, ".git", "objects", blob[:2], blob[2:])))
		}, "git can't read its repository"},
		{"another's objects", func(t *testing.T, dir, _ string) {
			lay(t, dir, ".git/objects/info/alternates", objects+"\n")
			lay(t, dir, ".git/HEAD", hidden+"\n")
		}, elsewhere},
		{"another's folder", func(t *testing.T, dir, _ string) {
			lay(t, dir, ".git/commondir", filepath.Dir(objects)+"\n")
			lay(t, dir, ".git/HEAD", hidden+"\n")
		}, elsewhere},
		{"a link to another's objects", func(t *testing.T, dir, _ string) {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, ".git", "objects")))
			require.NoError(t, os.Symlink(objects, filepath.Join(dir, ".git", "objects")))
		}, linked},
		{"a link to another's object", func(t *testing.T, dir, _ string) {
			at := filepath.Join(dir, ".git", "objects", hidden[:2])
			require.NoError(t, os.MkdirAll(at, 0o700))
			require.NoError(t, os.Symlink(filepath.Join(objects, hidden[:2], hidden[2:]), filepath.Join(at,
				hidden[2:])))
			lay(t, dir, ".git/HEAD", hidden+"\n")
		}, linked},
		{"another's repository", func(t *testing.T, dir, _ string) {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, ".git")))
			lay(t, dir, ".git", "gitdir: "+filepath.Dir(objects)+"\n")
		}, "its repository is elsewhere (.git is no folder)"},
		{"a link to another's repository", func(t *testing.T, dir, _ string) {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, ".git")))
			require.NoError(t, os.Symlink(filepath.Dir(objects), filepath.Join(dir, ".git")))
		}, "its repository is elsewhere (.git is no folder)"},
		{"a commit that is not there", func(t *testing.T, dir, _ string) { lay(t, dir, ".git/HEAD", hidden+"\n") },
			"git can't read its repository"},
		{"no commit", func(t *testing.T, dir, _ string) { lay(t, dir, ".git/HEAD", "ref: refs/heads/none\n") },
			"its repository has no commit that HEAD names"},
		{"a name that leads out", func(t *testing.T, dir, _ string) {
			lay(t, dir, ".git/HEAD", "ref: refs/../../../../"+filepath.Base(secret)+"\n")
		}, "its repository has no commit that HEAD names"},
		{"names in a circle", func(t *testing.T, dir, _ string) {
			lay(t, dir, ".git/HEAD", "ref: refs/heads/a\n")
			lay(t, dir, ".git/refs/heads/a", "ref: refs/heads/a\n")
		}, "its repository has no commit that HEAD names"},
		{"an option for a commit", func(t *testing.T, dir, _ string) { lay(t, dir, ".git/HEAD", "--help\n") },
			"its repository has no commit that HEAD names"},
		{"an empty repository", func(t *testing.T, dir, _ string) {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, ".git")))
			require.NoError(t, os.Mkdir(filepath.Join(dir, ".git"), 0o700))
		}, "it can't be read"},
		{"a damaged object", func(t *testing.T, dir, _ string) {
			blob := strings.TrimSpace(gitIn(t, dir, "rev-parse", "HEAD:echo.go"))
			at := filepath.Join(dir, ".git", "objects", blob[:2], blob[2:])
			require.NoError(t, os.Chmod(at, 0o600))
			require.NoError(t, os.WriteFile(at, []byte("x"), 0o600))
		}, "git can't read its repository"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "amy")
			ran := filepath.Join(t.TempDir(), "ran")
			cloned(t, dir, at{"echo.go", echo})
			tt.do(t, dir, ran)
			all, _ := find(t, dir)
			_, err := all[0].Unpack(t.Context())
			require.NoFileExists(t, ran)
			if tt.want != "" {
				require.Contains(t, refusal(t, err).Reason.EN, tt.want)
				return
			}
			require.NoError(t, err)
			files, _, _ := read(t, all[0])
			require.Equal(t, echoed, files)
		})
	}
}

// TestGitBomb: a tree that names itself again and again, as small as it is, is too much.
func TestGitBomb(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "amy")
	cloned(t, dir, at{"echo.go", echo})
	tree := strings.TrimSpace(gitIn(t, dir, "rev-parse", "HEAD^{tree}"))
	for range 10 {
		var list strings.Builder
		for n := range 10 {
			list.WriteString("040000 tree " + tree + "\td" + string(rune('0'+n)) + "\n")
		}
		cmd := exec.Command("git", "mktree")
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(list.String())
		out, err := cmd.Output()
		require.NoError(t, err)
		tree = strings.TrimSpace(string(out))
	}
	commit := gitIn(t, dir, "commit-tree", "-m", "bomb", tree)
	lay(t, dir, ".git/HEAD", commit)
	all, _ := find(t, dir)
	_, err := all[0].Unpack(t.Context())
	require.Contains(t, refusal(t, err).Reason.EN, "there are more than 20000 files and folders in it")
}
