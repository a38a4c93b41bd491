package checkpoint

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/resc-lang/resc/internal/npy"
	"github.com/resc-lang/resc/internal/source"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// How much an archive's members may take when they are unpacked. Weights hardly
// compress; what does, by more than this, is a bomb.
const (
	maxExpansion = 64      // times the size of the file …
	freeBytes    = 1 << 26 // … or this
)

// readNPZ reads an archive of numpy.savez or numpy.savez_compressed: a member
// NAME.npy for each array.
func readNPZ(s *source.Source, z *zip.Reader) (*contents, error) {
	f := &flattener{names: make(map[string]bool)}
	f.format = "NumPy"
	if len(z.File) > maxTensors {
		return nil, fmt.Errorf("more than %d arrays", maxTensors)
	}
	total := uint64(0)
	limit := max(freeBytes, maxExpansion*uint64(s.Size()))
	for _, member := range z.File {
		name, ok := strings.CutSuffix(member.Name, ".npy")
		if !ok || len(name) > maxName {
			return nil, fmt.Errorf("the archive has a member %.100q, which is no array", member.Name)
		}
		if total += member.UncompressedSize64; member.UncompressedSize64 > limit || total > limit {
			return nil, fmt.Errorf("the archive of %d bytes would unpack to %d or more", s.Size(), total)
		}
		t, err := npzTensor(name, member)
		var unread *unreadError
		switch {
		case errors.As(err, &unread):
			f.extra(name, "an array that is not read: "+err.Error())
		case err != nil:
			return nil, fmt.Errorf("array %q: %w", name, err)
		default:
			if err := f.tensor(t); err != nil {
				return nil, err
			}
		}
	}
	if len(f.tensors) == 0 {
		return nil, errors.New("there is no array of numbers in the file")
	}
	return &f.contents, nil
}

// unreadError is an array of a type that is not read.
type unreadError struct{ descr string }

func (e *unreadError) Error() string { return fmt.Sprintf("its elements are %q", e.descr) }

// npzTensor reads an array's header; its values are read when they are asked for.
func npzTensor(name string, member *zip.File) (t safetensors.Tensor, err error) {
	r, err := member.Open()
	if err != nil {
		return t, err
	}
	defer r.Close()
	h, err := npy.ReadHeader(r)
	if err != nil {
		return t, err
	}
	kind, ok := arrayTypes[strings.TrimLeft(h.Descr, "<|=")]
	if !ok {
		return t, &unreadError{h.Descr}
	}
	v := rowMajor(h.Shape, h.Fortran)
	v.on = &storage{dtype: kind.dtype, width: kind.width, count: int64(member.UncompressedSize64) / kind.width}
	if err := v.check(); err != nil {
		return t, err
	}
	return safetensors.NewTensor(name, kind.dtype, h.Shape, func() ([]byte, error) {
		data, err := npzData(member, v.len()*kind.width)
		if err != nil {
			return nil, err
		}
		return v.rows(data), nil
	}), nil
}

// npzData reads the size bytes behind an array's header, where it must end.
func npzData(member *zip.File, size int64) ([]byte, error) {
	r, err := member.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if _, err := npy.ReadHeader(r); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, size))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) < size {
		return nil, io.ErrUnexpectedEOF
	}
	switch n, err := io.Copy(io.Discard, r); { // which checks the sum, too
	case err != nil:
		return nil, err
	case n > 0:
		return nil, fmt.Errorf("%d bytes come after the array", n)
	}
	return data, nil
}
