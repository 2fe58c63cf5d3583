package judge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"udpkata/harness/curriculum"
	"udpkata/harness/stage/build"
	"udpkata/harness/stage/standin"
)

// A Stage has the code under test run in a process of its own, as package stage does it, so that nothing of it meets
// the lesson's tests: for judging whoever it may be. It is made once for a course. Many goroutines may use it.
//
// The program with a lesson's tests is built when it is first needed, and serves all whose files are judged. Of these
// files another program is made, which that one starts as often as it takes.
type Stage struct {
	course   *build.Course
	dir      string // what is kept
	isOwn    bool   // dir goes with Close
	mu       sync.Mutex
	programs map[string]*judges // by lesson
}

// judges is the program with a lesson's tests, with stand-ins for what students write.
type judges struct {
	mu      sync.Mutex
	program *Program // nil until it is built
}

// stageVariable tells the program with a lesson's tests which one has the code (package stage's Variable).
const stageVariable = "UDPKATA_STAGE"

// NewStage prepares a stage for the course whose repository is at root. The error says why there can't be one here.
func NewStage(ctx context.Context, root string) (*Stage, error) {
	dir, err := os.MkdirTemp("", "udpkata-stage-")
	if err != nil {
		return nil, err
	}
	s, err := OpenStage(ctx, root, dir)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	s.isOwn = true
	return s, nil
}

// OpenStage does what NewStage does, with a directory that stays. What another stage has left there, of the same course
// and Go, is used again: after Prepare, nothing is written there any more, and so it may be one that can't be written.
func OpenStage(ctx context.Context, root, dir string) (*Stage, error) {
	if runtime.GOOS != "linux" {
		return nil, fmt.Errorf("a stage, where the code under test has a process of its own, needs Linux; this is %s",
			runtime.GOOS)
	}
	s := &Stage{dir: dir, programs: map[string]*judges{}}
	var err error
	if s.course, err = build.NewCourse(ctx, root, dir); err != nil {
		return nil, errors.Join(ctx.Err(), noStage(err))
	}
	return s, nil
}

// Prepare builds the program with a lesson's tests, if it is not there yet.
func (s *Stage) Prepare(ctx context.Context, l curriculum.Lesson) error {
	_, err := s.tests(ctx, l)
	return err
}

// Needs lists the files and directories, by their absolute paths, that whoever builds and judges reads, beside the
// course's lessons/ and go.mod, and what the system has: where nothing else can be seen, that is enough.
func (s *Stage) Needs() []string { return []string{s.dir, s.course.Tools} }

// Close removes what is kept for the stage, if it is in no directory that stays.
func (s *Stage) Close() error {
	if !s.isOwn {
		return nil
	}
	return os.RemoveAll(s.dir)
}

// noStage says in one line why nothing can be built here, and what would help, if that is known.
func noStage(err error) error {
	if cure, known := cureFor(err.Error()); known {
		return fmt.Errorf("the course lacks what it needs here: %s (%s)", firstError(err.Error()), cure)
	}
	return errors.New(firstError(err.Error()))
}

// build makes a program of somebody's files, in dir, for the one with the lesson's tests, which it returns.
func (s *Stage) build(ctx context.Context, p Params, code build.Submission, dir string, notes []string) (*Program,
	error) {
	if p.Race || p.Tags != "" {
		return nil, errors.New("the code under test has a process of its own, which is built with neither the race " +
			"detector nor tags")
	}
	program := &Program{notes: notes}
	err := s.buildTogether(ctx, []part{{p, code, program}}, dir)
	if err == nil && program.refused != nil {
		err = program.refused
	}
	return program, err
}

// tests returns the program with a lesson's tests.
func (s *Stage) tests(ctx context.Context, l curriculum.Lesson) (*Program, error) {
	s.mu.Lock()
	kept := s.programs[l.Name]
	if kept == nil {
		kept = &judges{}
		s.programs[l.Name] = kept
	}
	s.mu.Unlock()
	kept.mu.Lock()
	defer kept.mu.Unlock()
	if kept.program != nil {
		return kept.program, nil
	}
	program, err := buildTests(ctx, l, filepath.Join(s.dir, l.Name))
	if err == nil {
		kept.program = program
	}
	return program, err
}

// buildTests builds the program with a lesson's tests, in a directory of its own, unless that has it.
func buildTests(ctx context.Context, l curriculum.Lesson, dir string) (*Program, error) {
	kept := filepath.Join(dir, "proof") // written last
	if proof, err := os.ReadFile(kept); err == nil && len(proof) == proofSize {
		return &Program{path: filepath.Join(dir, testProgram), proof: string(proof)}, nil
	}
	files, err := standin.Judge(l)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	code := map[string]string{}
	for name, source := range files {
		code[name] = filepath.Join(dir, name)
		if err := os.WriteFile(filepath.Join(dir, name), source, 0o600); err != nil {
			return nil, err
		}
	}
	// What go vet would say is not about anybody's files.
	p := Params{Lesson: l, NoVet: true}
	program, err := p.build(ctx, code, dir, nil)
	if r := (*refusal)(nil); errors.As(err, &r) {
		return nil, p.cantBuild(r.output)
	}
	if err != nil {
		return nil, err
	}
	return program, os.WriteFile(kept, []byte(program.proof), 0o644)
}
