package progress

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/text"
)

// TestReadFirst: a page's list is found, and no other that has tasks in it.
func TestReadFirst(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README.md"), []byte("# A\n\n- `TestA`: *not this*\n\n"+
		"What to read\nbefore, in [there](../00-before/README.md):\n\n"+
		"- before `TestA` and `TestB`: *One*, and\n  *Two*;\n- before `TestC`: nothing.\n\nMore.\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README.zh-TW.md"), []byte("# A\n\n- `TestA`：*這個不算*\n\n"+
		"先讀[那裡](../00-before/README.zh-TW.md)的：\n\n"+
		"- `TestA` 和 `TestB`：*一*，\n  *二*；\n- `TestC`：沒有。\n"), 0o600))
	read := func(task string, language text.Language) string {
		own := Task{Task: curriculum.Task{Name: task}, Lesson: curriculum.Lesson{Dir: dir}}
		return own.ReadFirst(language)
	}
	require.Equal(t, `"One", and "Two"`, read("TestA", text.English))
	require.Equal(t, `"One", and "Two"`, read("TestB", text.English))
	require.Empty(t, read("TestC", text.English))
	require.Equal(t, "「一」，「二」", read("TestB", text.Chinese))
	require.Empty(t, read("TestC", text.Chinese))
	require.Empty(t, read("TestD", text.Chinese))
}

// TestPagesSayWhatToRead: the lists of the course's own pages are found, in both languages for the same tasks.
func TestPagesSayWhatToRead(t *testing.T) {
	course, err := Open(filepath.Join("..", ".."))
	require.NoError(t, err)
	lessons := map[string]bool{}
	for _, task := range course.Tasks {
		english, chinese := task.ReadFirst(text.English), task.ReadFirst(text.Chinese)
		require.Equal(t, english == "", chinese == "", "%s: %q, %q", task.ID(), english, chinese)
		lessons[task.Lesson.Name] = lessons[task.Lesson.Name] || english != ""
	}
	for lesson, found := range lessons {
		require.True(t, found, "%s says nothing of what to read before a task", lesson)
	}
}
