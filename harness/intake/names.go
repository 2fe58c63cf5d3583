package intake

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"udpkata/harness/text"
)

// A named is what a learning platform's name for a file, or for a folder, says.
type named struct {
	system     System
	student    string // "" if the name is blind
	id         string // "" if the name has none
	late       bool
	attachment string // Canvas's number of the file, which grows from upload to upload; "" elsewhere
	file       string // the student's own name for it; "" for Moodle's folders
	noFiles    bool   // Moodle's folder of what was written into the page
}

// The student chooses the end of such a name, so the number that comes first from the left is the platform's: Canvas
// lets no name of a student's have a number between underscores, and Moodle lets none have underscores.
var (
	canvasBlind = regexp.MustCompile(`^anon(_LATE)?_([0-9A-Za-z]+)_(\d+)_(.+)$`)
	canvasName  = regexp.MustCompile(`^(.+?)(_LATE)?_(\d+)_(\d+)_(.+)$`)
	moodleName  = regexp.MustCompile(`^(.+?)(?:_(\d+))?_assignsubmission_(file|onlinetext)(?:_(.*))?$`)
)

// participants are what Moodle calls a student whose name is not to be seen.
var participants = []string{"Participant", "參與者", "成員"}

// parseName reads a platform's name, without a folder. It is none if ok is false.
func parseName(name string) (n named, ok bool) {
	if strings.ContainsAny(name, "\n\r") {
		return named{}, false
	}
	// Moodle's is the longer mark, and a student of Moodle's may call a file a_1_2_b.
	if m := moodleName.FindStringSubmatch(name); m != nil && !canvasFirst(name, m[0][len(m[1]):]) {
		n = named{system: Moodle, student: strings.TrimSpace(m[1]), id: m[2], file: m[4], noFiles: m[3] != "file"}
		for _, p := range participants {
			if strings.EqualFold(n.student, p) && n.id != "" {
				n.student = ""
			}
		}
		return n, true
	}
	if m := canvasBlind.FindStringSubmatch(name); m != nil {
		return named{system: Canvas, late: m[1] != "", id: m[2], attachment: m[3], file: m[4]}, true
	}
	if m := canvasName.FindStringSubmatch(name); m != nil {
		return named{system: Canvas, student: m[1], late: m[2] != "", id: m[3], attachment: m[4], file: m[5]}, true
	}
	return named{}, false
}

// canvasFirst reports whether a name is Canvas's although the student has called the file as Moodle would: its numbers
// come before the rest, where Moodle's mark is.
func canvasFirst(name, rest string) bool {
	m := canvasName.FindStringSubmatchIndex(name)
	if m == nil {
		m = canvasBlind.FindStringSubmatchIndex(name)
		if m == nil {
			return false
		}
		return m[8] <= len(name)-len(rest) // the file's name begins before
	}
	return m[10] <= len(name)-len(rest)
}

// numbered is how Canvas and browsers name another file of a name.
var numbered = regexp.MustCompile(`^(.+?)(?:-(\d{1,3})| ?\((\d{1,3})\))$`)

// unnumbered returns a file's name without such a number, as in echo.go of echo-1.go or of "echo (1).go", and the
// number, which is 0 if there is none.
func unnumbered(name string) (string, int) {
	ext := extension(name)
	m := numbered.FindStringSubmatch(strings.TrimSuffix(name, ext))
	if m == nil {
		return name, 0
	}
	n := 0
	for _, digit := range m[2] + m[3] {
		n = n*10 + int(digit-'0')
	}
	return m[1] + ext, n
}

// again is how browsers name what is downloaded again.
var again = regexp.MustCompile(`^(.+?) ?\((\d{1,3})\)(\.[a-z]+)?$`)

// downloadedAs returns a download's name without such a number, and the number.
func downloadedAs(name string) (string, int) {
	m := again.FindStringSubmatch(name)
	if m == nil {
		return name, 0
	}
	n, _ := strconv.Atoi(m[2])
	return m[1] + m[3], n
}

// archives are how those files end that are looked into.
var archives = []string{".zip", ".tar.gz", ".tgz"}

// otherArchives are how those end that students upload too, and that are not.
var otherArchives = []string{".rar", ".7z", ".tar", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst", ".gz", ".xz"}

// documents are how those files end that students write text into, and perhaps Go.
var documents = []string{".txt", ".docx", ".doc", ".odt", ".rtf", ".pdf", ".pages"}

// extension returns a name's, as it is written, with .tar.gz and the like whole.
func extension(name string) string {
	const tar = ".tar"
	ext := path.Ext(name)
	if at := len(name) - len(ext) - len(tar); at >= 0 && strings.EqualFold(name[at:at+len(tar)], tar) {
		return name[at:]
	}
	return ext
}

func hasExtension(name string, of []string) bool {
	ext := strings.ToLower(extension(name))
	return slices.Contains(of, ext)
}

// stem returns a submission's name: that of its file without how it ends.
func stem(name string) string {
	s := strings.TrimSuffix(name, extension(name))
	if s != "" && (hasExtension(name, archives) || hasExtension(name, otherArchives)) {
		return s
	}
	return name
}

// who names a student for people.
func (n named) who() string {
	name := n.student
	switch {
	case name == "" && n.system == Canvas:
		name = "anon"
	case name == "":
		name = "Participant"
	}
	if n.id != "" {
		name += " (" + n.id + ")"
	}
	return text.VisibleLine(name)
}
