//go:build linux

package solutions_test

import (
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"udpkata/harness/curriculum"
	"udpkata/harness/judge"
	"udpkata/harness/verdict"
)

// BenchmarkStage judges the solutions through the stage and in one process, in turn, and reports how many times as
// much time the stage takes: on the clock, and of the processors. "all" are the lessons one after the other.
func BenchmarkStage(b *testing.B) {
	stage, err := judge.NewStage(b.Context(), root)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, stage.Close()) })
	all := lessons(b)
	for _, l := range all {
		b.Run(l.Name, func(b *testing.B) { ratios(b, stage, l) })
	}
	b.Run("all", func(b *testing.B) { ratios(b, stage, all...) })
}

// BenchmarkStageBuild builds a lesson's solution for the stage, and reports the processor time that this takes.
func BenchmarkStageBuild(b *testing.B) {
	stage, err := judge.NewStage(b.Context(), root)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, stage.Close()) })
	l := lessons(b)[1]
	newSolved(b, l, stage) // the tests, which are built once
	cpu := time.Duration(0)
	for b.Loop() {
		before := cpuOfChildren(b)
		newSolved(b, l, stage)
		cpu += cpuOfChildren(b) - before
	}
	b.ReportMetric(cpu.Seconds()/float64(b.N), "cpu-s/op")
}

// BenchmarkStageBoundaries answers a nanosecond before and after each deadline of lesson 04, over the solution and all
// alternatives, through the stage. All of them have to be right each time: -benchtime 2000x is as many each.
func BenchmarkStageBoundaries(b *testing.B) {
	const lesson, task = "04-backoff", "TestAskTakesLateAnswers"
	stage, err := judge.NewStage(b.Context(), root)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, stage.Close()) })
	all := lessons(b)
	l := all[slices.IndexFunc(all, func(l curriculum.Lesson) bool { return l.Name == lesson })]
	dirs := map[string]string{"solution": l.Name}
	for _, style := range alternatives(b, l) {
		dirs[filepath.Base(style)] = unpack(b, style)
	}
	for name, dir := range dirs {
		b.Run(name, func(b *testing.B) {
			params := judge.Params{Lesson: l, Dir: dir, Tasks: []string{task}, Stage: stage, NoVet: true}
			params.Program, err = judge.Build(b.Context(), params, b.TempDir())
			require.NoError(b, err)
			for b.Loop() {
				got, err := judge.Run(b.Context(), params)
				require.NoError(b, err)
				require.Equal(b, verdict.Passed, got.Results[0].State, got.Results[0].Output)
			}
		})
	}
}

// solved is a lesson's solution, built to be judged in one process, or through the stage.
type solved struct {
	params  judge.Params
	isApart bool
}

func newSolved(b *testing.B, l curriculum.Lesson, stage *judge.Stage) solved {
	params := judge.Params{Lesson: l, Dir: l.Name, Stage: stage, NoVet: true}
	program, err := judge.Build(b.Context(), params, b.TempDir())
	require.NoError(b, err)
	params.Program = program
	return solved{params, stage != nil}
}

// ratios judges lessons' solutions, and reports the time through the stage over that in one process.
func ratios(b *testing.B, stage *judge.Stage, lessons ...curriculum.Lesson) {
	var all []solved
	for _, l := range lessons {
		all = append(all, newSolved(b, l, nil), newSolved(b, l, stage))
	}
	var wall, cpu [2]time.Duration
	for b.Loop() {
		for _, s := range all {
			began, before := time.Now(), cpuOfChildren(b)
			got, err := judge.Run(b.Context(), s.params)
			require.NoError(b, err)
			for _, r := range got.Results {
				require.Contains(b, []verdict.State{verdict.Passed, verdict.Skipped}, r.State, r.Output)
			}
			i := 0
			if s.isApart {
				i = 1
			}
			wall[i] += time.Since(began)
			cpu[i] += cpuOfChildren(b) - before
		}
	}
	b.ReportMetric(wall[1].Seconds()/wall[0].Seconds(), "x-wall")
	b.ReportMetric(cpu[1].Seconds()/cpu[0].Seconds(), "x-cpu")
	b.ReportMetric(cpu[0].Seconds()/float64(b.N), "one-cpu-s/op")
	b.ReportMetric(0, "ns/op")
}

// cpuOfChildren returns the processor time of all processes that have been started here, and have ended.
func cpuOfChildren(b *testing.B) time.Duration {
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_CHILDREN, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
