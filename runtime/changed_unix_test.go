//go:build unix

package runtime

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/resc-lang/resc/internal/allocs"
	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/runtime/internal/cpu"
	"github.com/resc-lang/resc/runtime/kernel"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// mappedNet is a convolution over a file of packed weights.
type mappedNet struct {
	weights *Weights
	filter  *kernel.Filter
	session *Session[struct{}, mappedBatch]
	images  [][]float32 // outputs
	src     []float32
}

var (
	mappedSpec = kernel.FilterSpec{In: 64, Out: 64, KernelH: 3, KernelW: 3}
	mappedConv = kernel.Conv{
		In: kernel.Layout{C: 64, H: 9, W: 9, Halo: 1}, Out: kernel.Layout{C: 64, H: 9, W: 9},
		KernelH: 3, KernelW: 3, PadTop: 1, PadLeft: 1,
	}
)

// packedFile writes a file of packed weights that has not changed for an hour.
func packedFile(t *testing.T, spec kernel.FilterSpec) string {
	t.Helper()
	l := CheckpointWeights(fixture.Checkpoint([]fixture.Weight{{Name: "w", Shape: []int{64, 64, 3, 3}}})).Loader("net")
	l.Filter(spec, Fold{Weight: "w"})
	if err := l.Done(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := l.WritePacked(&b, "fast"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "net.resw")
	write(t, path, b.Bytes())
	return path
}

// write writes a file as cp does: into the one that is there.
func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	hour := time.Unix(1_700_000_000, 0)
	if err := os.Chtimes(path, hour, hour); err != nil {
		t.Fatal(err)
	}
}

// openNet makes a session over a file of packed weights.
func openNet(t *testing.T, path string, spec kernel.FilterSpec, threads int) *mappedNet {
	t.Helper()
	w, err := OpenWeights(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	n := &mappedNet{weights: w, src: kernel.NewArena(mappedConv.In.Len())}
	l := w.Loader("net")
	n.filter = l.Filter(spec, Fold{Weight: "w"})
	if err := l.Done(); err != nil {
		t.Fatal(err)
	}
	n.session = n.newSession(threads)
	for range 5 {
		n.images = append(n.images, kernel.NewArena(mappedConv.Out.Len()))
	}
	for i := range n.src {
		n.src[i] = float32(i%7) - 3
	}
	return n
}

func (n *mappedNet) newSession(threads int) *Session[struct{}, mappedBatch] {
	return NewSession[struct{}, mappedBatch](n.weights, func() *struct{} { return nil }, Threads(threads))
}

func (n *mappedNet) run(count int) error { return n.session.Run(mappedBatch{n}, count) }

type mappedBatch struct{ *mappedNet }

func (n mappedBatch) Image(t *kernel.Threads, _ *struct{}, i int) error {
	mappedConv.Run(t, n.images[i], n.src, nil, n.filter)
	return nil
}

// changed wants the error of a file that changed.
func changed(t *testing.T, what, path string, err error) {
	t.Helper()
	if !errors.Is(err, ErrFileChanged) || strings.Count(err.Error(), path) != 1 || !strings.Contains(err.Error(), "rename") {
		t.Errorf("%s: error %v", what, err)
	}
}

// TestTruncated truncates a file of packed weights under a session, which survives: once
// the file is as it was, it computes the same as before.
func TestTruncated(t *testing.T) {
	for _, tier := range cpu.Available() {
		for _, threads := range []int{1, 2} {
			for _, algorithm := range []kernel.Algorithm{kernel.Direct, kernel.Winograd4} {
				for _, count := range []int{1, 5} {
					t.Run(fmt.Sprint(tier, "/", threads, "/", algorithm, "/", count), func(t *testing.T) { truncated(t, tier, threads, algorithm, count) })
				}
			}
		}
	}
}

func truncated(t *testing.T, tier cpu.Level, threads int, algorithm kernel.Algorithm, count int) {
	defer cpu.Force(tier)()
	spec := mappedSpec
	if tier != cpu.Portable {
		spec.Algorithm = kernel.ByTier{AVX512: algorithm, AVX512x2: algorithm, AVX2: algorithm, NEON: algorithm}
	}
	path := packedFile(t, spec)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := openNet(t, path, spec, threads)
	if err := n.run(count); err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(n.images[count-1])
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		changed(t, "run", path, n.run(count))
	}
	changed(t, "Prepare", path, n.session.Prepare())
	other := n.newSession(threads)
	changed(t, "a new session", path, other.Run(mappedBatch{n}, count))
	other.Close()

	write(t, path, content)
	clear(n.images[count-1])
	if err := n.run(count); err != nil || !slices.Equal(n.images[count-1], want) {
		t.Errorf("after the file is back: error %v, same values: %t", err, slices.Equal(n.images[count-1], want))
	}
	n.session.Close()
	if err := n.run(count); err != ErrClosed {
		t.Errorf("after Close: %v", err)
	}
}

// TestOverwritten copies another file over that of an open model. New sessions, and those
// that prepare, notice it.
func TestOverwritten(t *testing.T) {
	path := packedFile(t, mappedSpec)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := openNet(t, path, mappedSpec, 1)
	defer n.session.Close()
	beside := path + ".new"
	if err := os.WriteFile(beside, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".old"); err != nil { // the file that is open
		t.Fatal(err)
	}
	if err := os.Rename(beside, path); err != nil {
		t.Fatal(err)
	}
	replaced := n.newSession(1)
	defer replaced.Close()
	if err := replaced.Run(mappedBatch{n}, 1); err != nil {
		t.Errorf("a file that was replaced as it should be: %v", err)
	}
	if err := os.WriteFile(path+".old", content, 0o600); err != nil {
		t.Fatal(err)
	}
	changed(t, "a new session", path, n.newSession(1).Run(mappedBatch{n}, 1))
	changed(t, "a new session's Prepare", path, n.newSession(1).Prepare())
	changed(t, "an old session after that", path, n.run(1))
}

// TestOverwrittenBeforePreparing has a session's 64th run notice the change.
func TestOverwrittenBeforePreparing(t *testing.T) {
	path := packedFile(t, mappedSpec)
	n := openNet(t, path, mappedSpec, 1)
	defer n.session.Close()
	if err := os.Chtimes(path, time.Time{}, time.Unix(1_800_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	for run := 1; run < PreparingRun; run++ {
		if err := n.run(1); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		changed(t, "run", path, n.run(1))
	}
}

// TestTruncatedWhileLoading truncates files between Open and Done.
func TestTruncatedWhileLoading(t *testing.T) {
	var b bytes.Buffer
	file := fixture.Checkpoint([]fixture.Weight{
		{Name: "w", Shape: []int{64, 64, 3, 3}}, {Name: "bn.weight", Shape: []int{64}}, {Name: "bn.bias", Shape: []int{64}},
	})
	var tensors []safetensors.Tensor
	for _, name := range file.Names() {
		tensor, _ := file.Tensor(name)
		tensors = append(tensors, tensor)
	}
	if err := safetensors.Write(&b, tensors, nil); err != nil {
		t.Fatal(err)
	}
	checkpoint := filepath.Join(t.TempDir(), "net.safetensors")
	write(t, checkpoint, b.Bytes())
	for _, path := range []string{packedFile(t, mappedSpec), checkpoint} {
		w, err := OpenWeights(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		l := w.Loader("net")
		l.Filter(mappedSpec, Fold{Weight: "w"})
		changed(t, "Done", path, l.Done())
		w.Close()
	}
	// Norms are read by ScaleShift itself.
	write(t, checkpoint, b.Bytes())
	c, err := safetensors.Open(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := os.Truncate(checkpoint, 0); err != nil {
		t.Fatal(err)
	}
	l := NewLoader(c)
	l.ScaleShift(64, Norm{Name: "bn", Scale: true})
	changed(t, "Done of a checkpoint", checkpoint, l.Done())
}

// TestOverwrittenWhileLoading copies a file over a checkpoint between Open and Done.
func TestOverwrittenWhileLoading(t *testing.T) {
	var b bytes.Buffer
	if err := safetensors.Write(&b, []safetensors.Tensor{safetensors.FromFloat32("w", []int{64, 64, 3, 3}, make([]float32, 64*64*9))}, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "net.safetensors")
	write(t, path, b.Bytes())
	w, err := OpenWeights(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	l := w.Loader("net")
	l.Filter(mappedSpec, Fold{Weight: "w"})
	changed(t, "Done", path, l.Done())
}

// faultBatch reads what is no memory.
type faultBatch struct{ src []float32 }

func (b faultBatch) Image(t *kernel.Threads, _ *struct{}, _ int) error {
	in := kernel.Layout{C: 64, H: 1, W: 1}
	kernel.GlobalAverage{In: in, Out: in}.Run(t, make([]float32, 64), b.src)
	return nil
}

// TestOtherFaults has a fault outside of any file panic as before.
func TestOtherFaults(t *testing.T) {
	page := os.Getpagesize()
	hole, err := unix.Mmap(-1, 0, page, unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(hole)
	start := unsafe.Pointer(unsafe.SliceData(hole))
	n := openNet(t, packedFile(t, mappedSpec), mappedSpec, 1)
	n.session.Close()
	for _, threads := range []int{1, 2} {
		s := NewSession[struct{}, faultBatch](n.weights, func() *struct{} { return nil }, Threads(threads))
		for _, count := range []int{1, 5, 1} {
			func() {
				defer func() {
					fault, ok := recover().(interface {
						goruntime.Error
						Addr() uintptr
					})
					if !ok || fault.Addr()&^uintptr(page-1) != uintptr(start) {
						t.Errorf("%d threads, %d images: the fault became %v", threads, count, fault)
					}
				}()
				err := s.Run(faultBatch{unsafe.Slice((*float32)(start), 64)}, count)
				t.Errorf("%d threads, %d images: error %v", threads, count, err)
			}()
		}
		s.Close()
	}
}

// TestRunAllocates nothing, with its guard against faults.
func TestRunAllocates(t *testing.T) {
	n := openNet(t, packedFile(t, mappedSpec), mappedSpec, 2)
	defer n.session.Close()
	if err := n.session.Prepare(); err != nil {
		t.Fatal(err)
	}
	if a := allocs.Least(10, func() {
		if err := n.run(5); err != nil {
			t.Fatal(err)
		}
	}); a != 0 {
		t.Errorf("10 runs allocate %d times", a)
	}
}
