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
	PackageVetx                          map[string]string // of those to what was learnt of them
	VetxOnly                             bool              // to learn, and to say nothing
	VetxOutput                           string
}

// vet checks one lesson. Of its packages in folders below, go test has go vet learn what they are about, such as which
// functions print, and say nothing.
func (b *building) vet(l lesson) (output string, err error) {
	students, err := os.ReadFile(b.students)
	if err != nil {
		return "", err
	}
	own, err := os.ReadFile(filepath.Join(b.dir, l.importcfg()))
	if err != nil {
		return "", err
	}
	config := vetConfig{
		Compiler: "gc", GoVersion: b.Version,
		ImportMap:   map[string]string{"unsafe": "unsafe"}, // which nobody compiles
		PackageFile: map[string]string{}, PackageVetx: map[string]string{},
	}
	for line := range strings.Lines(string(students)) {
		config.add(line)
	}
	for line := range strings.Lines(string(own)) {
		importPath, archive := config.add(line)
		config.ImportPath, config.VetxOnly = importPath, importPath != l.importPath(".")
		config.VetxOutput = archive + ".vetx"
		if output, err = b.vetPackage(l, config); output != "" || err != nil {
			return output, err
		}
		config.PackageVetx[importPath] = config.VetxOutput
	}
	return "", nil
}

// add adds a compiled package, of which there is a line.
func (c *vetConfig) add(line string) (importPath, file string) {
	importPath, file, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "packagefile "), "=")
	c.ImportMap[importPath], c.PackageFile[importPath] = importPath, file
	return importPath, file
}

// vetPackage checks one package of a lesson's.
func (b *building) vetPackage(l lesson, config vetConfig) (output string, err error) {
	folder, _ := l.folder(config.ImportPath)
	config.Dir = filepath.Join("lessons", l.Name, filepath.FromSlash(folder))
	config.GoFiles = nil
	files, err := os.ReadDir(filepath.Join(b.dir, config.Dir))
	if err != nil {
		return "", err
	}
	for _, f := range files {
		match, err := system.MatchFile(filepath.Join(b.dir, config.Dir), f.Name())
		if err == nil && match && !f.IsDir() {
			config.GoFiles = append(config.GoFiles, filepath.ToSlash(filepath.Join(config.Dir, f.Name())))
		}
	}
	data, err := json.Marshal(config)
	if err != nil {
		return "", err
	}
	name := config.PackageFile[config.ImportPath] + ".vet.cfg" // which makes it a configuration for vet
	if err := os.WriteFile(filepath.Join(b.dir, name), data, 0o600); err != nil {
		return "", err
	}
	return b.tool("vet", append(slices.Clip(vetChecks), name)...)
}
