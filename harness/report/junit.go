package report

import (
	"encoding/xml"
	"io"
	"strconv"

	"udpkata/harness/grade"
	"udpkata/harness/verdict"
)

// The elements and attributes that are used of JUnit's XML, as in junit-10.xsd of jenkinsci/xunit-plugin.
type (
	junitSuites struct {
		XMLName xml.Name   `xml:"testsuites"`
		Suite   junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Skipped *string       `xml:"skipped"`
		Error   *junitProblem `xml:"error"`
		Failure *junitProblem `xml:"failure"`
	}
	junitProblem struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Page    string `xml:",chardata"`
	}
)

// didNotRun are the states in which no test has come to a verdict of its own.
var didNotRun = map[verdict.State]bool{
	verdict.DidNotCompile: true, verdict.Refused: true, verdict.NotRun: true, verdict.Crashed: true,
}

// junit writes a file a student: GitLab drops tests whose names it has had already, and takes 30 MB a file. Points are
// in the suite's properties, and a task's in no place, as there is none.
func junit(d *Dir, r *Request) error {
	return r.each(func(m grade.Mark) error {
		suite := junitSuite{Name: named(m), Properties: []junitProperty{
			{"earned", strconv.Itoa(m.Earned)}, {"of", strconv.Itoa(m.Of)}, {"factor", number(m.Factor)},
			{"mark", number(m.Mark)},
		}}
		for _, t := range r.rows(m) {
			suite.have(t)
		}
		return d.Write(d.Name(m)+".xml", func(w io.Writer) error {
			io.WriteString(w, xml.Header)
			e := xml.NewEncoder(w)
			e.Indent("", " ")
			if err := e.Encode(junitSuites{Suite: suite}); err != nil {
				return err
			}
			_, err := io.WriteString(w, "\n")
			return err
		})
	})
}

func (s *junitSuite) have(t row) {
	c := junitCase{Name: t.Task, Class: t.Lesson}
	problem := &junitProblem{Type: string(t.State), Message: t.Reason, Page: t.Output}
	switch {
	case t.Out:
		c.Skipped = &t.Reason
		s.Skipped++
	case t.State == verdict.Passed:
	case didNotRun[t.State]:
		c.Error = problem
		s.Errors++
	default:
		c.Failure = problem
		s.Failures++
	}
	s.Tests++
	s.Cases = append(s.Cases, c)
}
