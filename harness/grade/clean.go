package grade

import "udpkata/harness/text"

// clean makes what students have written harmless, wherever it was written down: a results file may come from another
// machine.
func (m *Mark) clean() {
	for _, s := range []*string{&m.Student, &m.ID, &m.Unread, &m.LateBy} {
		*s = text.VisibleLine(*s)
	}
	for i, path := range m.Paths {
		m.Paths[i] = text.VisibleLine(path)
	}
	for i, note := range m.Notes {
		m.Notes[i] = cleaned(note)
	}
	for i, l := range m.Left {
		m.Left[i].Path, m.Left[i].Reason = text.VisibleLine(l.Path), cleaned(l.Reason)
	}
	if m.Refused != nil {
		refused := cleaned(*m.Refused)
		m.Refused = &refused
	}
	for _, l := range m.Lessons {
		for i, name := range l.Files {
			l.Files[i] = text.VisibleLine(name)
		}
		for i, note := range l.Notes {
			l.Notes[i] = text.VisibleLine(note)
		}
		for i := range l.Tasks {
			t := &l.Tasks[i]
			t.Reason, t.First, t.Output = text.VisibleLine(t.Reason), text.VisibleLine(t.First), text.Visible(t.Output)
		}
	}
}

func cleaned(t text.Text) text.Text { return text.Both(text.VisibleLine(t.EN), text.VisibleLine(t.ZH)) }
