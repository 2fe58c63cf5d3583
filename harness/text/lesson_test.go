package text_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/text"
)

func catalogue(t *testing.T, content string) (text.Catalogue, error) {
	file := filepath.Join(t.TempDir(), "because.zh-TW.txt")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return text.ReadCatalogue(file)
}

// TestReadCatalogue: a lesson's sentences are said in both languages; one that is not
// there is said in English.
func TestReadCatalogue(t *testing.T) {
	c, err := catalogue(t, "It is %d of %s.\n%[2]s 的 %[1]d。\n\nNo.\n不。\n")
	require.NoError(t, err)
	require.Equal(t, text.Both("It is 1 of alice.", "alice 的 1。"), c.Say("It is %d of %s.", 1, "alice"))
	require.Equal(t, text.Both("No.", "不。"), c.Say("No."))
	require.Equal(t, text.Both("Yes.", "Yes."), c.Say("Yes."))
}

// TestReadCatalogueRefuses: each mistake in a file has one line, with its place.
func TestReadCatalogueRefuses(t *testing.T) {
	for _, tt := range []struct{ name, content, want string }{
		{"empty line first", "\nNo.\n不。\n", "because.zh-TW.txt:1: an empty line, and not between two sentences"},
		{"two empty lines", "No.\n不。\n\n\nYes.\n是。\n", ":4: an empty line, and not between two sentences"},
		{"no Chinese", "No.\n\nYes.\n是。\n", `:1: the Chinese is missing below "No."`},
		{"no Chinese at the end", "No.\n不。\n\nYes.\n", `:4: the Chinese is missing below "Yes."`},
		{"no empty line", "No.\n不。\nYes.\n是。\n", ":3: a third line; put an empty one between two sentences"},
		{"twice", "No.\n不。\n\nNo.\n沒有。\n", ":4: this sentence was there before"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := catalogue(t, tt.content)
			require.ErrorContains(t, err, tt.want)
		})
	}
	_, err := text.ReadCatalogue(filepath.Join(t.TempDir(), "none.txt"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
