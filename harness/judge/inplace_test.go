package judge

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/verdict"
)

func TestInPlace(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  []wanted
	}{
		{"as it was handed out", nil, all(verdict.Todo, "TODO")},
		{"one is right", functions("", "return 1", "return 2", `panic("TODO: write C")`),
			[]wanted{passed, {verdict.Failed, "it is not 1"}, {verdict.Todo, "TODO"}}},
		{"does not compile", functions("", `return "1"`, "return 1", "return 1"),
			all(verdict.DidNotCompile, filepath.Join("lessons", "01-tiny", "tiny.go")+":7:")},
		{"ends the process", functions(`"os"`, "return 1", "os.Exit(3); return 1", "return 1"),
			[]wanted{passed, {verdict.Crashed, "status 3"}, passed}},
		{"a flood", functions(`"fmt"; "strings"`, // in long lines: go takes its time for each
			`fmt.Println(strings.Repeat(strings.Repeat("x", 999)+"\n", 10<<10)); return 1`, "return 1", "return 1"),
			[]wanted{{verdict.Stuck, "printed more than 8 MiB"}, passed, passed}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lesson := params(t, nil).Lesson
			for name, source := range tt.files {
				require.NoError(t, os.WriteFile(filepath.Join(lesson.Dir, name), []byte(source), 0o600))
			}
			reports, err := InPlace(t.Context(), []curriculum.Lesson{lesson})
			require.NoError(t, err)
			require.Len(t, reports, 1)
			require.Len(t, reports[0].Results, len(tt.want))
			for i, r := range reports[0].Results {
				require.Equal(t, lesson.Tasks[i].Name, r.Task)
				require.Equal(t, tt.want[i].state, r.State, r.Output)
				require.Contains(t, r.Reason, tt.want[i].reason)
			}
		})
	}
}

func TestInPlaceIsCancelled(t *testing.T) {
	lesson := params(t, nil).Lesson
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := InPlace(ctx, []curriculum.Lesson{lesson})
	require.ErrorIs(t, err, context.Canceled)
}

func TestInPlaceWithoutGo(t *testing.T) {
	lesson := params(t, nil).Lesson
	t.Setenv("PATH", "")
	_, err := InPlace(t.Context(), []curriculum.Lesson{lesson})
	require.ErrorContains(t, err, "the go command does not start")
}
