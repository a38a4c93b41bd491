package dataset

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// The names that columns of a list go by, in the order of preference.
var (
	pathColumns  = []string{"path", "file", "filename", "file_name", "filepath", "image", "image_path"}
	labelColumns = []string{"label", "class", "class_name", "classname", "category", "target", "index", "class_index", "label_index"}
)

// What a list may have, so that no file takes memory without end.
const (
	maxRow   = 1 << 16 // bytes of a row, with the empty lines before it
	maxBytes = 1 << 28
	maxRows  = 1 << 22
)

// errNotText is a file that is no list.
var errNotText = errors.New("a NUL byte: this is not a CSV file, nor a folder or a tar archive")

// readRows reads CSV and calls row for each row with its line. A byte order mark is
// passed over.
func readRows(r io.Reader, row func(line int, fields []string) error) error {
	b := bufio.NewReader(r)
	if mark, _ := b.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		b.Discard(3)
	}
	bounded := &rowReader{r: b, line: 1}
	c := csv.NewReader(bounded)
	c.FieldsPerRecord = -1
	c.TrimLeadingSpace = true
	for n := 0; ; n++ {
		fields, err := c.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n == maxRows {
			return fmt.Errorf("more than %d lines: split the list", maxRows)
		}
		bounded.row = 0
		line, _ := c.FieldPos(0)
		if err := row(line, fields); err != nil {
			return err
		}
	}
}

// rowReader gives a csv.Reader no byte beyond the line that it asks for, so that the
// bytes it was given since the last row are those of one row.
type rowReader struct {
	r          *bufio.Reader
	line       int // of the next byte
	row, total int // bytes given
}

// Read gives at most the rest of a line.
func (l *rowReader) Read(p []byte) (int, error) {
	if _, err := l.r.Peek(1); err != nil {
		return 0, err
	}
	part, _ := l.r.Peek(min(len(p), l.r.Buffered()))
	end := bytes.IndexByte(part, '\n')
	if end >= 0 {
		part = part[:end+1]
	}
	l.row += len(part)
	l.total += len(part)
	switch {
	case bytes.IndexByte(part, 0) >= 0:
		return 0, fmt.Errorf("line %d: %w", l.line, errNotText)
	case l.row > maxRow:
		return 0, fmt.Errorf("line %d: a row of more than %d bytes: a row is a path and a label; is a quotation mark not closed?", l.line, maxRow)
	case l.total > maxBytes:
		return 0, fmt.Errorf("line %d: more than %d bytes: split the list", l.line, maxBytes)
	}
	copy(p, part)
	l.r.Discard(len(part))
	if end >= 0 {
		l.line++
	}
	return len(part), nil
}

// openList reads lines of a path, relative to dir, and a label. A first line that
// names the columns, by the words above, says where they are; without it they are
// the first two.
func openList(r io.Reader, dir string) (*Set, error) {
	s := &Set{Kind: "list"}
	path, label, first := 0, 1, true
	labels := map[string]string{} // each once: a field would keep its row in memory
	err := readRows(r, func(line int, row []string) error {
		if first {
			first = false
			if p := column(row, pathColumns); p >= 0 {
				if label = column(row, labelColumns); label < 0 {
					return fmt.Errorf("no column is named %s: which has the labels?", strings.Join(labelColumns, ", "))
				}
				path = p
				return nil
			}
		}
		if len(row) > label {
			row[label] = strings.TrimSpace(row[label])
		}
		if len(row) <= max(path, label) || row[path] == "" || row[label] == "" {
			return fmt.Errorf("line %d: a line has an image's path and its label", line)
		}
		name := filepath.FromSlash(row[path])
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		known, ok := labels[row[label]]
		if !ok {
			known = strings.Clone(row[label])
			labels[known] = known
		}
		s.Items = append(s.Items, Item{Name: strings.Clone(name), Label: known})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// column is the place of the first of names in a row, or -1.
func column(row, names []string) int {
	for _, name := range names {
		if i := slices.IndexFunc(row, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), name) }); i >= 0 {
			return i
		}
	}
	return -1
}

// ReadMap reads lines of a label and a class: a name or an index.
func ReadMap(r io.Reader) (map[string]string, error) {
	m := map[string]string{}
	err := readRows(r, func(line int, row []string) error {
		for k := range row {
			row[k] = strings.TrimSpace(row[k])
		}
		if len(row) != 2 || row[0] == "" || row[1] == "" {
			return fmt.Errorf("line %d: a line has a label and the class that it means", line)
		}
		if old, ok := m[row[0]]; ok && old != row[1] {
			return fmt.Errorf("line %d: %s means %s already", line, row[0], old)
		}
		m[row[0]] = row[1]
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}
