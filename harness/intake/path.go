package intake

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"udpkata/harness/text"
)

const (
	mostName = 255  // bytes of a file's or a folder's name
	mostPath = 1024 // bytes of a path
	mostDeep = 64   // folders in one another
)

// clean returns a path of a submission's as its names, from the top. A reason says why it is none that is taken.
func clean(name string) (elements []string, why text.Text) {
	if elements, why = split(name); why.IsZero() && strings.ContainsFunc(strings.Join(elements, ""), hidden) {
		return nil, text.Say("its name has characters that can't be seen, such as control characters or marks for " +
			"writing from right to left")
	}
	return elements, why
}

// split does what clean does, and takes names with characters that can't be seen: people have such names.
func split(name string) (elements []string, why text.Text) {
	if !utf8.ValidString(name) {
		name = legacy(name)
	}
	if !strings.Contains(name, "/") {
		name = strings.ReplaceAll(name, `\`, "/") // some programs for Windows write archives so
	}
	switch {
	case len(name) > mostPath:
		return nil, text.Say("its name is longer than %d bytes", mostPath)
	case strings.HasPrefix(name, "/"):
		return nil, text.Say("its path is absolute; only what lies in the submission's folder is taken")
	}
	for e := range strings.SplitSeq(name, "/") {
		switch {
		case e == "" || e == ".":
			continue
		case e == "..":
			return nil, text.Say("its path leads out of the submission's folder (..)")
		case strings.Contains(e, `\`):
			return nil, text.Say(`its name has a backslash`)
		case strings.Contains(e, ":"):
			return nil, text.Say("its name has a colon, which on Windows is a drive's or a stream's")
		case len(e) > mostName:
			return nil, text.Say("its name is longer than %d bytes", mostName)
		}
		elements = append(elements, e)
	}
	switch {
	case len(elements) == 0:
		return nil, text.Say("it has no name")
	case len(elements) > mostDeep:
		return nil, text.Say("it lies in more than %d folders", mostDeep)
	}
	return elements, text.Text{}
}

// hidden tells the characters that change what is seen, or can't be.
func hidden(r rune) bool { return !unicode.IsGraphic(r) }

// legacy writes what is not ASCII of a name that is not UTF-8 as %XX, with the second byte of a pair, which in Big5 and
// its kin may look like a letter or a backslash: that is how Windows names what is in a zip in East Asia.
func legacy(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] < utf8.RuneSelf {
			b.WriteByte(name[i])
			continue
		}
		fmt.Fprintf(&b, "%%%02X", name[i])
		if i+1 < len(name) && name[i+1] >= 0x40 && name[i] > 0x80 && name[i] != 0xFF {
			i++
			fmt.Fprintf(&b, "%%%02X", name[i])
		}
	}
	return b.String()
}

// junk returns how many of a path's names, from the top, lead to what no submission is about, and says what that is.
func junk(elements []string) (n int, why text.Text) {
	for i, e := range elements {
		isFile := i == len(elements)-1
		switch lower := strings.ToLower(e); {
		case lower == "__macosx" || lower == ".ds_store" || strings.HasPrefix(e, "._") || lower == "thumbs.db" ||
			lower == "desktop.ini":
			return i + 1, text.Say("the operating system's own, not the student's")
		case lower == ".git" || lower == ".hg" || lower == ".svn":
			return i + 1, text.Say("a repository's own files")
		case lower == "vendor" || lower == "node_modules":
			if !isFile {
				return i + 1, text.Say("other people's packages")
			}
		case strings.HasPrefix(e, ".") || isFile && (strings.HasSuffix(e, "~") || strings.HasPrefix(e, "#") ||
			strings.HasSuffix(lower, ".bak") || strings.HasSuffix(lower, ".orig") || strings.HasSuffix(lower, ".swp")):
			return i + 1, text.Say("an editor's or a tool's file")
		}
	}
	return 0, text.Text{}
}
