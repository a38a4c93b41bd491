package runtime

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	goruntime "runtime"
	"sync"
	"sync/atomic"

	"github.com/resc-lang/resc/internal/source"
	"github.com/resc-lang/resc/runtime/kernel"
	"github.com/resc-lang/resc/runtime/packed"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// Weights is an open file of weights: a checkpoint in safetensors format, which
// is folded and packed when a model is loaded from it, or weights that resc pack
// has packed, which are used where they lie. Its methods may be used by several
// goroutines at once.
//
// Packed weights that are mapped into memory stay so until the Weights and every
// session over them are closed, or garbage: a run never loses its weights. In nil Weights,
// and zero ones, all weights are missing.
type Weights struct {
	name       string // of the file, or ""
	checkpoint *safetensors.File
	borrowed   bool // the checkpoint is somebody else's to close
	packed     *packed.File
	source     *source.Source // of the file; nil for a borrowed checkpoint
	faulty     atomic.Bool    // packed weights were seen to change

	mu       sync.Mutex
	closed   bool
	sessions int              // that are open
	filters  []*kernel.Filter // that Loaders have made of it
}

// OpenWeights opens the file at path, whichever kind it is. The file must be
// neither truncated nor written to while it is open: runs over packed weights return
// ErrFileChanged then, or wrong results until the next session is made. To replace a file,
// write a new one beside it and rename that over it.
func OpenWeights(path string) (*Weights, error) {
	s, err := source.Open(path)
	return newWeights(path, s, err)
}

// OpenWeightsFS opens the named file of fsys, as OpenWeights does where the file
// is the operating system's.
func OpenWeightsFS(fsys fs.FS, name string) (*Weights, error) {
	s, err := source.OpenFS(fsys, name)
	return newWeights(name, s, err)
}

// ReadWeights opens a file of size bytes that r gives access to. r must stay
// usable until a model is loaded, and is not closed.
func ReadWeights(r io.ReaderAt, size int64) (*Weights, error) {
	return newWeights("", source.Reader(r, size), nil)
}

// ParseWeights opens a file that lies in memory, and keeps data. Packed weights
// are used where they lie if data begins at a multiple of 32 bytes, as large files
// of go:embed do on 64-bit processors, and copied otherwise.
func ParseWeights(data []byte) (*Weights, error) {
	return newWeights("", source.Bytes(data), nil)
}

// CheckpointWeights is the weights of a checkpoint that is open already. Close
// leaves c open.
func CheckpointWeights(c *safetensors.File) *Weights {
	return &Weights{checkpoint: c, borrowed: true}
}

// newWeights finds out the kind of a file.
func newWeights(name string, s *source.Source, err error) (_ *Weights, failed error) {
	if err != nil {
		return nil, err
	}
	defer source.Catch(source.Watch(), &failed)
	w := &Weights{name: name, source: s}
	if s.HasPrefix(packed.Magic) {
		w.packed, err = packed.OpenReader(s, s.Size())
	} else {
		w.checkpoint, err = safetensors.OpenReader(s, s.Size())
	}
	if err != nil {
		s.Close()
		return nil, w.named(err)
	}
	goruntime.AddCleanup(w, func(s *source.Source) { s.Close() }, s)
	return w, nil
}

// named gives an error the file's name.
func (w *Weights) named(err error) error {
	var weights *WeightsError
	if err == nil || w.name == "" || errors.As(err, &weights) || errors.Is(err, ErrFileChanged) {
		return err
	}
	return fmt.Errorf("%s: %w", w.name, err)
}

// Packed describes a file of packed weights; ok is false for a checkpoint.
func (w *Weights) Packed() (index packed.Index, ok bool) {
	if w == nil || w.packed == nil {
		return index, false
	}
	return w.packed.Index, true
}

// Loader returns a loader for the model of that name.
func (w *Weights) Loader(model string) *Loader {
	if w == nil {
		w = new(Weights)
	}
	l := NewLoader(w.checkpoint)
	l.weights, l.packed, l.model = w, w.packed, model
	return l
}

// keep has the weights stay until release, for a session; false where they are closed.
func (w *Weights) keep() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	w.sessions++
	return true
}

// unchanged returns nil if the file of packed weights is as it was when it was opened.
func (w *Weights) unchanged() error {
	if w.packed == nil {
		return nil
	}
	err := w.source.Unchanged()
	if err != nil {
		w.faulty.Store(true) // sessions that are open look from now on
	}
	return err
}

// prepare prepares all filters, unless the file has changed.
func (w *Weights) prepare() error {
	if err := w.unchanged(); err != nil {
		return err
	}
	w.mu.Lock()
	filters := w.filters
	w.mu.Unlock()
	return parallel(len(filters), func(i int) { filters[i].Prepare() })
}

// release ends a session's hold.
func (w *Weights) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sessions--
	w.unmap()
}

// Close releases the file and, once the last session is closed, the memory of
// packed weights. It may be called more than once.
func (w *Weights) Close() error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	return w.unmap()
}

// unmap releases the file when nobody needs it any more.
func (w *Weights) unmap() error {
	switch {
	case !w.closed || w.sessions > 0:
		return nil
	case w.packed != nil:
		return w.packed.Close()
	case w.checkpoint != nil && !w.borrowed:
		return w.checkpoint.Close()
	}
	return nil
}

// loaded notes the filters of a model, for Session.Prepare.
func (w *Weights) loaded(filters []*kernel.Filter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.filters = append(w.filters, filters...)
}

// done closes a checkpoint: a model keeps nothing of it. One that was overwritten
// meanwhile is an error.
func (w *Weights) done() error {
	if w.packed != nil || w.borrowed {
		return nil
	}
	return errors.Join(w.source.Unchanged(), w.checkpoint.Close())
}
