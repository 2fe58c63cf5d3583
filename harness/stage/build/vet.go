package build

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// vetChecks are those that go test has go vet make.
var vetChecks = []string{"-atomic", "-bool", "-buildtags", "-directive", "-errorsas", "-ifaceassert", "-nilfunc",
	"-printf", "-slog", "-stringintconv", "-tests"}

// Vet makes the checks of go vet that go test makes, over lessons that Stage has compiled in dir. It returns what is
// said of each lesson that there is something to say of.
//
// It does so as the go command does, but for what go vet learns of the packages that a lesson imports, which takes
// seconds and is known to it of those that format.
func (c *Course) Vet(ctx context.Context, lessons map[string]Submission, dir string) (said map[string]string,
	err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	b := &building{Course: c, ctx: ctx, dir: dir}
	said = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(lessons)) {
		output, err := b.vet(c.lessons[name])
		if err != nil {
			return nil, err
		}
		if output != "" {
			said[name] = b.rename(output, c.lessons[name], lessons[name])
		}
	}
	return said, nil
}

// A vetConfig says what to check (golang.org/x/tools/go/analysis/unitchecker has all of it).
type vetConfig struct {
	Compiler, Dir, ImportPath, GoVersion string
	GoFiles                              []string
	ImportMap                            map[string]string // of paths in the code to those of packages
	PackageFile                          map[string]string // of those to compiled packages
	VetxOutput                           string
}

// vet checks one lesson.
func (b *building) vet(l lesson) (output string, err error) {
	place := filepath.Join("lessons", l.Name)
	config := vetConfig{
		Compiler: "gc", Dir: place, ImportPath: module + "/lessons/" + l.Name, GoVersion: b.Version,
		ImportMap:   map[string]string{"unsafe": "unsafe"}, // which nobody compiles
		PackageFile: map[string]string{}, VetxOutput: l.Name + ".vetx",
	}
	files, err := os.ReadDir(filepath.Join(b.dir, place))
	if err != nil {
		return "", err
	}
	for _, f := range files {
		if match, err := system.MatchFile(filepath.Join(b.dir, place), f.Name()); err == nil && match {
			config.GoFiles = append(config.GoFiles, filepath.ToSlash(filepath.Join(place, f.Name())))
		}
	}
	packages, err := os.ReadFile(b.students)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(packages)) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "packagefile ")
		importPath, file, _ := strings.Cut(line, "=")
		config.ImportMap[importPath], config.PackageFile[importPath] = importPath, file
	}
	data, err := json.Marshal(config)
	if err != nil {
		return "", err
	}
	name := l.Name + ".vet.cfg" // which makes it a configuration for vet
	if err := os.WriteFile(filepath.Join(b.dir, name), data, 0o600); err != nil {
		return "", err
	}
	return b.tool("vet", append(slices.Clip(vetChecks), name)...)
}
