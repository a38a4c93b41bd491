package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"os"
	"strings"

	"github.com/resc-lang/resc/internal/atomicfile"
	"github.com/resc-lang/resc/internal/npy"
)

// archiveEnding is that of files with several arrays.
const archiveEnding = ".npz"

// spool keeps an output of many images in a temporary file until it is known how
// many there are, as the heading of an .npy file says it. Memory does not grow.
type spool struct {
	name  string
	shape []int // of one image
	file  *os.File
	w     *bufio.Writer
	buf   []byte
}

func newSpool(name string, shape []int) (*spool, error) {
	f, err := os.CreateTemp("", "resc-*.f32")
	if err != nil {
		return nil, err
	}
	return &spool{name: name, shape: shape, file: f, w: bufio.NewWriter(f)}, nil
}

// add keeps an image's values.
func (s *spool) add(values []float32) error {
	s.buf = s.buf[:0]
	for _, v := range values {
		s.buf = binary.LittleEndian.AppendUint32(s.buf, math.Float32bits(v))
	}
	_, err := s.w.Write(s.buf)
	return err
}

// discard removes the temporary file.
func (s *spool) discard() {
	s.file.Close()
	os.Remove(s.file.Name())
}

// writeSpools writes the outputs of n images, whole or not at all: an array, or an
// archive of all by their names.
func writeSpools(path string, spools []*spool, n int) error {
	var arrays []npy.Named
	for _, s := range spools {
		if err := s.w.Flush(); err != nil {
			return err
		}
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		arrays = append(arrays, npy.Named{Name: s.name, Shape: append([]int{n}, s.shape...), From: s.file})
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		if strings.HasSuffix(path, archiveEnding) {
			return npy.WriteArchive(w, arrays)
		}
		return arrays[0].Write(w)
	})
}
