package judge

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A binary is a lesson's test program, built over somebody's files.
type binary struct {
	params Params
	path   string
	proof  string // what it prints first if the overlay took effect
}

// A compileError is that the files make no program.
type compileError struct{ output string } // what go build or go vet said

// Error returns the first of the complaints.
func (e *compileError) Error() string { return firstError(e.output) }

// proofFile is a test file that exists in the overlay alone.
const proofFile = "kata_overlay_test.go"

// build builds the test program in tmp. If the files are at fault, the error is a
// [compileError].
func build(ctx context.Context, p Params, tmp string, overlay map[string]string) (*binary, error) {
	b := &binary{params: p, path: filepath.Join(tmp, "lesson.test.exe")}

	// go ignores an overlay's entry without a word if it knows the file by
	// another path, so the program has to prove that it was built with it.
	hash := sha256.New()
	for _, target := range slices.Sorted(maps.Keys(overlay)) {
		data, err := os.ReadFile(overlay[target])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(hash, "%s %d\n%s", filepath.Base(target), len(data), data)
	}
	b.proof = "kata-overlay " + hex.EncodeToString(hash.Sum(nil))
	proof := filepath.Join(tmp, proofFile)
	source := fmt.Sprintf("package %s\n\nimport \"fmt\"\n\nfunc init() { fmt.Println(%q) }\n", p.Lesson.TestPackage,
		b.proof)
	if err := os.WriteFile(proof, []byte(source), 0o600); err != nil {
		return nil, err
	}
	replace := maps.Clone(overlay)
	replace[filepath.Join(p.Lesson.Dir, proofFile)] = proof
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	list := filepath.Join(tmp, "overlay.json")
	if err := os.WriteFile(list, data, 0o600); err != nil {
		return nil, err
	}

	// With -cover, go would test the stubs and not say so (golang/go#73802).
	// Without debugging information, which nobody reads here, it is built faster.
	args := []string{"test", "-c", "-o", b.path, "-overlay", list, "-cover=false", "-gcflags=-dwarf=false",
		"-ldflags=-s -w", "-tags=" + p.Tags}
	if p.Race {
		args = append(args, "-race")
	}
	if p.NoVet {
		args = append(args, "-vet=off")
	}
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append(args, "./lessons/"+p.Lesson.Name)...)
	cmd.Dir = p.root()
	// A lesson is built before it has used so much memory: freeing some on the way costs time.
	cmd.Env = append(cmd.Environ(), "GOGC=off", "GOMEMLIMIT=256MiB")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, &compileError{fmt.Sprintf("The code did not compile within %v.", buildTimeout)}
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &exit):
		if err := p.complete(ctx); err != nil {
			return nil, err
		}
		return nil, &compileError{b.rewrite(output.String(), overlay)}
	case err != nil:
		return nil, err
	}
	return b, nil
}

// complete returns an error if the course itself can't be built here, whatever the
// files are: a module that it needs is not on this machine.
func (p Params) complete(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-test", "-tags="+p.Tags, "./lessons/"+p.Lesson.Name)
	cmd.Dir = p.root()
	var output bytes.Buffer
	cmd.Stderr = &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the course lacks what it needs: %s (go mod download, with a network, brings modules)",
			firstError(output.String()))
	}
	return nil
}

// root returns the repository's directory, without symbolic links.
func (p Params) root() string { return filepath.Dir(filepath.Dir(p.Lesson.Dir)) }

// place is how go's messages begin: a file, a line, perhaps a column.
var place = regexp.MustCompile(`(?m)^(vet: )?(.+\.go)(:\d+)`)

// rewrite names somebody's files in go's messages as that somebody does: by
// the directory that was given. go names them by whichever path is shortest.
func (b *binary) rewrite(output string, overlay map[string]string) string {
	names := map[string]string{}
	for target, source := range overlay {
		names[source] = filepath.Join(b.params.Dir, filepath.Base(source))
		output = strings.ReplaceAll(output, target, names[source])
	}
	return place.ReplaceAllStringFunc(output, func(found string) string {
		m := place.FindStringSubmatch(found)
		path := m[2]
		if !filepath.IsAbs(path) {
			path = filepath.Join(b.params.root(), path)
		}
		if name, ok := names[path]; ok {
			return name + m[3]
		}
		return found
	})
}

// firstError returns the first line of go's messages that says something.
func firstError(output string) string {
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "FAIL") &&
			!strings.HasPrefix(line, "go: downloading ") {
			return line
		}
	}
	return "go build failed and did not say why"
}
