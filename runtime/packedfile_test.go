package runtime

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/runtime/internal/cpu"
	"github.com/resc-lang/resc/runtime/kernel"
	"github.com/resc-lang/resc/runtime/packed"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// halves is layer with its weights in a half precision, among them subnormal ones.
func halves(t *testing.T, dtype safetensors.DType) *safetensors.File {
	t.Helper()
	var tensors []safetensors.Tensor
	for _, w := range layer {
		var data []byte
		for i, v := range fixture.Fill(w.Name, w.Shape) {
			bits := uint16(math.Float32bits(v) >> 16)
			if dtype == safetensors.F16 {
				bits = uint16(i*7919)&0x83ff | 0x3000 // of either sign, about an eighth
				if w.Name == "conv.weight" && i%3 == 0 {
					bits &= 0x83ff // subnormal
				}
				if strings.HasSuffix(w.Name, "running_var") {
					bits &= 0x7fff
				}
			}
			data = binary.LittleEndian.AppendUint16(data, bits)
		}
		tensors = append(tensors, safetensors.NewTensor(w.Name, dtype, w.Shape, func() ([]byte, error) { return data, nil }))
	}
	file, err := safetensors.New(tensors...)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// pack packs the layer of a checkpoint, and returns the filter and the file.
func pack(t *testing.T, c *safetensors.File) (*kernel.Filter, []byte) {
	t.Helper()
	l := CheckpointWeights(c).Loader("m")
	f := l.Filter(layerSpec, layerFold)
	if err := l.Done(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := l.WritePacked(&b, "fast"); err != nil {
		t.Fatal(err)
	}
	return f, b.Bytes()
}

// TestPacked compares a filter of a checkpoint, in each precision, with that of the
// file of packed weights, and looks at what is on disk.
func TestPacked(t *testing.T) {
	for dtype, c := range map[safetensors.DType]*safetensors.File{
		safetensors.F32: checkpoint(t, nil), safetensors.F16: halves(t, safetensors.F16), safetensors.BF16: halves(t, safetensors.BF16),
	} {
		want, data := pack(t, c)
		w, err := ParseWeights(data)
		if err != nil {
			t.Fatal(err)
		}
		index, ok := w.Packed()
		kind := packed.Packed
		if dtype.Half() {
			kind = packed.Kind(dtype)
		}
		if !ok || index.Sections[0].Kind != kind || index.Tier != cpu.Tier().String() {
			t.Errorf("%s: index %+v", dtype, index)
		}
		if dtype.Half() && index.Sections[0].Size != 4*8+4*4+24*2 {
			t.Errorf("%s: %d bytes", dtype, index.Sections[0].Size)
		}
		l := w.Loader("m")
		got := l.Filter(layerSpec, layerFold)
		if err := l.Done(); err != nil {
			t.Fatal(err)
		}
		if a, b := pixel(want), pixel(got); !slices.Equal(a, b) || a[0] == 0 {
			t.Errorf("%s: packed %v, want %v", dtype, b, a)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestPackedMisfit asks a file for another model's weights.
func TestPackedMisfit(t *testing.T) {
	_, data := pack(t, checkpoint(t, nil))
	load := func(ask func(l *Loader)) error {
		w, err := ParseWeights(data)
		if err != nil {
			t.Fatal(err)
		}
		l := w.Loader("other")
		ask(l)
		return l.Done()
	}
	spec := layerSpec
	spec.Stride = 2
	fold := layerFold
	fold.Bias = ""
	for name, c := range map[string]struct {
		ask  func(l *Loader)
		want string
	}{
		"nothing": {func(*Loader) {}, "the file has 1 layers, the model 0"},
		"stride":  {func(l *Loader) { l.Filter(spec, layerFold) }, "from model m with --memory fast"},
		"no bias": {func(l *Loader) { l.Filter(layerSpec, fold) }, "this is model other"},
		"kind":    {func(l *Loader) { l.ScaleShift(4, Norm{Name: "bn"}) }, "layer 1 of the model: ScaleShiftSpec{C:4}"},
		"more": {func(l *Loader) {
			l.Filter(layerSpec, layerFold)
			l.Filter(layerSpec, layerFold)
		}, "the file has 1 layers, the model 2"},
	} {
		err := load(c.ask)
		var misfit *PackedError
		if !errors.As(err, &misfit) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

// TestPackedHostile has sections of the wrong length, and values that are not
// finite, under checksums that fit.
func TestPackedHostile(t *testing.T) {
	_, data := pack(t, halves(t, safetensors.F16))
	w, err := ParseWeights(data)
	if err != nil {
		t.Fatal(err)
	}
	index, _ := w.Packed()
	for name, c := range map[string]struct {
		kind packed.Kind
		data []byte
		want string
	}{
		"short":      {packed.F16, make([]byte, 95), "takes 96 bytes of kind F16, and the file has 95"},
		"not finite": {packed.F16, bytes.Repeat([]byte{0xff}, 96), notFinite},
		"empty":      {packed.Packed, nil, "and the file has 0"},
	} {
		changed := index
		changed.Sections = []packed.Section{{Layer: index.Sections[0].Layer, Kind: c.kind}}
		var b bytes.Buffer
		if err := packed.Write(&b, changed, [][][]byte{{c.data}}); err != nil {
			t.Fatal(err)
		}
		w, err := ParseWeights(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		l := w.Loader("m")
		l.Filter(layerSpec, layerFold)
		if err := l.Done(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

// TestPackedShared loads a file that was packed for one tier on another with the same
// kernels: it has the former's algorithms.
func TestPackedShared(t *testing.T) {
	file := fixture.Checkpoint([]fixture.Weight{{Name: "conv.weight", Shape: []int{16, 16, 3, 3}}})
	s := kernel.FilterSpec{In: 16, Out: 16, KernelH: 3, KernelW: 3, Algorithm: kernel.ByTier{AVX512: kernel.Winograd4, AVX512x2: kernel.Winograd2}}
	f := Fold{Weight: "conv.weight"}
	run := func(f *kernel.Filter) []float32 {
		in, out := kernel.Layout{C: 16, H: 5, W: 5, Halo: 1}, kernel.Layout{C: 16, H: 5, W: 5}
		src, dst := kernel.NewArena(in.Len()), kernel.NewArena(out.Len())
		for i := range src {
			src[i] = float32(i%7) - 3
		}
		threads := kernel.NewThreads(1)
		defer threads.Close()
		threads.Begin()
		defer threads.End()
		kernel.Conv{In: in, Out: out, KernelH: 3, KernelW: 3, PadTop: 1, PadLeft: 1}.Run(threads, dst, src, nil, f)
		return dst
	}
	for _, there := range cpu.Available() {
		for _, here := range cpu.Available() {
			restore := cpu.Force(there)
			l := CheckpointWeights(file).Loader("m")
			want := l.Filter(s, f)
			if err := l.Done(); err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := l.WritePacked(&b, "fast"); err != nil {
				t.Fatal(err)
			}
			restore()

			restore = cpu.Force(here)
			w, err := ParseWeights(b.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			l = w.Loader("m")
			got := l.Filter(s, f)
			err = l.Done()
			var misfit *PackedError
			switch {
			case there.Kernels() != here.Kernels():
				if !errors.As(err, &misfit) || !strings.Contains(err.Error(), "the file is for the "+there.String()+" kernels") {
					t.Errorf("from %v on %v: error %v", there, here, err)
				}
			case err != nil:
				t.Errorf("from %v on %v: %v", there, here, err)
			case got.Bytes() != want.Bytes() || !slices.Equal(run(got), run(want)):
				t.Errorf("from %v on %v: another filter", there, here)
			}
			restore()
		}
	}
}
