package report

import (
	"io"
	"path/filepath"
	"regexp"
	"strings"

	"udpkata/harness/grade"
	"udpkata/harness/intake"
	"udpkata/harness/text"
)

// feedback writes a file a student, with what there is to say of each task. Of what was Canvas's download the names are
// such that Canvas knows whose they are, once they are in a zip, as "Upload Submissions" takes one with the same files
// again (app/models/assignment.rb of instructure/canvas-lms, generate_comments_from_files).
func feedback(d *Dir, r *Request) error {
	return r.each(func(m grade.Mark) error {
		if m.Unread != "" {
			r.leave(m, text.Both(m.Unread, m.Unread))
			return nil
		}
		return d.Write(d.Name(m)+canvasFile(m)+".txt", func(w io.Writer) error {
			_, err := io.WriteString(w, r.page(m))
			return err
		})
	})
}

// mostFeedback is how many bytes of a feedback file there are.
const mostFeedback = 256 << 10

// page returns a student's feedback. A task that has printed without end hides none of the others.
func (r *Request) page(m grade.Mark) string {
	for _, l := range m.Lessons {
		for i := range l.Tasks {
			l.Tasks[i].Output = cut(l.Tasks[i].Output, mostOutput)
		}
	}
	var page strings.Builder
	r.Class.Explain(&page, m)
	return cut(page.String(), mostFeedback)
}

// canvasNumbers are what Canvas looks for in the name of a file: the numbers of the student and of what was handed in.
var canvasNumbers = regexp.MustCompile(`_(\d+)_(\d+)_`)

// canvasFile returns the end of a file's name by which Canvas knows the submission; "" if it can't, as where names are
// hidden, since the numbers are others then.
func canvasFile(m grade.Mark) string {
	if m.System != intake.Canvas || m.Student == "" {
		return ""
	}
	for _, path := range m.Paths {
		found := canvasNumbers.FindStringSubmatch(filepath.Base(path))
		if found != nil && found[1] == m.ID {
			return found[0] + "feedback"
		}
	}
	return ""
}
