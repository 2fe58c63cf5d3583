package judge

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"udpkata/harness/verdict"
)

// A Program is a lesson's test program, built over somebody's files.
type Program struct {
	path  string
	proof string   // what it prints first if the overlay took effect
	notes []string // which of the files were left out, and why
	stage string   // the program that has the files, where this one has stand-ins in their place

	refused *refusal // nil unless the files make none
}

// testProgram is what the file with a program is named.
const testProgram = "lesson.test.exe"

// proofFile is a test file that exists in the overlay alone.
const proofFile = "kata_overlay_test.go"

// A proof is these words, and a hash of the overlay.
const (
	proofWords = "kata-overlay "
	proofSize  = len(proofWords) + 2*sha256.Size
)

// Build builds the program that Run runs, and which is for those who judge the same files more than once. It is kept in
// dir, and goes with it. The error says what is wrong with the files, or why nothing can be built here.
func Build(ctx context.Context, p Params, dir string) (*Program, error) {
	code, notes, err := collect(p)
	if err != nil {
		return nil, &refusal{state: verdict.NotRun, reason: err.Error(), notes: notes}
	}
	if p.Stage != nil {
		return p.Stage.build(ctx, p, code, dir, notes)
	}
	return p.build(ctx, code, dir, notes)
}

// build builds the program in dir, over files by their names in the lesson's directory.
func (p Params) build(ctx context.Context, code map[string]string, dir string, notes []string) (*Program, error) {
	// go ignores an overlay's entry without a word if it knows the file by
	// another path, so the program has to prove that it was built with it.
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(code)) {
		data, err := os.ReadFile(code[name])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(hash, "%s %d\n%s", name, len(data), data)
	}
	built := &Program{
		path:  filepath.Join(dir, testProgram),
		proof: proofWords + hex.EncodeToString(hash.Sum(nil)),
		notes: notes,
	}
	proof := filepath.Join(dir, proofFile)
	source := fmt.Sprintf("package %s\n\nimport \"fmt\"\n\nfunc init() { fmt.Println(%q) }\n", p.Lesson.TestPackage,
		built.proof)
	if err := os.WriteFile(proof, []byte(source), 0o600); err != nil {
		return nil, err
	}
	replace := map[string]string{filepath.Join(p.Lesson.Dir, proofFile): proof}
	for name, source := range code {
		replace[filepath.Join(p.Lesson.Dir, filepath.FromSlash(name))] = source
	}
	if len(code) > 0 {
		added, err := p.added()
		if err != nil {
			return nil, err
		}
		for _, at := range added {
			if replace[at] == "" {
				replace[at] = "" // is no part of what is judged
			}
		}
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, data, 0o600); err != nil {
		return nil, err
	}

	// go has go vet look at a package in its directory, which has to be on the disk.
	isBelow := func(name string) bool { return strings.Contains(name, "/") }
	p.NoVet = p.NoVet || slices.ContainsFunc(slices.Collect(maps.Keys(code)), isBelow)
	refused, err := p.compile(ctx, built.path, list)
	if err != nil || refused == "" {
		return built, err
	}
	// If the course's own files make no program either, it is not for these files.
	if p.Dir != "" {
		_, err = p.control(ctx, dir)
	} else if _, machines := cureFor(refused); machines {
		err = p.cantBuild(refused)
	}
	if err != nil {
		return nil, err
	}
	refused = p.rewrite(refused, code)
	return nil, refusedBy(refused, notes)
}

// added lists the files with code that somebody who learns in this tree has added to the lesson, in its folder and
// below.
func (p Params) added() (all []string, err error) {
	for _, f := range p.Lesson.Files {
		if f.Added {
			all = append(all, filepath.Join(p.Lesson.Dir, f.Name))
		}
	}
	err = filepath.WalkDir(p.Lesson.Dir, func(at string, d fs.DirEntry, err error) error {
		folder := filepath.Dir(at)
		switch {
		case err != nil:
			return err
		case d.IsDir() && folder == p.Lesson.Dir && (d.Name() == "demo" || d.Name() == "testdata"):
			return fs.SkipDir
		case !d.IsDir() && folder != p.Lesson.Dir && at != p.Lesson.Dir && isCode(d.Name()):
			all = append(all, at)
		}
		return nil
	})
	return all, err
}

// control builds the test program of the course's own files, in dir. An error says why there can't be one here,
// whatever somebody's files are.
func (p Params) control(ctx context.Context, dir string) (path string, err error) {
	path = filepath.Join(dir, "own.test.exe")
	refused, err := p.compile(ctx, path, "")
	if err == nil && refused != "" {
		err = p.cantBuild(refused)
	}
	return path, err
}

// compile builds the lesson's test program, with an overlay if list is one's. It returns
// what go said if it refused.
func (p Params) compile(ctx context.Context, program, list string) (refused string, err error) {
	// With -cover, go would test the stubs and not say so (golang/go#73802). With -json,
	// nobody could read what it says. Without debugging information, which nobody reads
	// here, it is built faster. The paths of files tell whose lines are whose.
	args := []string{"test", "-c", "-o", program, "-cover=false", "-json=false", "-trimpath=false",
		"-gcflags=-dwarf=false", "-ldflags=-s -w", "-tags=" + p.Tags, "-race=" + strconv.FormatBool(p.Race)}
	if list != "" {
		args = append(args, "-overlay", list)
	}
	if p.NoVet {
		args = append(args, "-vet=off")
	}
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append(args, "./lessons/"+p.Lesson.Name)...)
	cmd.Dir = p.root()
	// A lesson is built before it has used so much memory: freeing some on the way costs time.
	cmd.Env = append(cmd.Environ(), "GOGC=off", "GOMEMLIMIT=256MiB",
		"GOTMPDIR="+filepath.Dir(program)) // what it leaves if it is killed
	cmd.WaitDelay = lastWords
	ownGroup(cmd)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Sprintf("The code did not compile within %v.", buildTimeout), nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &exit):
		return cmp.Or(strings.TrimSpace(output.String()), "go said nothing"), nil
	}
	return "", err
}

// cantBuild says in one line why the course itself can't be built here, and what would
// help.
func (p Params) cantBuild(output string) error {
	cure, known := cureFor(output)
	if !known {
		cure = "see that go test ./lessons/" + p.Lesson.Name + " works in " + p.root()
	}
	if p.behindLink() {
		cure = "the directory lessons of a clone must not be a symbolic link; clone the repository whole"
	}
	return fmt.Errorf("the course lacks what it needs here: %s (%s)", firstError(output), cure)
}

// cureFor returns what helps against what go says, if it is a known trouble of the machine's.
func cureFor(output string) (cure string, known bool) {
	for _, c := range cures {
		if strings.Contains(output, c.says) {
			return c.cure, true
		}
	}
	return "", false
}

// behindLink reports whether lessons/ is elsewhere than the rest of the repository.
func (p Params) behindLink() bool {
	_, err := os.Stat(filepath.Join(p.root(), "go.mod"))
	return errors.Is(err, os.ErrNotExist)
}

// cures are what helps against what go says where it can't build anything.
var cures = []struct{ says, cure string }{
	{"workspace", "GOWORK=off keeps a go.work above the clone out of it"},
	{"go.work", "GOWORK=off keeps a go.work above the clone out of it"},
	{"-mod=vendor", "take -mod=vendor out of GOFLAGS"},
	{"inconsistent vendoring", "take -mod=vendor out of GOFLAGS"},
	{"no space left on device", "make room, or set TMPDIR and GOCACHE to directories that have some"},
	{"disk quota exceeded", "make room, or set TMPDIR and GOCACHE to directories that have some"},
	{"GOCACHE", "set GOCACHE to a directory that can be written"},
	{"build cache", "set GOCACHE to a directory that can be written"},
	{"requires go", "install the Go that the course's go.mod names, or a later one"},
	{"toolchain not available", "install the Go that the course's go.mod names, or a later one"},
	{"C compiler", "the race detector needs a C compiler, such as gcc"},
	{"requires cgo", "the race detector needs a C compiler, such as gcc, and no CGO_ENABLED=0"},
	{"no required module provides", modules},
	{"missing go.sum entry", modules},
	{"cannot find module", modules},
	{"module lookup disabled", modules},
	{"dial tcp", modules},
}

const modules = "go mod download, with a network, brings the modules that the course needs"

// root returns the repository's directory, without symbolic links.
func (p Params) root() string { return filepath.Dir(filepath.Dir(p.Lesson.Dir)) }

// place is how go's messages begin: a file, a line, perhaps a column.
var place = regexp.MustCompile(`(?m)^\t?(vet: )?(.+\.go)(:\d+)`)

// rewrite names somebody's files in go's messages as that somebody does: by
// the directory that was given. go names them by whichever path is shortest.
func (p Params) rewrite(output string, code map[string]string) string {
	names := map[string]string{}
	for name, source := range code {
		name = filepath.FromSlash(name)
		target := filepath.Join(p.Lesson.Dir, name)
		names[source] = filepath.Join(p.Dir, name)
		names[target] = names[source] // of what can't be imported, go names the place in the course
		output = strings.ReplaceAll(output, target, names[source])
	}
	return place.ReplaceAllStringFunc(output, func(found string) string {
		m := place.FindStringSubmatch(found)
		path := m[2]
		if !filepath.IsAbs(path) {
			path = filepath.Join(p.root(), path)
		}
		if name, ok := names[path]; ok {
			return name + m[3]
		}
		return found
	})
}

// aboutPackage is a line that says of which package the next one is.
var aboutPackage = regexp.MustCompile(`^package \S+$`)

// firstError returns the first line of go's messages that says something. What it says of packages that import one
// another has a line for each, and the last one says what is wrong.
func firstError(output string) string {
	output = strings.ReplaceAll(output, "\n\timports ", " imports ")
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "FAIL") &&
			!strings.HasPrefix(line, "go: downloading ") && !aboutPackage.MatchString(line) {
			return line
		}
	}
	return "go build failed and did not say why"
}
