package curriculum

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/text"
)

const (
	tests = `package echo_test

import "testing"

// TestOne: does one thing.
//
//kata:points 2
func TestOne(t *testing.T) {}

// TestTwo: does another,
// which takes two lines.
//
//kata:points 1
func TestTwo(t *testing.T) {}

func TestMain(m *testing.M) {}

func Testing(t *testing.T) {}

func helper(t *testing.T) {}
`
	hints = `# Hints

One at a time.

## TestOne

Do one thing.

1. Think.
2. Write:

   ` + "```go\n   one()\n   ```" + `

## TestTwo

Do another,
in two lines.

1. Think
   twice.
2. Write.
3. Run.
`
)

// course returns a right one; a test takes what it changes.
func course() map[string]string {
	return map[string]string{
		"go.mod":                         "module x\n",
		"lessons/00-before/README.md":    "# Before\n",
		"lessons/02-echo/echo.go":        "package echo\n",
		"lessons/02-echo/read.go":        "package echo\n\n//kata:given\n",
		"lessons/02-echo/echo_test.go":   tests,
		"lessons/02-echo/hints.md":       hints,
		"lessons/02-echo/hints.zh-TW.md": hints,
	}
}

func lay(t *testing.T, files map[string]string) string {
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return root
}

func TestLoad(t *testing.T) {
	root, err := filepath.EvalSymlinks(lay(t, course()))
	require.NoError(t, err)
	lessons, err := Load(root)
	require.NoError(t, err)
	one := Advice{Text: "Do one thing.", Hints: []string{"Think.", "Write:\n\n```go\none()\n```"}}
	two := Advice{Text: "Do another,\nin two lines.", Hints: []string{"Think\ntwice.", "Write.", "Run."}}
	require.Equal(t, []Lesson{
		{Name: "00-before", Dir: filepath.Join(root, "lessons", "00-before")},
		{
			Name: "02-echo", Dir: filepath.Join(root, "lessons", "02-echo"),
			TestPackage: "echo_test",
			Tasks: []Task{
				{Name: "TestOne", Points: 2, Doc: "TestOne: does one thing.",
					File: "echo_test.go", Line: 8,
					Hints: map[text.Language]Advice{text.English: one, text.Chinese: one}},
				{Name: "TestTwo", Points: 1, Doc: "TestTwo: does another,\nwhich takes two lines.",
					File: "echo_test.go", Line: 14,
					Hints: map[text.Language]Advice{text.English: two, text.Chinese: two}},
			},
			Files: []File{{Name: "echo.go"}, {Name: "read.go", Given: true}},
		},
	}, lessons)
}

// TestLoadComplains: what does not agree is named, with its file.
func TestLoadComplains(t *testing.T) {
	const test, english = "lessons/02-echo/echo_test.go", "lessons/02-echo/hints.md"
	head := "package echo_test\n\nimport \"testing\"\n\n"
	tests := []struct {
		name, file, content, want string
	}{
		{"no points", test, head + "// TestOne: x.\nfunc TestOne(t *testing.T) {}\n",
			"lessons/02-echo/echo_test.go: TestOne: no //kata:points directive"},
		{"no doc", test, head + "func TestOne(t *testing.T) {}\n",
			`TestOne: its doc comment should begin with "TestOne: "`},
		{"odd points", test, head + "// TestOne: x.\n//\n//kata:points many\nfunc TestOne(t *testing.T) {}\n",
			"TestOne: //kata:points many: want a whole number from 0 up"},
		{"less than no points", test, head + "// TestOne: x.\n//\n//kata:points -1\nfunc TestOne(t *testing.T) {}\n",
			"TestOne: //kata:points -1: want a whole number from 0 up"},
		{"test that is no Go", test, "package", "lessons/02-echo/echo_test.go:1:8: "},
		{"no such test", english, hints + "\n## TestThree\n\nText.\n\n1. a\n2. b\n",
			"lessons/02-echo/hints.md: section TestThree has no test of that name"},
		{"no section", english, "# Hints\n", "lessons/02-echo/hints.md: no section TestOne"},
		{"one hint", english, "## TestOne\n\nText.\n\n1. a\n", "section TestOne: 1 hints; want 2 or more"},
		{"no paragraph", english, "## TestOne\n\n1. a\n2. b\n", "section TestOne: no paragraph"},
		{"section twice", english, hints + hints, "two sections TestOne"},
		{"no Chinese hints", "lessons/02-echo/hints.zh-TW.md", "", "lessons/02-echo/hints.zh-TW.md: "},
		{"odd name", "lessons/echo/README.md", "x", "lessons/echo: not a lesson"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := maps.Clone(course())
			if files[tt.file] = tt.content; tt.content == "" {
				delete(files, tt.file)
			}
			_, err := Load(lay(t, files))
			require.ErrorContains(t, err, tt.want)
		})
	}
	t.Run("no lessons", func(t *testing.T) {
		_, err := Load(t.TempDir())
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
	t.Run("a student's file that does not parse", func(t *testing.T) {
		files := course()
		files["lessons/02-echo/echo.go"] = "package"
		lessons, err := Load(lay(t, files))
		require.NoError(t, err)
		require.Equal(t, "echo.go", lessons[1].Files[0].Name)
	})
}

// TestThisCourse: the repository's own lessons agree with themselves.
func TestThisCourse(t *testing.T) {
	root, err := Root(".")
	require.NoError(t, err)
	lessons, err := Load(root)
	require.NoError(t, err)
	for _, l := range lessons {
		for _, language := range languages {
			require.FileExists(t, filepath.Join(l.Dir, language.Page("README")))
		}
		if len(l.Tasks) == 0 {
			continue
		}
		require.GreaterOrEqual(t, len(l.Tasks), 4, l.Name)
		require.LessOrEqual(t, len(l.Tasks), 10, l.Name)
		require.FileExists(t, filepath.Join(l.Dir, "demo", "main.go"))
	}
}

// TestFolder: what may be a package of the student's own.
func TestFolder(t *testing.T) {
	l := Lesson{Name: "02-echo"}
	for importPath, want := range map[string]string{
		"udpkata/lessons/02-echo/x":            "x",
		"udpkata/lessons/02-echo/_x/a-b.c~d+e": "_x/a-b.c~d+e",
		"udpkata/lessons/02-echo/internal/net": "internal/net",
		"udpkata/lessons/02-echo/x/demo":       "x/demo",
		"udpkata/lessons/02-echo":              "",
		"udpkata/lessons/02-echo/":             "",
		"udpkata/lessons/02-echo/x/":           "",
		"udpkata/lessons/02-echo/x//y":         "",
		"udpkata/lessons/02-echo/..":           "",
		"udpkata/lessons/02-echo/../01-ports":  "",
		"udpkata/lessons/02-echo/.x":           "",
		"udpkata/lessons/02-echo/x.":           "",
		"udpkata/lessons/02-echo/x y":          "",
		"udpkata/lessons/02-echo/a.go":         "",
		"udpkata/lessons/02-echo/x/A.Go/b":     "",
		"udpkata/lessons/02-echo/a=b":          "",
		"udpkata/lessons/02-echo/a\nb":         "",
		"udpkata/lessons/02-echo/\u00e9":       "",
		"udpkata/lessons/02-echo/demo":         "",
		"udpkata/lessons/02-echo/Testdata/x":   "",
		"udpkata/lessons/02-echo/a/vendor/b":   "",
		"udpkata/lessons/02-echoes/x":          "",
		"udpkata/lessons/01-ports/x":           "",
		"lessons/02-echo/x":                    "",
		"./lessons/02-echo/../x":               "",
		"":                                     "",
	} {
		folder, ok := l.Folder(importPath)
		require.Equal(t, want != "", ok, importPath)
		if ok {
			require.Equal(t, want, folder)
		}
	}
}

func TestRoot(t *testing.T) {
	root := lay(t, course())
	got, err := Root(filepath.Join(root, "lessons", "02-echo"))
	require.NoError(t, err)
	require.Equal(t, root, got)
	_, err = Root(t.TempDir())
	require.ErrorContains(t, err, "is in no udpkata repository")
}
