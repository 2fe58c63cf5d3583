package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
)

// asCommand makes this test's program the command itself.
const asCommand = "UDPKATA_TEST_KATA"

// TestMain makes kata a command of scripts.
func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		os.Exit(0)
	}
	testscript.Main(m, map[string]func(){"kata": main})
}

// TestScripts: each command, as it is typed, in a clone of a small course that testdata/course.txtar holds.
func TestScripts(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skipf("needs the command go, which this machine lacks (%v)", err)
	}
	inherited := goSettings(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "scripts"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, inherited...)
			env.Vars = append(env.Vars, "UDPKATA_LANG=en", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "VISUAL=",
				"EDITOR=")
			// Wherever the bookmark is.
			for _, name := range []string{"XDG_CONFIG_HOME", "AppData", "HOME", "USERPROFILE"} {
				env.Vars = append(env.Vars, name+"="+filepath.Join(env.WorkDir, "home"))
			}
			program, err := exec.LookPath("kata")
			if err != nil {
				return err
			}
			env.Vars = append(env.Vars, "KATA="+program) // for where PATH has nothing
			repository, err := filepath.Abs(filepath.Join("..", "..", ".."))
			if err != nil {
				return err
			}
			env.Vars = append(env.Vars, "REPOSITORY="+repository) // for a course that needs the whole house
			env.Cd = filepath.Join(env.WorkDir, "course")
			archive, err := txtar.ParseFile(filepath.Join("testdata", "course.txtar"))
			if err != nil {
				return err
			}
			return txtar.Write(archive, env.Cd)
		},
		Condition: func(name string) (bool, error) { return name == "root" && os.Getuid() == 0, nil },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// status N COMMAND… runs a command that has to end so.
			"status": func(ts *testscript.TestScript, _ bool, args []string) {
				want := args[0]
				got := "0"
				if err := ts.Exec(args[1], args[2:]...); err != nil {
					got = strings.TrimPrefix(err.Error(), "exit status ")
				}
				if got != want {
					ts.Fatalf("%s ended with status %s; want %s", strings.Join(args[1:], " "), got, want)
				}
			},
		},
	})
}

// goSettings returns where the go command keeps what it has built and downloaded, so that scripts need not do so again.
func goSettings(t *testing.T) (all []string) {
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, name+"="+strings.TrimSpace(string(out)))
	}
	return all
}
