package report

import (
	"bytes"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"udpkata/harness/text"
)

// A sheet is a table of a platform's, CSV, of which some cells get another text and all other bytes stay.
type sheet struct {
	path  string
	data  []byte
	rows  [][]cell
	comma byte
}

// A cell is what lies between two separators.
type cell struct {
	from, to int // where in the file
	line     int
	text     string // without quotes
	quoted   bool
	fresh    *string // what it gets
}

const byteOrderMark = "\ufeff"

// mostSheet is how many bytes a table may have.
const mostSheet = 64 << 20

// readSheet reads a table. The separator is a comma, a semicolon or a tab: whichever the first line has most of.
func readSheet(path string) (*sheet, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostSheet+1))
	if err != nil {
		return nil, err
	}
	if len(data) > mostSheet || !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return nil, text.Fail("%s is no table in UTF-8: give the file as the platform exported it, or save it as "+
			"\"CSV UTF-8\"", path)
	}
	s := &sheet{path: path, data: data}
	head, _, _ := bytes.Cut(data, []byte("\n"))
	for _, c := range []byte(",;\t") {
		if s.comma == 0 || bytes.Count(head, []byte{c}) > bytes.Count(head, []byte{s.comma}) {
			s.comma = c
		}
	}
	if err := s.parse(); err != nil {
		return nil, err
	}
	if len(s.rows) == 0 {
		return nil, text.Fail("%s is empty: give the table that the platform exports", path)
	}
	return s, nil
}

// parse finds the cells.
func (s *sheet) parse() error {
	at, line := 0, 1
	if strings.HasPrefix(string(s.data[:min(3, len(s.data))]), byteOrderMark) {
		at = len(byteOrderMark)
	}
	for at < len(s.data) {
		var row []cell
		for {
			c, err := s.cell(at, &line)
			if err != nil {
				return err
			}
			row = append(row, c)
			if at = c.to; at == len(s.data) || s.data[at] != s.comma {
				break
			}
			at++
		}
		if at < len(s.data) && s.data[at] == '\r' {
			at++
		}
		if at < len(s.data) && s.data[at] == '\n' {
			at++
		}
		line++
		if len(row) > 1 || row[0].to > row[0].from {
			s.rows = append(s.rows, row)
		}
	}
	return nil
}

// cell reads one that begins at a place.
func (s *sheet) cell(at int, line *int) (cell, error) {
	c := cell{from: at, line: *line}
	if at == len(s.data) || s.data[at] != '"' {
		for c.to = at; c.to < len(s.data) && !bytes.ContainsRune([]byte{s.comma, '\r', '\n'}, rune(s.data[c.to])); {
			c.to++
		}
		c.text = string(s.data[at:c.to])
		return c, nil
	}
	c.quoted = true
	var b strings.Builder
	for at++; at < len(s.data); at++ {
		switch s.data[at] {
		case '\n':
			*line++
		case '"':
			if at++; at == len(s.data) || s.data[at] != '"' {
				c.to, c.text = at, b.String()
				if at < len(s.data) && !bytes.ContainsRune([]byte{s.comma, '\r', '\n'}, rune(s.data[at])) {
					return c, s.broken(c.line)
				}
				return c, nil
			}
		}
		b.WriteByte(s.data[at])
	}
	return c, s.broken(c.line)
}

func (s *sheet) broken(line int) error {
	return text.Fail("%s:%d: a quotation mark has no partner: export the table again", s.path, line)
}

// column returns the place of the column whose head is accepted, -1 if there is none.
func (s *sheet) column(is func(head string) bool) int {
	for i, c := range s.rows[0] {
		if is(strings.TrimSpace(c.text)) {
			return i
		}
	}
	return -1
}

// heads lists the columns' heads.
func (s *sheet) heads() string {
	var all []string
	for _, c := range s.rows[0] {
		all = append(all, text.VisibleLine(c.text))
	}
	return strings.Join(all, ", ")
}

// at returns a cell of a row.
func (s *sheet) at(row []cell, column int) (*cell, error) {
	if column >= len(row) {
		return nil, text.Fail("%s:%d: cells in the row: %d, and in the head: %d; export the table again", s.path,
			row[0].line, len(row), len(s.rows[0]))
	}
	return &row[column], nil
}

// set gives a cell another text, unless it has got one.
func (c *cell) set(to string) bool {
	if c.fresh != nil {
		return false
	}
	c.fresh = &to
	return true
}

// write writes the table. A cell that was in quotes stays in quotes, and others have some only if they need them.
func (s *sheet) write(w io.Writer) error {
	var b bytes.Buffer
	last := 0
	for _, row := range s.rows {
		for _, c := range row {
			if c.fresh == nil {
				continue
			}
			b.Write(s.data[last:c.from])
			if c.quoted || strings.ContainsAny(*c.fresh, "\"\r\n"+string(rune(s.comma))) {
				b.WriteString(`"` + strings.ReplaceAll(*c.fresh, `"`, `""`) + `"`)
			} else {
				b.WriteString(*c.fresh)
			}
			last = c.to
		}
	}
	b.Write(s.data[last:])
	_, err := w.Write(b.Bytes())
	return err
}
