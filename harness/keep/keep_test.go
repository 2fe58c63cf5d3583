package keep

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func read(t *testing.T, path string) string {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.go")
	require.NoError(t, Write(path, []byte("one"), 0o600))
	require.NoError(t, os.Chmod(path, 0o640))
	before, err := os.Stat(path)
	require.NoError(t, err)
	other := filepath.Join(dir, "another name of it")
	require.NoError(t, Second(path, other))
	require.NoError(t, Write(path, []byte("two"), 0o600))
	require.Equal(t, "two", read(t, path))
	require.Equal(t, "one", read(t, other), "it was written over what somebody else has a name for")
	after, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, before.Mode(), after.Mode())

	require.Error(t, Write(filepath.Join(dir, "no", "a.go"), nil, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "taken"), 0o700))
	require.Error(t, Write(filepath.Join(dir, "taken"), nil, 0o600))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 3, "something unfinished was left")
}

// TestBackup: it has what was there, whatever is put in its place, and takes nobody's name.
func TestBackup(t *testing.T) {
	for name, backup := range map[string]func(string) (string, error){
		"links": Backup,
		"no links": func(path string) (string, error) {
			return path + ".1.bak", copyNew(path, path+".1.bak")
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.go")
			require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
			first, err := backup(path)
			require.NoError(t, err)
			require.Equal(t, path+".1.bak", first)
			require.NoError(t, Write(path, []byte("stub"), 0o600))
			require.Equal(t, "mine", read(t, first))
			require.ErrorIs(t, copyNew(path, first), os.ErrExist)
		})
	}
	path := filepath.Join(t.TempDir(), "a.go")
	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	require.NoError(t, os.WriteFile(path+".1.bak", []byte("older"), 0o600))
	second, err := Backup(path)
	require.NoError(t, err)
	require.Equal(t, path+".2.bak", second)
	require.Equal(t, "older", read(t, path+".1.bak"))
	_, err = Backup(path + "no")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestStream: a file is there whole, or as it was, and nobody else may read it.
func TestStream(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.csv")
	part := func(end error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.WriteString(w, strings.Repeat("x", 100_000))
			return errors.Join(err, end)
		}
	}
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o644))
	require.ErrorContains(t, Stream(path, part(errors.New("no more"))), "no more")
	require.Equal(t, "old", read(t, path))
	require.NoError(t, Stream(path, part(nil)))
	require.Len(t, read(t, path), 100_000)
	info, err := os.Stat(path)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Zero(t, info.Mode().Perm()&0o077)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "something unfinished was left")
}
