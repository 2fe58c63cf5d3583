package judge

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"

	"udpkata/harness/stage/build"
	"udpkata/harness/verdict"
)

// Programs builds, of somebody's files for several lessons, what [Build] builds of those for one, with as few programs
// for the stage as it takes: one, but for lessons of which something may happen as the program starts, each of which
// has one for itself: what is wrong with one lesson must not decide another's verdict. All of them are kept in dir, and
// go with it. Each of all has the same Stage, and neither Program nor Tasks. Whatever is wrong with the files is in the
// report that [Run] returns for the program.
func Programs(ctx context.Context, all []Params, dir string) ([]*Program, error) {
	programs := make([]*Program, len(all))
	var together []part
	for i, p := range all {
		programs[i] = &Program{}
		code, notes, err := collect(p)
		programs[i].notes = notes
		if err != nil {
			programs[i].refused = &refusal{state: verdict.NotRun, reason: err.Error(), notes: notes}
			continue
		}
		one := part{p, code, programs[i]}
		if startsQuietly(one.code) {
			together = append(together, one)
		} else if err := p.Stage.buildTogether(ctx, []part{one}, dir); err != nil {
			return nil, err
		}
	}
	if len(together) == 0 {
		return programs, nil
	}
	err := all[0].Stage.buildTogether(ctx, together, dir)
	if !errors.Is(err, build.ErrTogether) {
		return programs, err
	}
	for _, one := range together {
		if err := one.Stage.buildTogether(ctx, []part{one}, dir); err != nil {
			return nil, err
		}
	}
	return programs, nil
}

// A part is what a program for the stage has of one lesson.
type part struct {
	Params
	code    build.Submission
	program *Program // which is told what has become of it
}

// buildTogether builds one program of some lessons, in a directory below dir.
func (s *Stage) buildTogether(ctx context.Context, parts []part, dir string) error {
	dir, err := os.MkdirTemp(dir, "programs-")
	if err != nil {
		return err
	}
	out := filepath.Join(dir, "stage.exe")
	refused, err := s.compile(ctx, parts, dir, out)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if said := refused[p.Lesson.Name]; said != "" {
			p.program.refused = refusedBy(said, p.program.notes)
			continue
		}
		tests, err := s.tests(ctx, p.Lesson)
		if err != nil {
			return err
		}
		p.program.path, p.program.proof, p.program.stage = tests.path, tests.proof, out
	}
	return nil
}

// refusedBy returns the verdict on files that the compiler or go vet refuses, and what it said.
func refusedBy(said string, notes []string) *refusal {
	return &refusal{state: verdict.DidNotCompile, reason: firstError(said), output: said, notes: notes}
}

// compile makes the stage's program of some lessons. It returns what the compiler or go vet said of those that it
// refused.
func (s *Stage) compile(ctx context.Context, parts []part, dir, out string) (refused map[string]string, err error) {
	if dir, err = os.MkdirTemp(dir, "stage-"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	lessons, vetted := map[string]build.Submission{}, map[string]build.Submission{}
	for _, p := range parts {
		lessons[p.Lesson.Name] = p.code
		if !p.NoVet {
			vetted[p.Lesson.Name] = p.code
		}
	}
	if refused, err = s.course.Stage(ctx, lessons, dir, out); err != nil {
		return nil, err
	}
	for name := range refused {
		delete(vetted, name)
	}
	said, err := s.course.Vet(ctx, vetted, dir)
	maps.Copy(refused, said)
	if err != nil || len(said) == 0 || len(refused) == len(lessons) {
		return refused, err
	}
	// What is refused is not to run with the others, either.
	maps.DeleteFunc(lessons, func(name string, _ build.Submission) bool { return refused[name] != "" })
	if dir, err = os.MkdirTemp(dir, "rest-"); err != nil {
		return nil, err
	}
	rest, err := s.course.Stage(ctx, lessons, dir, out)
	maps.Copy(refused, rest)
	return refused, err
}
