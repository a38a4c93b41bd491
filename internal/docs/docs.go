// Package docs finds the examples in the documentation, for the tests that hold
// them to the code.
package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Page is a page of documentation in Markdown.
type Page struct {
	Path  string // from the root, with slashes
	Lines []string
}

// Pages reads every page of the project at root, except for the change log, which
// describes the past.
func Pages(root string) ([]*Page, error) {
	var pages []*Page
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules"):
			return fs.SkipDir
		case filepath.Ext(path) != ".md" || d.Name() == "CHANGELOG.md":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		pages = append(pages, Parse(filepath.ToSlash(name), string(text)))
		return err
	})
	return pages, err
}

// Parse is a page with that text.
func Parse(path, text string) *Page {
	return &Page{Path: path, Lines: strings.Split(strings.TrimSuffix(text, "\n"), "\n")}
}

// Block is text that is shown as it is typed: fenced, or indented by four spaces.
type Block struct {
	Page     *Page
	Line     int    // of its first line, counted from 1
	Section  string // the heading above it
	Language string // of the fence; empty without
	Lines    []string
}

// Text is the lines of the block.
func (b *Block) Text() string { return strings.Join(b.Lines, "\n") + "\n" }

// Blocks lists the blocks of a page.
func (p *Page) Blocks() []*Block {
	var blocks []*Block
	section := ""
	blank := true // a block without a fence begins behind a blank line
	for i := 0; i < len(p.Lines); i++ {
		line := p.Lines[i]
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			section = heading
		}
		b := &Block{Page: p, Line: i + 1, Section: section}
		if language, ok := strings.CutPrefix(line, "```"); ok {
			b.Line, b.Language = i+2, language
			for i++; i < len(p.Lines) && p.Lines[i] != "```"; i++ {
				b.Lines = append(b.Lines, p.Lines[i])
			}
		} else if blank && strings.HasPrefix(line, indent) {
			for ; i < len(p.Lines) && (p.Lines[i] == "" || strings.HasPrefix(p.Lines[i], indent)); i++ {
				b.Lines = append(b.Lines, strings.TrimPrefix(p.Lines[i], indent))
			}
			i--
			for b.Lines[len(b.Lines)-1] == "" {
				b.Lines = b.Lines[:len(b.Lines)-1]
			}
		}
		if b.Lines != nil {
			blocks = append(blocks, b)
		}
		blank = line == "" || b.Lines != nil
	}
	return blocks
}

const indent = "    "

// Span is code within a sentence.
type Span struct {
	Line int
	Text string
}

// Spans lists the code within the sentences of a page.
func (p *Page) Spans() []Span {
	shown := map[int]bool{}
	for _, b := range p.Blocks() {
		for i := range b.Lines {
			shown[b.Line+i] = true
		}
	}
	var spans []Span
	inside := false // a span may go on in the next line of a paragraph
	for i, line := range p.Lines {
		if shown[i+1] || line == "" || strings.HasPrefix(line, "```") {
			inside = false
			continue
		}
		for j, text := range strings.Split(line, "`") {
			if j > 0 {
				inside = !inside
			}
			switch {
			case !inside:
			case j == 0:
				spans[len(spans)-1].Text += " " + text
			default:
				spans = append(spans, Span{i + 1, text})
			}
		}
	}
	return spans
}
