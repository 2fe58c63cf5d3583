package progress

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPart: of a comment that says what each task wants, a task's own part is taken, with what is said of all.
func TestPart(t *testing.T) {
	const doc = `Ask asks. This is what each task wants:

TestAsk: it sends

	a line

and nothing more.

TestAskStops and TestAskEnds: it ends.

TestAskLasts wants nothing new: it takes long.

The rules are elsewhere.
`
	for task, want := range map[string]string{
		"TestAsk": "Ask asks. This is what each task wants:\n\n" +
			"TestAsk: it sends\n\n\ta line\n\nand nothing more.\n\nThe rules are elsewhere.\n",
		"TestAskEnds": "Ask asks. This is what each task wants:\n\nTestAskStops and TestAskEnds: it ends.\n\n" +
			"The rules are elsewhere.\n",
		"TestAskLasts": "Ask asks. This is what each task wants:\n\n" +
			"TestAskLasts wants nothing new: it takes long.\n\nThe rules are elsewhere.\n",
	} {
		said, named := part(doc, task)
		require.True(t, named, task)
		require.Equal(t, want, said)
	}
	said, named := part(doc, "TestWhateverComes")
	require.False(t, named)
	require.Equal(t, doc, said)
}
