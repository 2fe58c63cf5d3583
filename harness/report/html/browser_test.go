package html

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"udpkata/harness/grade"
	"udpkata/harness/text"
)

// TestBrowser has a real browser use the page: see browser/check.mjs. It needs Node, Chromium, and what
// browser/package.json names, in a directory node_modules that NODE_PATH tells, or in browser/. With UDPKATA_SHOTS it
// keeps screenshots and prints there; with UDPKATA_BROWSER=require it fails where something is missing.
func TestBrowser(t *testing.T) {
	missing := t.Skipf
	if os.Getenv("UDPKATA_BROWSER") == "require" {
		missing = t.Fatalf
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing("needs Node (on Debian: apt-get install nodejs npm)")
	}
	chromium := ""
	for _, name := range []string{"chromium", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	if chromium == "" {
		missing("needs Chromium (on Debian: apt-get install chromium)")
	}
	found := false
	beside := filepath.Join("browser", "node_modules")
	for _, modules := range append(filepath.SplitList(os.Getenv("NODE_PATH")), beside) {
		_, err := os.Stat(filepath.Join(modules, "axe-core"))
		found = found || err == nil
	}
	if !found {
		missing("needs what browser/package.json names: npm install there, or in another directory, and NODE_PATH " +
			"names its node_modules")
	}

	dir, shots := t.TempDir(), os.Getenv("UDPKATA_SHOTS")
	if shots == "" {
		shots = t.TempDir()
	}
	why := text.Both("it is empty", "是空的")
	for name, c := range map[string]class{
		"class.html": people(t, 24), "hostile.html": strangers(t), "thousand.html": people(t, 1000),
		"empty.html": {entries: []grade.Entry{{Student: "amy", Attempt: 1, Attempts: 1, Refused: &why}}},
	} {
		page := write(t, c, Options{Title: "Networks, autumn 2026"})
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(page), 0o600))
	}
	check := exec.CommandContext(t.Context(), node, filepath.Join("browser", "check.mjs"), chromium, dir, shots)
	out, err := check.CombinedOutput()
	t.Logf("%s", out)
	require.NoError(t, err)
}
