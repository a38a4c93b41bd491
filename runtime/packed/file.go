package packed

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"

	"github.com/resc-lang/resc/internal/source"
)

// Magic is what a file begins with. Its first byte and its line ends show what
// passed through a transfer that thought it text.
const Magic = "\x89RESW\r\n\x1a"

const (
	formatVersion = 1
	headerSize    = 32
	checkedFrom   = 16      // what the header's checksum covers begins here
	maxIndex      = 8 << 20 // bytes: 50,000 layers
	page          = 4096    // the first section's alignment
	line          = 64      // every section's
)

// castagnoli is CRC-32C, which processors compute at the speed of memory.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Index says for whom the file is, and what is in it.
type Index struct {
	Model  string `json:"model"`  // its name, for messages
	Memory string `json:"memory"` // the memory choice that the model was compiled with
	Tier   string `json:"tier"`   // of kernels
	Pack   int    `json:"pack"`   // kernel.PackVersion
	// Fingerprint is the SHA-256 of the sections' layers, a line each.
	Fingerprint string    `json:"fingerprint"`
	Sections    []Section `json:"sections"`
}

// Kind says what a section holds.
type Kind string

// The kinds of sections.
const (
	// Packed is float32 values in the order of the kernel.
	Packed Kind = "packed"
	// F16 and BF16 are weights as a half-precision checkpoint has them: first the
	// float64 scale of each channel if a norm is folded in, then the float32 bias
	// of each channel if the layer has a bias or a norm, then the weights.
	F16  Kind = "F16"
	BF16 Kind = "BF16"
)

// Section is the weights of one layer.
type Section struct {
	Layer  string `json:"layer"` // names of the weights and how they are packed
	Kind   Kind   `json:"kind"`
	Size   int64  `json:"size"` // bytes
	CRC32C uint32 `json:"crc32c"`

	offset int64
}

// FormatError says why a file is not a valid file of packed weights.
type FormatError struct{ Reason string }

func (e *FormatError) Error() string { return "packed weights: " + e.Reason }

func malformed(format string, args ...any) error {
	return &FormatError{fmt.Sprintf(format, args...)}
}

// File is an open file. Its methods may be used by several goroutines at once. A zero
// File is closed.
type File struct {
	Index
	source *source.Source
}

// Open opens the file at path: mapped into memory where the system can, read
// section by section where it cannot. The header and the index are checked;
// sections are when they are read.
func Open(path string) (*File, error) {
	s, err := source.Open(path)
	if err != nil {
		return nil, err
	}
	f, err := read(s)
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// OpenReader opens a file of size bytes that r gives access to, as Open does. r
// must stay usable until Close, and is not closed.
func OpenReader(r io.ReaderAt, size int64) (*File, error) { return read(source.Reader(r, size)) }

// OpenBytes opens a file that lies in memory, and keeps data.
func OpenBytes(data []byte) (*File, error) { return read(source.Bytes(data)) }

// read opens a file whose bytes s gives access to, and takes s over unless there
// is an error.
func read(s *source.Source) (_ *File, failed error) {
	defer source.Catch(source.Watch(), &failed)
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		return nil, malformed("the values are little-endian, and this machine is big-endian: load the checkpoint instead")
	}
	head, err := s.Read(0, min(headerSize, s.Size()))
	if err != nil {
		return nil, err
	}
	if len(head) < len(Magic) || string(head[:len(Magic)]) != Magic {
		return nil, malformed("the file does not begin as one")
	}
	if len(head) < headerSize {
		return nil, malformed("the file is truncated: %d bytes are too few for a header", len(head))
	}
	version, sum := binary.LittleEndian.Uint32(head[8:]), binary.LittleEndian.Uint32(head[12:])
	length, index := binary.LittleEndian.Uint64(head[16:]), binary.LittleEndian.Uint64(head[24:])
	switch {
	case version != formatVersion:
		return nil, malformed("the file is of version %d of the format, and this program reads version %d: pack the checkpoint again with resc pack", version, formatVersion)
	case length > uint64(s.Size()):
		return nil, malformed("the file is truncated: it has %d bytes of %d", s.Size(), length)
	case length < uint64(s.Size()):
		return nil, malformed("the file goes on after its end: it has %d bytes, and should have %d", s.Size(), length)
	case index > uint64(s.Size()-headerSize) || index > maxIndex:
		return nil, malformed("the index is said to take %d bytes; the file has %d, and the limit is %d", index, s.Size()-headerSize, maxIndex)
	}
	checked, err := s.Read(checkedFrom, headerSize-checkedFrom+int64(index))
	if err != nil {
		return nil, err
	}
	if crc32.Checksum(checked, castagnoli) != sum {
		return nil, malformed("the header or the index is corrupted: its checksum does not fit")
	}
	f := &File{source: s}
	if err := json.Unmarshal(checked[headerSize-checkedFrom:], &f.Index); err != nil {
		return nil, malformed("the index is not what it should be: %v", err)
	}
	return f, f.place(headerSize + int64(index))
}

// place finds where the sections lie, and proves that they fill the file.
func (f *File) place(indexEnd int64) error {
	size := f.source.Size()
	end := indexEnd
	for i := range f.Sections {
		s := &f.Sections[i]
		if !slices.Contains([]Kind{Packed, F16, BF16}, s.Kind) {
			return malformed("section %q is of kind %q, which this program does not know", s.Layer, s.Kind)
		}
		s.offset = next(i, end)
		if s.Size < 0 || s.offset < end || s.offset > size || s.Size > size-s.offset {
			return malformed("section %q, %d bytes at %d, does not lie in the file's %d bytes", s.Layer, s.Size, s.offset, size)
		}
		end = s.offset + s.Size
	}
	if end != size {
		return malformed("the file has %d bytes, and its sections end at %d", size, end)
	}
	return nil
}

// align is the next multiple of a power of two.
func align(n, to int64) int64 { return (n + to - 1) &^ (to - 1) }

// Bytes returns the bytes of the i-th section once their checksum is found to
// fit: the file's own memory where that is mapped, which is good until Close and
// begins at the alignment of the file's, up to 64 bytes.
func (f *File) Bytes(i int) (data []byte, err error) {
	defer source.Catch(source.Watch(), &err)
	s := &f.Sections[i]
	if f.source == nil {
		return nil, fs.ErrClosed
	}
	data, err = f.source.Read(s.offset, s.Size)
	if err != nil {
		return nil, err
	}
	if crc32.Checksum(data, castagnoli) != s.CRC32C {
		return nil, malformed("section %q is corrupted: its checksum does not fit", s.Layer)
	}
	return data, nil
}

// InMemory reports whether Bytes returns the file's own memory.
func (f *File) InMemory() bool { return f.source != nil && f.source.InMemory() }

// Close releases the file.
func (f *File) Close() error {
	if f.source == nil {
		return nil
	}
	return f.source.Close()
}
