package checkpoint

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/resc-lang/resc/checkpoint/internal/pickle"
	"github.com/resc-lang/resc/internal/source"
)

// readZip reads a zip archive: PyTorch's, or NumPy's.
func readZip(s *source.Source) (*contents, error) {
	z, err := zip.NewReader(s, s.Size())
	if err != nil {
		return nil, fmt.Errorf("the zip archive is damaged or cut short: %w", err)
	}
	for _, f := range z.File {
		switch {
		case strings.HasSuffix(f.Name, ".npy"):
			return readNPZ(s, z)
		case strings.HasSuffix(f.Name, "/constants.pkl"):
			return nil, errors.New("this is a TorchScript archive, which holds a program: in Python, m = torch.jit.load(…), and then torch.save(m.state_dict(), …)")
		}
	}
	for _, f := range z.File {
		if path.Base(f.Name) == "data.pkl" && strings.Count(f.Name, "/") == 1 {
			return readTorchZip(s, z, f)
		}
	}
	return nil, errors.New("this is a zip archive, but neither PyTorch's (it has no data.pkl) nor NumPy's (it has no .npy)")
}

// torchZip is an archive that torch.save wrote (torch/serialization.py):
// NAME/data.pkl, and a member NAME/data/KEY for each storage, uncompressed.
type torchZip struct {
	src      *source.Source
	members  map[string]*zip.File // by their names below NAME/
	storages map[string]*storage  // by key
	taken    []span
}

// span is bytes of the file that a storage takes.
type span struct {
	key        string
	begin, end int64
}

func readTorchZip(s *source.Source, z *zip.Reader, data *zip.File) (*contents, error) {
	prefix, _ := path.Split(data.Name)
	t := &torchZip{src: s, members: make(map[string]*zip.File), storages: make(map[string]*storage)}
	for _, f := range z.File {
		if name, ok := strings.CutPrefix(f.Name, prefix); ok {
			if t.members[name] != nil {
				return nil, fmt.Errorf("the archive has %s twice", f.Name)
			}
			t.members[name] = f
		}
	}
	if err := t.byteOrder(); err != nil {
		return nil, err
	}
	at, err := t.span(data)
	if err != nil {
		return nil, err
	}
	r, err := data.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	size := at.end - at.begin
	value, err := pickle.Read(bufio.NewReader(r), size, pickle.Hooks{Call: newCaller(size).call, Persistent: t.persistent})
	if err != nil {
		return nil, err
	}
	if err := t.overlap(); err != nil {
		return nil, err
	}
	return flatten("PyTorch", value)
}

// byteOrder refuses the files of machines that store numbers the other way.
func (t *torchZip) byteOrder() error {
	f := t.members["byteorder"]
	if f == nil {
		return nil // before 2.1, which wrote little-endian files
	}
	at, err := t.span(f)
	if err != nil {
		return err
	}
	text, err := t.src.Read(at.begin, min(at.end-at.begin, 16))
	if err != nil {
		return err
	}
	if string(text) != "little" {
		return fmt.Errorf("the file's numbers are %q-endian; only little-endian files are read", text)
	}
	return nil
}

// span is where an uncompressed member lies.
func (t *torchZip) span(f *zip.File) (span, error) {
	if f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64 {
		return span{}, fmt.Errorf("%s is compressed, which torch.save never does: unpack and torch.save anew", f.Name)
	}
	begin, err := f.DataOffset()
	if err != nil {
		return span{}, fmt.Errorf("%s: %w", f.Name, err)
	}
	if f.UncompressedSize64 > uint64(t.src.Size()) || begin > t.src.Size()-int64(f.UncompressedSize64) {
		return span{}, fmt.Errorf("%s goes beyond the end of the file", f.Name)
	}
	return span{f.Name, begin, begin + int64(f.UncompressedSize64)}, nil
}

// persistent finds a storage by ("storage", class, key, location, elements).
func (t *torchZip) persistent(id any) (any, error) {
	tuple, ok := id.(pickle.Tuple)
	if !ok || len(tuple) < 5 || tuple[0] != "storage" {
		return nil, errors.New("an outside object that is no storage")
	}
	key, err := argument[string](tuple, 2)
	if err != nil {
		return nil, err
	}
	count, err := argument[int64](tuple, 4)
	if err != nil {
		return nil, err
	}
	kind, class, ok := storageType(tuple[1])
	if !ok {
		return unread(class), nil
	}
	if s := t.storages[key]; s != nil {
		if s.dtype != kind.dtype || s.count != count {
			return nil, fmt.Errorf("storage %q is said to be two things", key)
		}
		return s, nil
	}
	f := t.members["data/"+key]
	if f == nil {
		return nil, fmt.Errorf("the file has no storage %q", key)
	}
	at, err := t.span(f)
	if err != nil {
		return nil, err
	}
	if size := at.end - at.begin; count < 0 || count > size/kind.width || count*kind.width != size {
		return nil, fmt.Errorf("storage %q takes %d bytes, and %d elements of %s should be there", key, size, count, kind.dtype)
	}
	s := &storage{src: t.src, dtype: kind.dtype, width: kind.width, count: count, offset: at.begin}
	t.storages[key] = s
	t.taken = append(t.taken, at)
	return s, nil
}

// unread stands for a storage of a type that is not read.
func unread(class string) any {
	return &pickle.Object{Class: pickle.Global{Name: class}}
}

// overlap refuses storages that share bytes, which no writer makes.
func (t *torchZip) overlap() error {
	slices.SortFunc(t.taken, func(a, b span) int { return int(max(-1, min(1, a.begin-b.begin))) })
	for i := 1; i < len(t.taken); i++ {
		if a, b := t.taken[i-1], t.taken[i]; b.begin < a.end {
			return fmt.Errorf("%s and %s overlap in the file", a.key, b.key)
		}
	}
	return nil
}
