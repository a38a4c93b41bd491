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

// maxRows bounds a list.
const maxRows = 1 << 24

// readRows reads CSV. A byte order mark is passed over.
func readRows(r io.Reader) (rows [][]string, lines []int, err error) {
	b := bufio.NewReader(r)
	if mark, _ := b.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		b.Discard(3)
	}
	c := csv.NewReader(b)
	c.FieldsPerRecord = -1
	c.TrimLeadingSpace = true
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return rows, lines, nil
		}
		if err != nil {
			return nil, nil, err
		}
		if len(rows) == maxRows {
			return nil, nil, fmt.Errorf("more than %d lines", maxRows)
		}
		for _, field := range row {
			if strings.ContainsRune(field, 0) {
				return nil, nil, errors.New("not a CSV file, nor a folder or a tar archive")
			}
		}
		line, _ := c.FieldPos(0)
		rows, lines = append(rows, row), append(lines, line)
	}
}

// openList reads lines of a path, relative to dir, and a label. A first line that
// names the columns, by the words above, says where they are; without it they are
// the first two.
func openList(r io.Reader, dir string) (*Set, error) {
	rows, lines, err := readRows(r)
	if err != nil {
		return nil, err
	}
	path, label := 0, 1
	if len(rows) > 0 {
		if p := column(rows[0], pathColumns); p >= 0 {
			if label = column(rows[0], labelColumns); label < 0 {
				return nil, fmt.Errorf("no column is named %s: which has the labels?", strings.Join(labelColumns, ", "))
			}
			path, rows, lines = p, rows[1:], lines[1:]
		}
	}
	s := &Set{Kind: "list"}
	for i, row := range rows {
		if len(row) > label {
			row[label] = strings.TrimSpace(row[label])
		}
		if len(row) <= max(path, label) || row[path] == "" || row[label] == "" {
			return nil, fmt.Errorf("line %d: a line has an image's path and its label", lines[i])
		}
		name := filepath.FromSlash(row[path])
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		s.Items = append(s.Items, Item{Name: name, Label: row[label]})
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
	rows, lines, err := readRows(r)
	if err != nil {
		return nil, err
	}
	m := map[string]string{}
	for i, row := range rows {
		for k := range row {
			row[k] = strings.TrimSpace(row[k])
		}
		if len(row) != 2 || row[0] == "" || row[1] == "" {
			return nil, fmt.Errorf("line %d: a line has a label and the class that it means", lines[i])
		}
		if old, ok := m[row[0]]; ok && old != row[1] {
			return nil, fmt.Errorf("line %d: %s means %s already", lines[i], row[0], old)
		}
		m[row[0]] = row[1]
	}
	return m, nil
}
