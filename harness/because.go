package harness

import (
	"path/filepath"
	"sync"

	"udpkata/harness/text"
)

// This file is about the reasons that stories give for what they want.

// Because says why the story wants what it checks next, and that alone; a failure there
// repeats it. The reason is one short line in English, made as [fmt.Sprintf] does. Its
// Chinese stands in the lesson's testdata/because.zh-TW.txt: a line as here, a line in
// Chinese with the same verbs, an empty line. A call's own reason goes before the story's.
func (w *World) Because(format string, args ...any) *World {
	because := w.reason(format, args)
	w.rec.Update(func() { w.because = because })
	return w
}

// Because says why the story wants what the peer hears next; see [World.Because].
func (p *Peer) Because(format string, args ...any) *Peer {
	p.w.Because(format, args...)
	return p
}

// Because says why the story wants what the call returns, up to the call's next Because;
// see [World.Because].
func (c *Call) Because(format string, args ...any) *Call {
	because := c.w.reason(format, args)
	c.w.rec.Update(func() { c.because = because })
	return c
}

// reasonNow returns the reason for what is checked next.
func (w *World) reasonNow() (because text.Text) {
	w.rec.Locked(func() { because = w.because })
	return because
}

// checked ends a check: it forgets the reason for it, and notes it if the code was right.
func (w *World) checked() {
	at := w.storyLine()
	w.rec.Locked(func() {
		w.because = text.Text{}
		if w.failed == nil && at != w.rec.Site.Begin { // which is all that a random story has
			w.met = append(w.met, at)
		}
	})
}

func (w *World) reason(format string, args []any) text.Text {
	return reasonsIn(w.rec.Site.Tests).Say(format, args...)
}

var reasons sync.Map // of text.Catalogue, by directory

// reasonsIn returns the reasons of the lesson in a directory. Where they can't be read,
// the English has to do.
func reasonsIn(dir string) text.Catalogue {
	if known, ok := reasons.Load(dir); ok {
		return known.(text.Catalogue)
	}
	c, err := text.ReadCatalogue(filepath.Join(filepath.FromSlash(dir), "testdata", "because.zh-TW.txt"))
	if err != nil {
		c = text.Catalogue{}
	}
	reasons.Store(dir, c)
	return c
}
