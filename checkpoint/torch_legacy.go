package checkpoint

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/resc-lang/resc/checkpoint/internal/pickle"
	"github.com/resc-lang/resc/internal/source"
)

// isPickle knows a pickle of protocol 2 to 5.
func isPickle(head []byte) bool {
	return len(head) > 2 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5
}

// legacyMagic begins PyTorch's format before version 1.6, in base 16.
const legacyMagic = "1950a86a20f9469cfc6c"

// legacy is a file of that format (torch/serialization.py, _legacy_save): five
// pickles, which are the magic number, a version, the machine's sizes, the object
// and the keys of its storages, and then each storage, its number of elements
// before it.
type legacy struct {
	src      *source.Source
	r        *bufio.Reader
	section  *io.SectionReader
	storages map[string]*storage
}

// readLegacy reads a file that begins with a pickle: PyTorch's older format, or a
// plain pickle of NumPy arrays.
func readLegacy(s *source.Source) (*contents, error) {
	l := &legacy{src: s, section: io.NewSectionReader(s, 0, s.Size()), storages: make(map[string]*storage)}
	l.r = bufio.NewReader(l.section)
	first, err := l.pickle()
	if err != nil {
		return nil, err
	}
	if n, ok := first.(*big.Int); !ok || n.Text(16) != legacyMagic {
		return flatten("pickle", first)
	}
	if version, err := l.pickle(); err != nil {
		return nil, err
	} else if version != int64(1001) {
		return nil, fmt.Errorf("version %v of PyTorch's older format is not known", version)
	}
	if err := l.machine(); err != nil {
		return nil, err
	}
	value, err := l.pickle()
	if err != nil {
		return nil, err
	}
	if err := l.locate(); err != nil {
		return nil, err
	}
	return flatten("PyTorch (older format)", value)
}

// pickle reads the next pickle.
func (l *legacy) pickle() (any, error) {
	return pickle.Read(l.r, l.src.Size(), pickle.Hooks{Call: newCaller(l.src.Size()).call, Persistent: l.persistent})
}

// machine reads what the writing machine's numbers were like.
func (l *legacy) machine() error {
	v, err := l.pickle()
	if err != nil {
		return err
	}
	d, ok := v.(*pickle.Dict)
	if !ok {
		return errors.New("the file does not say how its numbers are stored")
	}
	if little, _ := d.Get("little_endian"); little != true {
		return errors.New("the file's numbers are big-endian; only little-endian files are read")
	}
	return nil
}

// persistent notes a storage by ("storage", class, key, location, elements, part),
// where part is nil or (key, offset, elements) of a view on it. The whole module
// that a file holds comes with ("module", class, source file, source text).
func (l *legacy) persistent(id any) (any, error) {
	tuple, ok := id.(pickle.Tuple)
	if ok && len(tuple) == 4 && tuple[0] == "module" {
		return tuple[1], nil // the class; its source stays unread
	}
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
		return nil, fmt.Errorf("storage %q is a %s, which is not read: convert the tensor before it is saved", key, class)
	}
	if count < 0 || count > l.src.Size()/kind.width {
		return nil, fmt.Errorf("storage %q of %d elements is larger than the file", key, count)
	}
	root := l.storages[key]
	if root == nil {
		root = &storage{src: l.src, dtype: kind.dtype, width: kind.width, count: count, offset: -1}
		l.storages[key] = root
	}
	if root.dtype != kind.dtype || root.count != count {
		return nil, fmt.Errorf("storage %q is said to be two things", key)
	}
	if len(tuple) < 6 || tuple[5] == nil {
		return root, nil
	}
	part, err := argument[pickle.Tuple](tuple, 5)
	if err != nil {
		return nil, err
	}
	shift, err := argument[int64](part, 1)
	if err != nil {
		return nil, err
	}
	size, err := argument[int64](part, 2)
	if err != nil {
		return nil, err
	}
	if shift < 0 || size < 0 || size > root.count || shift > root.count-size {
		return nil, fmt.Errorf("a part of storage %q lies outside of it", key)
	}
	return &storage{src: l.src, dtype: kind.dtype, width: kind.width, count: size, root: root, shift: shift}, nil
}

// locate reads the storages' keys and finds where each lies.
func (l *legacy) locate() error {
	v, err := l.pickle()
	if err != nil {
		return err
	}
	keys, ok := v.(*pickle.List)
	if !ok {
		return errors.New("the list of storages is missing")
	}
	at, err := l.section.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	at -= int64(l.r.Buffered())
	for _, k := range keys.Items {
		key, _ := k.(string)
		s := l.storages[key]
		if s == nil {
			return fmt.Errorf("storage %q belongs to no tensor", key)
		}
		if s.offset >= 0 {
			return fmt.Errorf("storage %q comes twice", key)
		}
		b, err := l.src.Read(at, 8)
		if err != nil {
			return fmt.Errorf("the file is cut short: storage %q: %w", key, err)
		}
		if n := int64(binary.LittleEndian.Uint64(b)); n != s.count {
			return fmt.Errorf("storage %q has %d elements, and its tensors say %d", key, n, s.count)
		}
		s.offset = at + 8
		at = s.offset + s.count*s.width
		if at > l.src.Size() {
			return fmt.Errorf("the file is cut short: storage %q would end at byte %d of %d", key, at, l.src.Size())
		}
	}
	for key, s := range l.storages {
		if s.offset < 0 {
			return fmt.Errorf("the values of storage %q are missing", key)
		}
	}
	return nil
}
