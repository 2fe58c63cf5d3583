package judge

import "udpkata/harness/text"

// visible makes all texts of a report so that nothing in them is obeyed, or hidden: somebody's files, and their names,
// get into what the compiler and the judge say of them. A reason, and a note, is one line.
func (r *Report) visible() {
	for i := range r.Results {
		res := &r.Results[i]
		res.Reason, res.Output = text.VisibleLine(res.Reason), text.Visible(res.Output)
	}
	for i, note := range r.Notes {
		r.Notes[i] = text.VisibleLine(note)
	}
}
