package npy

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Header is what a file says of its array.
type Header struct {
	Shape   []int
	Descr   string // type of the elements, as NumPy spells it: "<f4"
	Fortran bool   // the first index runs fastest
}

// header is a Header of elements that are read here.
type header struct {
	shape []int
	size  int // bytes of an element, 4 or 8
	order binary.ByteOrder
}

// readHeader reads up to the data of an array whose elements are read here.
func readHeader(r io.Reader) (*header, error) {
	all, err := ReadHeader(r)
	if err != nil {
		return nil, err
	}
	h := &header{shape: all.Shape}
	err = h.setType(all.Descr)
	if all.Fortran {
		err = fmt.Errorf("the array is in Fortran order; save numpy.ascontiguousarray of it")
	}
	if err != nil {
		return nil, fmt.Errorf("npy: header: %w", err)
	}
	return h, nil
}

// ReadHeader reads up to the data of an array of any elements but structures.
func ReadHeader(r io.Reader) (*Header, error) {
	var start [len(magic) + 2]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return nil, fmt.Errorf("npy: %w", truncated(err))
	}
	if string(start[:len(magic)]) != magic {
		return nil, fmt.Errorf("npy: not a .npy file")
	}
	// Version 1 counts the header in 2 bytes, versions 2 and 3 in 4; version 3
	// is UTF-8, which only names of fields need.
	var length [4]byte
	switch major := start[len(magic)]; major {
	case 1:
		if _, err := io.ReadFull(r, length[:2]); err != nil {
			return nil, fmt.Errorf("npy: %w", truncated(err))
		}
	case 2, 3:
		if _, err := io.ReadFull(r, length[:]); err != nil {
			return nil, fmt.Errorf("npy: %w", truncated(err))
		}
	default:
		return nil, fmt.Errorf("npy: format version %d is not known", major)
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n > maxHeader {
		return nil, fmt.Errorf("npy: a header of %d bytes; the limit is %d", n, maxHeader)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, fmt.Errorf("npy: header: %w", truncated(err))
	}
	h, err := parseHeader(string(text))
	if err != nil {
		return nil, fmt.Errorf("npy: header: %w", err)
	}
	return h, nil
}

// parseHeader reads a Python dictionary with the three keys of the format:
//
//	{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
func parseHeader(text string) (*Header, error) {
	p := &parser{rest: text}
	h := new(Header)
	seen := make(map[string]bool)
	p.expect("{")
	for p.err == nil && !p.accept("}") {
		key := p.quoted()
		p.expect(":")
		if p.err == nil && seen[key] {
			p.fail("%q comes twice", key)
		}
		seen[key] = true
		switch key {
		case "descr":
			if p.skipSpace(); strings.HasPrefix(p.rest, "[") {
				p.fail("a structured array; only float32 and float64 are read")
			}
			h.Descr = p.quoted()
		case "fortran_order":
			if h.Fortran = p.accept("True"); !h.Fortran {
				p.expect("False")
			}
		case "shape":
			h.Shape = p.tuple()
		default:
			p.fail("unexpected key %q", key)
		}
		if !p.accept(",") {
			p.expect("}")
			break
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	if p.skipSpace(); p.rest != "" {
		return nil, fmt.Errorf("text after the dictionary")
	}
	if len(seen) != 3 {
		return nil, fmt.Errorf("the keys must be descr, fortran_order and shape")
	}
	return h, nil
}

// setType sets an element type such as '<f4'.
func (h *header) setType(descr string) error {
	switch descr {
	case "<f4", "<f8":
		h.order = binary.LittleEndian
	case ">f4", ">f8":
		h.order = binary.BigEndian
	default:
		return fmt.Errorf("elements of type %q; only float32 and float64 are read", descr)
	}
	h.size = int(descr[2] - '0')
	return nil
}

// parser reads the little of Python's syntax that headers use. After the first
// error every method does nothing.
type parser struct {
	rest string
	err  error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

func (p *parser) skipSpace() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// accept reads token if it comes next.
func (p *parser) accept(token string) bool {
	if p.err != nil {
		return false
	}
	p.skipSpace()
	rest, ok := strings.CutPrefix(p.rest, token)
	p.rest = rest
	return ok
}

func (p *parser) expect(token string) {
	if !p.accept(token) {
		p.fail("expected %s before %.20q", token, p.rest)
	}
}

// quoted reads a string without escapes.
func (p *parser) quoted() string {
	quote := `'`
	if !p.accept(quote) {
		quote = `"`
		p.expect(quote)
	}
	text, rest, ok := strings.Cut(p.rest, quote)
	if !ok || strings.Contains(text, `\`) {
		p.fail("expected a plain string before %.20q", p.rest)
	}
	if p.err != nil {
		return ""
	}
	p.rest = rest
	return text
}

// tuple reads a tuple of sizes; Python 2 wrote some with an L behind.
func (p *parser) tuple() []int {
	sizes := []int{}
	p.expect("(")
	for p.err == nil && !p.accept(")") {
		p.skipSpace()
		digits := len(p.rest) - len(strings.TrimLeft(p.rest, "0123456789"))
		size, err := strconv.Atoi(p.rest[:digits])
		if err != nil {
			p.fail("expected a size before %.20q", p.rest)
			return nil
		}
		sizes = append(sizes, size)
		p.rest = p.rest[digits:]
		p.accept("L")
		if !p.accept(",") {
			p.expect(")")
			break
		}
	}
	return sizes
}
