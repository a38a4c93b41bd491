package onnx

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/resc-lang/resc/runtime/safetensors"
)

// sample is a model with something of everything that is written.
func sample() *Model {
	weight := safetensors.FromFloat32("w", []int{2, 3}, []float32{1, 2, 3, 4, 5, 6})
	return &Model{
		IRVersion: 7, Opset: 14, Producer: "resc", ProducerVersion: "v1", Doc: "a doc",
		Metadata: []Property{{"k", "v"}, {"empty", ""}},
		Graph: Graph{
			Name: "g",
			Nodes: []*Node{
				{Name: "n", Op: "Gemm", Inputs: []string{"x", "w", ""}, Outputs: []string{"y"}, Attributes: []Attribute{
					Int("transB", 1), Float("alpha", 0.5), Ints("some", 1, -2, 3), Constant("t", FromIntegers("", -1, 7)),
				}},
				{Name: "m", Op: "Relu", Domain: "d", Inputs: []string{"y"}, Outputs: []string{"z"}},
			},
			Initializers: []*Tensor{&weight},
			Inputs:       []Value{{"x", safetensors.F32, []Dim{{Name: "batch"}, {Size: 3}}}},
			Outputs:      []Value{{"z", safetensors.F32, []Dim{{Name: "batch"}, {Size: 2}}}},
		},
	}
}

func written(t testing.TB, m *Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	data := written(t, sample())
	if !bytes.Equal(data, written(t, sample())) {
		t.Error("the same model gives other bytes")
	}
	m, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, written(t, m)) {
		t.Error("what is read is not what was written")
	}
	if got, ok := m.Property("k"); !ok || got != "v" {
		t.Errorf("metadata %q", got)
	}
	n := m.Graph.Nodes[0]
	if !slices.Equal(n.Inputs, []string{"x", "w", ""}) || n.Attribute("alpha").Float != 0.5 || n.Attribute("none") != nil {
		t.Errorf("node %+v", n)
	}
	if v, err := Integers(n.Attribute("t").Tensor, 10); err != nil || !slices.Equal(v, []int64{-1, 7}) {
		t.Errorf("integers %v, %v", v, err)
	}
	if v, err := m.Graph.Initializers[0].Float32(); err != nil || !slices.Equal(v, []float32{1, 2, 3, 4, 5, 6}) {
		t.Errorf("weight %v, %v", v, err)
	}
	if !reflect.DeepEqual(m.Graph.Inputs, sample().Graph.Inputs) {
		t.Errorf("input %+v", m.Graph.Inputs)
	}
}

func TestWriteRefuses(t *testing.T) {
	m := sample()
	big := safetensors.NewTensor("big", safetensors.F32, []int{1 << 15, 1 << 14}, func() ([]byte, error) { panic("read") })
	m.Graph.Initializers = append(m.Graph.Initializers, &big)
	var b bytes.Buffer
	if err := Write(&b, m); err == nil || !strings.Contains(err.Error(), "2 GiB") || b.Len() > 0 {
		t.Errorf("error %v, %d bytes", err, b.Len())
	}
	odd := safetensors.NewTensor("odd", "F4", []int{2}, nil)
	m.Graph.Initializers = []*Tensor{&odd}
	if err := Write(&b, m); err == nil || !strings.Contains(err.Error(), `"odd"`) {
		t.Errorf("error %v", err)
	}
}

// message builders for what Write does not write.
func tag(num protowire.Number, data []byte) []byte {
	return append(message{}.tag(num, uint64(len(data))), data...)
}

func number(num protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, num, protowire.VarintType), v)
}

// model is a file with these fields in its graph.
func model(fields ...[]byte) []byte {
	return slices.Concat(number(1, 7), tag(8, number(2, 14)), tag(7, slices.Concat(fields...)))
}

// TestTypedFields reads values from each field that may hold them.
func TestTypedFields(t *testing.T) {
	floats := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, math.Float32bits(1.5)), math.Float32bits(-2))
	doubles := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, math.Float64bits(1.5)), math.Float64bits(-2))
	single := func(v float32) []byte {
		return protowire.AppendFixed32(protowire.AppendTag(nil, 4, protowire.Fixed32Type), math.Float32bits(v))
	}
	dims := number(1, 2)
	for name, fields := range map[string][]byte{
		"raw":            slices.Concat(dims, number(2, 1), tag(9, floats)),
		"packed dims":    slices.Concat(tag(1, []byte{2}), number(2, 1), tag(9, floats)),
		"float_data":     slices.Concat(dims, number(2, 1), tag(4, floats)),
		"unpacked":       slices.Concat(dims, number(2, 1), single(1.5), single(-2)),
		"in two chunks":  slices.Concat(dims, number(2, 1), tag(4, floats[:4]), tag(4, floats[4:])),
		"double_data":    slices.Concat(dims, number(2, 11), tag(10, doubles)),
		"half in int32":  slices.Concat(dims, number(2, 10), tag(5, slices.Concat(protowire.AppendVarint(nil, 0x3e00), protowire.AppendVarint(nil, 0xc000)))),
		"bfloat raw":     slices.Concat(dims, number(2, 16), tag(9, []byte{0xc0, 0x3f, 0, 0xc0})),
		"bfloat in ones": slices.Concat(dims, number(2, 16), number(5, 0x3fc0), number(5, 0xc000)),
	} {
		m, err := Parse(model(tag(5, slices.Concat(fields, tag(8, []byte("w"))))))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if v, err := m.Graph.Initializers[0].Float32(); err != nil || !slices.Equal(v, []float32{1.5, -2}) {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	m, err := Parse(model(tag(5, slices.Concat(number(1, 2), number(2, 7), tag(8, []byte("i")), number(7, 3), number(7, math.MaxUint64)))))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Integers(m.Graph.Initializers[0], 2); err != nil || !slices.Equal(v, []int64{3, -1}) {
		t.Errorf("int64_data %v, %v", v, err)
	}
}

// TestHostile wants each wrong file refused for what is wrong with it.
func TestHostile(t *testing.T) {
	tensor := func(fields ...[]byte) []byte {
		return model(tag(5, slices.Concat(append(fields, tag(8, []byte("w")))...)))
	}
	huge := number(1, 1<<39)
	nested := tag(6, nil) // a graph in an attribute in a node in a graph ...
	for range 3000 {
		nested = tag(6, tag(1, tag(5, nested)))
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"empty":            {nil, "no graph"},
		"text":             {[]byte("hello, world"), "cut short"},
		"truncated":        {written(t, sample())[:60], "cut short"},
		"long length":      {[]byte{0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f}, "cut short"},
		"no opset":         {tag(7, nil), "version of the operators"},
		"two graphs":       {append(model(), tag(7, nil)...), "two graphs"},
		"functions":        {append(model(), tag(25, nil)...), "functions"},
		"sparse":           {model(tag(15, nil)), "sparse"},
		"parts":            {model(bytes.Repeat(tag(1, nil), 1<<20)), "more than 524288 parts"},
		"names":            {model(tag(1, bytes.Repeat(tag(1, nil), 1<<20))), "more than 524288 parts"},
		"ints":             {model(tag(1, tag(5, tag(8, make([]byte, 1<<20))))), "more than 524288 parts"},
		"not UTF-8":        {model(tag(2, []byte{0xff})), "not UTF-8"},
		"long name":        {model(tag(2, make([]byte, 1<<17))), "at most 65536"},
		"wrong wire":       {model(number(1, 3)), "not what ONNX says"},
		"twice":            {model(tag(5, slices.Concat(number(2, 1), tag(9, make([]byte, 4)), tag(8, []byte("w")))), tag(5, slices.Concat(number(2, 1), tag(9, make([]byte, 4)), tag(8, []byte("w"))))), "twice"},
		"too few bytes":    {tensor(number(1, 3), number(2, 1), tag(9, make([]byte, 8))), "8 bytes of values, but F32[3] takes 12"},
		"too many floats":  {tensor(number(1, 1), number(2, 1), tag(4, make([]byte, 8))), "8 bytes of values, but F32[1] takes 4"},
		"wrong field":      {tensor(number(1, 1), number(2, 1), tag(10, make([]byte, 8))), "takes 4"},
		"too few integers": {tensor(number(1, 9), number(2, 7), tag(7, make([]byte, 8))), "I64[9] takes 72"},
		"no values":        {tensor(number(1, 9), number(2, 1)), "0 bytes"},
		"twice values":     {tensor(number(1, 1), number(2, 1), tag(9, make([]byte, 4)), tag(4, make([]byte, 4))), "twice"},
		"negative":         {tensor(number(1, math.MaxUint64), number(2, 1)), "not possible"},
		"overflow":         {tensor(huge, huge, huge, number(2, 1)), "not possible"},
		"rank":             {tensor(bytes.Repeat(number(1, 1), 17), number(2, 1)), "16 dimensions"},
		"strings":          {tensor(number(2, 8)), "strings"},
		"unknown type":     {tensor(number(2, 77)), "number 77"},
		"segment":          {tensor(number(2, 1), tag(3, nil)), "segment"},
		"external":         {tensor(number(2, 1), number(14, 1)), "another file"},
		"group":            {protowire.AppendTag(nil, 7, protowire.StartGroupType), "cut short"},
		"nested":           {model(tag(1, tag(5, nested))), ""},
	} {
		if _, err := Parse(test.data); test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: error %v; want %q", name, err, test.want)
		}
	}
}

// outsideTensor is a tensor of two floats whose values lie elsewhere.
func outsideTensor(name string, entries ...string) []byte {
	b := slices.Concat(number(1, 2), number(2, 1), tag(8, []byte(name)), number(14, 1))
	for i := 0; i < len(entries); i += 2 {
		b = append(b, tag(13, slices.Concat(tag(1, []byte(entries[i])), tag(2, []byte(entries[i+1]))))...)
	}
	return tag(5, b)
}

func TestExternal(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	dir = filepath.Join(dir, "model")
	for _, err := range []error{
		os.Mkdir(dir, 0o755),
		os.WriteFile(secret, make([]byte, 64), 0o644),
		os.WriteFile(filepath.Join(dir, "data"), safetensors.Float32Bytes([]float32{1, 2, 3, 4}), 0o644),
		os.Symlink(secret, filepath.Join(dir, "link")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "m.onnx")
	open := func(tensors ...[]byte) (*File, error) {
		if err := os.WriteFile(path, model(tensors...), 0o644); err != nil {
			t.Fatal(err)
		}
		return Open(path)
	}
	f, err := open(outsideTensor("b", "location", "data", "offset", "8", "length", "8"), outsideTensor("a", "location", "data"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]float32{{3, 4}, {1, 2}} {
		if v, err := f.Graph.Initializers[i].Float32(); err != nil || !slices.Equal(v, want) {
			t.Errorf("values %v, %v", v, err)
		}
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.Graph.Initializers[0].Bytes(); err == nil {
		t.Error("a closed file gives values")
	}
	for name, test := range map[string]struct {
		tensors [][]byte
		want    string
	}{
		"above":       {[][]byte{outsideTensor("a", "location", "../secret")}, "not below"},
		"absolute":    {[][]byte{outsideTensor("a", "location", secret)}, "not below"},
		"link":        {[][]byte{outsideTensor("a", "location", "link")}, "escapes"},
		"nowhere":     {[][]byte{outsideTensor("a")}, "not below"},
		"missing":     {[][]byte{outsideTensor("a", "location", "other")}, "no such file"},
		"folder":      {[][]byte{outsideTensor("a", "location", ".")}, "not a regular file"},
		"behind":      {[][]byte{outsideTensor("a", "location", "data", "offset", "12")}, "which has 16"},
		"overflow":    {[][]byte{outsideTensor("a", "location", "data", "offset", "9223372036854775807")}, "which has 16"},
		"length":      {[][]byte{outsideTensor("a", "location", "data", "length", "4")}, "takes 8"},
		"no number":   {[][]byte{outsideTensor("a", "location", "data", "offset", "-1")}, "not a number"},
		"overlapping": {[][]byte{outsideTensor("a", "location", "data"), outsideTensor("b", "location", "data", "offset", "4")}, "overlap"},
	} {
		f, err := open(test.tensors...)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v; want %q", name, err, test.want)
		}
		if err == nil {
			f.Close()
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(written(f, sample()))
	f.Add(model(tag(5, slices.Concat(number(1, 2), number(2, 10), tag(8, []byte("w")), tag(5, []byte{1, 2})))))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if err != nil {
			return
		}
		for _, w := range m.Graph.Initializers {
			if b, err := w.Bytes(); err == nil && len(b) > 8*len(data) {
				t.Errorf("%d bytes of a file of %d", len(b), len(data))
			}
		}
		var b bytes.Buffer
		if err := Write(&b, m); err != nil {
			return
		}
		again, err := Parse(b.Bytes())
		if err != nil {
			t.Fatalf("what was written does not read: %v", err)
		}
		if len(again.Graph.Nodes) != len(m.Graph.Nodes) || len(again.Graph.Initializers) != len(m.Graph.Initializers) {
			t.Error("parts were lost")
		}
	})
}
