package pickle

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// Limits on one pickle. Those of networks with thousands of tensors, their
// optimizer's state included, stay far below.
const (
	maxValues = 1 << 21 // values pushed
	maxLine   = 1 << 10 // bytes of a module's or class's name
	maxLong   = 1 << 10 // bytes of an integer
)

// Hooks say what the few things mean that a pickle leaves to its reader.
type Hooks struct {
	// Call returns what a call of a global yields. Known is false for one that
	// the owner does not make: see Object. Args may be anything that the file
	// says.
	Call func(function Global, args Tuple) (value any, known bool, err error)
	// Persistent returns the object that the file keeps elsewhere under that id.
	Persistent func(id any) (any, error)
}

// Read reads one pickle from r and not a byte more. The pickle is at most size bytes
// long, and so are its strings together: arrays, which are among them, may be as
// large as the file.
func Read(r *bufio.Reader, size int64, hooks Hooks) (any, error) {
	m := &machine{r: r, left: uint64(size), hooks: hooks, memo: make(map[uint64]any)}
	for {
		op, err := r.ReadByte()
		if err != nil {
			return nil, fmt.Errorf("pickle: %w", truncated(err))
		}
		if op == opStop {
			if len(m.stack) != 1 || len(m.marks) != 0 {
				return nil, fmt.Errorf("pickle: %d values are left at the end, and there should be one", len(m.stack))
			}
			return m.stack[0], nil
		}
		if err := m.step(op); err != nil {
			return nil, fmt.Errorf("pickle: %w", err)
		}
	}
}

// truncated makes the end of a file an error that says so.
func truncated(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// uint reads n bytes, least significant first; n is at most 8.
func (m *machine) uint(n int) (uint64, error) {
	var b [8]byte
	if _, err := io.ReadFull(m.r, b[:n]); err != nil {
		return 0, truncated(err)
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

// bytes reads a length of size bytes and as many bytes.
func (m *machine) bytes(size int) ([]byte, error) {
	n, err := m.uint(size)
	if err != nil {
		return nil, err
	}
	return m.take(n)
}

// take reads n bytes, which must fit in what is left of the pickle.
func (m *machine) take(n uint64) ([]byte, error) {
	if n > m.left {
		return nil, fmt.Errorf("a string of %d bytes where at most %d are left: the file is damaged or cut short", n, m.left)
	}
	m.left -= n
	b := make([]byte, n)
	if _, err := io.ReadFull(m.r, b); err != nil {
		return nil, truncated(err)
	}
	return b, nil
}

// line reads up to a newline.
func (m *machine) line() (string, error) {
	var b []byte
	for {
		c, err := m.r.ReadByte()
		if err != nil {
			return "", truncated(err)
		}
		if c == '\n' {
			return string(b), nil
		}
		if len(b) == maxLine {
			return "", fmt.Errorf("a name of more than %d bytes", maxLine)
		}
		b = append(b, c)
	}
}
