package runtime

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unsafe"

	"github.com/resc-lang/resc/internal/source"
	"github.com/resc-lang/resc/runtime/internal/cpu"
	"github.com/resc-lang/resc/runtime/kernel"
	"github.com/resc-lang/resc/runtime/packed"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// PackedError says why packed weights cannot be used: they are another model's,
// or for another processor or version of the kernels.
type PackedError struct{ Reason string }

func (e *PackedError) Error() string { return "packed weights: " + e.Reason }

// Lines returns the lines of the error's text.
func (e *PackedError) Lines() []string { return strings.Split(e.Error(), "\n") }

func misfit(format string, args ...any) error { return &PackedError{fmt.Sprintf(format, args...)} }

// open makes the weights of a file of packed ones, on all processors: each
// section's checksum is computed, which brings its pages in.
func (l *Loader) open() error {
	if err := l.compare(l.packed.Index); err != nil {
		return err
	}
	var halves []*packing
	for i, p := range l.packings {
		if l.packed.Sections[i].Kind != packed.Packed {
			halves = append(halves, p)
		}
	}
	allocate(halves)
	if err := parallel(len(l.packings), func(i int) { l.packings[i].err = l.section(i) }); err != nil {
		return err
	}
	for _, p := range l.packings {
		if p.err != nil {
			return p.err
		}
	}
	return nil
}

// compare says how a file's index differs from what the model asks for.
func (l *Loader) compare(index packed.Index) error {
	if !cpu.Shares(index.Tier) {
		tier := cpu.Tier()
		return misfit("the file is for the %s kernels, and this process runs the %s ones: pack the checkpoint again here with resc pack, or with %s=%s", printable(index.Tier), tier, cpu.Variable, tier)
	}
	if index.Pack != kernel.PackVersion {
		return misfit("the file is in the order of version %d of the kernels, and these are of version %d: pack the checkpoint again with resc pack", index.Pack, kernel.PackVersion)
	}
	theirs := fmt.Sprintf("the file is packed from model %s with --memory %s (fingerprint %.12s), and this is model %s (fingerprint %.12s)",
		printable(index.Model), printable(index.Memory), printable(index.Fingerprint), l.model, l.fingerprint())
	if index.Model == l.model {
		theirs += "\n\tthey differ by --set, --shape, --outputs or --memory, or by the model's text; resc pack makes a file for the model as it is here"
	}
	for i, p := range l.packings {
		switch {
		case i >= len(index.Sections):
			return misfit("%s\n\tthe file has %d layers, the model %d", theirs, len(index.Sections), len(l.packings))
		case index.Sections[i].Layer != p.layer:
			return misfit("%s\n\tlayer %d of the file:  %s\n\tlayer %d of the model: %s", theirs, i+1, printable(index.Sections[i].Layer), i+1, p.layer)
		case index.Sections[i].Size != p.bytes(index.Sections[i].Kind):
			return misfit("layer %s takes %d bytes of kind %s, and the file has %d", p.layer, p.bytes(index.Sections[i].Kind), index.Sections[i].Kind, index.Sections[i].Size)
		}
	}
	if len(index.Sections) > len(l.packings) {
		return misfit("%s\n\tthe file has %d layers, the model %d", theirs, len(index.Sections), len(l.packings))
	}
	return nil
}

// fingerprint is the SHA-256 of all layers' descriptions.
func (l *Loader) fingerprint() string {
	h := sha256.New()
	for _, p := range l.packings {
		io.WriteString(h, p.layer+"\n")
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// bytes is the size of a section of that kind.
func (p *packing) bytes(kind packed.Kind) int64 {
	if kind == packed.Packed {
		return 4 * int64(p.size)
	}
	n := int64(p.scales())*8 + int64(p.biases())*4
	weights := int64(2)
	for _, d := range p.shape {
		weights *= int64(d)
	}
	return n + weights
}

// scales and biases are the numbers of those in a section of half precision.
func (p *packing) scales() int {
	if len(p.fold.Norms) == 0 {
		return 0
	}
	return p.shape[0]
}

func (p *packing) biases() int {
	if len(p.fold.Norms) == 0 && p.fold.Bias == "" {
		return 0
	}
	return p.shape[0]
}

// section makes the weights of the i-th layer.
func (l *Loader) section(i int) error {
	p, kind := l.packings[i], l.packed.Sections[i].Kind
	data, err := l.packed.Bytes(i)
	if err != nil {
		return err
	}
	if kind == packed.Packed {
		p.values = inPlace(data)
		if p.values == nil {
			p.values = kernel.NewArena(p.size)
			safetensors.F32.Decode(p.values, data, 0)
		}
		p.use(p.values)
		return nil
	}
	p.rows = new(rows)
	if n := p.scales(); n > 0 {
		p.rows.scale = make([]float64, n)
		for c := range n {
			p.rows.scale[c] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*c:]))
		}
		data = data[8*n:]
	}
	if n := p.biases(); n > 0 {
		p.bias = make([]float32, n)
		safetensors.F32.Decode(p.bias, data, 0)
		data = data[4*n:]
	}
	p.rows.tensor = safetensors.NewTensor(p.fold.Weight, safetensors.DType(kind), p.shape, func() ([]byte, error) { return data, nil })
	if p.run(); p.err == nil && (!p.rows.finite() || !finite(p.bias)) {
		p.err = misfit("layer %s %s", p.layer, notFinite)
	}
	return p.err
}

// placeAlignment is the alignment from which packed values are used where they
// lie: one AVX register, and what Go's linker gives large variables.
const placeAlignment = 32

// inPlace reads bytes as float32 where they lie, or returns nil if they are not
// aligned.
func inPlace(data []byte) []float32 {
	start := unsafe.Pointer(unsafe.SliceData(data))
	if len(data) == 0 || uintptr(start)%placeAlignment != 0 {
		return nil
	}
	return unsafe.Slice((*float32)(start), len(data)/4)
}

// WritePacked writes the weights that Done has packed from a checkpoint as a file
// of packed weights, for the tier in force. Weights that the checkpoint has in
// half precision stay so; they are read again, so the checkpoint must be open.
// memory is the choice that the model was compiled with.
func (l *Loader) WritePacked(w io.Writer, memory string) (err error) {
	defer source.Catch(source.Watch(), &err)
	index := packed.Index{
		Model: l.model, Memory: memory, Tier: cpu.Tier().String(), Pack: kernel.PackVersion, Fingerprint: l.fingerprint(),
	}
	var sections [][][]byte
	for _, p := range l.packings {
		if p.rows == nil || p.values == nil {
			return errors.New("runtime: only what was packed from a checkpoint can be written")
		}
		s := packed.Section{Layer: p.layer, Kind: packed.Packed}
		pieces := [][]byte{safetensors.Float32Bytes(p.values)}
		if p.rows.tensor.DType.Half() {
			s.Kind = packed.Kind(p.rows.tensor.DType)
			data, err := p.rows.tensor.Bytes()
			if err != nil {
				return err
			}
			pieces = [][]byte{scaleBytes(p.rows.scale), safetensors.Float32Bytes(p.bias), data}
		}
		index.Sections = append(index.Sections, s)
		sections = append(sections, pieces)
	}
	return packed.Write(w, index, sections)
}

// scaleBytes is the little-endian bytes of scales.
func scaleBytes(scale []float64) []byte {
	data := make([]byte, 0, 8*len(scale))
	for _, v := range scale {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
	}
	return data
}
