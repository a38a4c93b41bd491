package source

import (
	"bytes"
	"io"
	"io/fs"
	"testing"
	"testing/iotest"
)

func TestReaderAt(t *testing.T) {
	data := []byte("what a file holds")
	for name, s := range map[string]*Source{"Bytes": Bytes(data), "Reader": Reader(bytes.NewReader(data), int64(len(data)))} {
		if err := iotest.TestReader(io.NewSectionReader(s, 0, s.Size()), data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		p := make([]byte, 4)
		for offset, want := range map[int64]error{0: nil, s.Size() - 4: nil, s.Size() - 2: io.EOF, s.Size(): io.EOF, s.Size() + 1: io.EOF} {
			if n, err := s.ReadAt(p, offset); err != want || n != int(min(4, max(0, s.Size()-offset))) {
				t.Errorf("%s: ReadAt(%d) is %d, %v", name, offset, n, err)
			}
		}
		if _, err := s.ReadAt(p, -1); err == nil {
			t.Errorf("%s: a negative offset is no error", name)
		}
		s.Close()
		if _, err := s.ReadAt(p, 0); err != fs.ErrClosed {
			t.Errorf("%s: ReadAt after Close: %v", name, err)
		}
	}
}

// TestReaderOfSource keeps a source in memory that is passed on as an io.ReaderAt.
func TestReaderOfSource(t *testing.T) {
	s := Bytes([]byte("what a file holds"))
	if Reader(s, s.Size()) != s {
		t.Error("a source is wrapped in another")
	}
	if part := Reader(s, 4); part == s || part.Size() != 4 {
		t.Error("a part of a source is all of it")
	}
}
