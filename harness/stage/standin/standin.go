// Package standin writes the two halves of a lesson that run in different processes: in the judge's, stand-ins for the
// functions that students write; in the stage's, the glue that calls those functions.
//
// Both are made of the lesson's stub alone, so they belong to the course and not to a submission. A stand-in has the
// stub's signature; its body sends the arguments over a link and returns what comes back. The glue, in the stage's
// program, takes the arguments from the link, calls what the student wrote, and sends the results. As one generator
// writes both, a value is taken just as it was put.
//
// What the values may be is a closed set of types (see values.go): what a stub has to send or return besides is an
// error, when the course is made and not when somebody is graded.
package standin

import "udpkata/harness/curriculum"

// Judge returns the files of the lesson's package in the judge's program, by the names of the stub's files that they
// replace. Given files stay as they are, and so do files for other systems than this one.
//
// In a stand-in's place no line is one of the lesson's directory: the frames of the judge's process are not the
// student's.
func Judge(l curriculum.Lesson) (files map[string][]byte, err error) {
	p, err := read(l)
	if err != nil {
		return nil, err
	}
	files = map[string][]byte{}
	for i, s := range p.stubs() {
		source, err := p.judge(s, i == 0)
		if err != nil {
			return nil, err
		}
		files[s.name] = source
	}
	return files, nil
}

// Glue returns a file of the stage's program, which registers the lesson's functions and errors with package runner.
// It is nil if students write nothing there.
func Glue(l curriculum.Lesson) (source []byte, err error) {
	p, err := read(l)
	if err != nil || len(p.stubs()) == 0 {
		return nil, err
	}
	return p.glue()
}
