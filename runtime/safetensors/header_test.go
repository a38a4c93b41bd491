package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// fileOf is a file with that header text and n zero bytes of data.
func fileOf(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, n)...)
}

// one is a header with one F32 tensor of that shape and offsets.
func one(shape, offsets string) string {
	return fmt.Sprintf(`{"w":{"dtype":"F32","shape":%s,"data_offsets":%s}}`, shape, offsets)
}

var badFiles = []struct {
	name string
	data []byte
	want string // in the error
}{
	{"empty", nil, "too few"},
	{"short length", []byte{1, 2, 3}, "too few"},
	{"length past the end", []byte{9, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, "header is said to take 9 bytes; the file has 2"},
	{"length beyond 63 bits", []byte{0, 0, 0, 0, 0, 0, 0, 0xff, '{', '}'}, "header is said to take"},
	{"zip", []byte("PK\x03\x04aaaaaaaaaaaa"), "zip archive, as PyTorch's"},
	{"pickle", []byte("\x80\x02\x8a\x0alaaaaaaa"), "pickle"},
	{"LFS pointer", []byte("version https://git-lfs.github.com/spec/v1"), "git lfs pull"},
	{"no JSON", fileOf("", 0), "does not start with {"},
	{"leading space", fileOf(" {}", 0), "does not start with {"},
	{"array", fileOf("[]", 0), "does not start with {"},
	{"cut JSON", fileOf(`{"w":`, 0), "not JSON"},
	{"unclosed", fileOf(`{`, 0), "not JSON"},
	{"after the object", fileOf(`{}{}`, 0), "goes on after"},
	{"zero padding", fileOf("{}\x00\x00", 0), "goes on after"},
	{"not UTF-8", fileOf("{\"\xff\":{}}", 0), "not UTF-8"},
	{"duplicate", fileOf(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), `"w" twice`},
	{"duplicate field", fileOf(`{"w":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}`, 1), `"dtype" twice`},
	{"tensor is a number", fileOf(`{"w":3}`, 0), "where an object belongs"},
	{"no fields", fileOf(`{"w":{}}`, 0), "must give its dtype"},
	{"null shape", fileOf(one("null", "[0,4]"), 4), "must give its dtype"},
	{"fields in capitals", fileOf(`{"w":{"DTYPE":"U8","SHAPE":[1],"DATA_OFFSETS":[0,1]}}`, 1), "must give its dtype"},
	{"one offset", fileOf(one("[1]", "[0]"), 4), "two data_offsets"},
	{"three offsets", fileOf(one("[1]", "[0,4,8]"), 4), "two data_offsets"},
	{"negative dimension", fileOf(one("[-1]", "[0,4]"), 4), "shape"},
	{"fractional dimension", fileOf(one("[1.5]", "[0,4]"), 4), "shape"},
	{"large dimension", fileOf(one("[9223372036854775808]", "[0,4]"), 4), "too large"},
	{"size overflows 64 bits", fileOf(one("[4611686018427387904,4]", "[0,4]"), 4), "overflows"},
	{"size wraps to fit", fileOf(one("[4294967296,4294967296]", "[0,0]"), 0), "overflows"},
	{"unknown type", fileOf(`{"w":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}`, 4), `unknown dtype "F31"`},
	{"half a byte", fileOf(`{"w":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}`, 2), "does not end at a byte"},
	{"too short for the shape", fileOf(one("[2]", "[0,4]"), 4), "takes 8 bytes, but the offsets give it 4"},
	{"too long for the shape", fileOf(one("[1]", "[0,8]"), 8), "takes 4 bytes, but the offsets give it 8"},
	{"past the end", fileOf(one("[2]", "[0,8]"), 4), "do not lie in"},
	{"backwards", fileOf(one("[1]", "[4,0]"), 4), "do not lie in"},
	{"far offsets", fileOf(one("[1]", "[18446744073709551612,18446744073709551615]"), 4), "do not lie in"},
	{"gap", fileOf(one("[1]", "[4,8]"), 8), "belong to no tensor"},
	{"left over", fileOf(one("[1]", "[0,4]"), 8), "4 bytes at the end"},
	{"nothing but data", fileOf("{}", 4), "4 bytes at the end"},
	{"overlap", fileOf(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3), `"b" overlaps`},
	{"same bytes twice", fileOf(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 2), "overlaps"},
	{"metadata is a list", fileOf(`{"__metadata__":[]}`, 0), "where an object belongs"},
	{"metadata of numbers", fileOf(`{"__metadata__":{"a":1}}`, 0), "not a string"},
	{"metadata of null", fileOf(`{"__metadata__":{"a":null}}`, 0), "not a string"},
}

func TestBadFiles(t *testing.T) {
	for _, test := range badFiles {
		t.Run(test.name, func(t *testing.T) {
			f, err := OpenBytes(test.data)
			var format *FormatError
			if !errors.As(err, &format) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("file %v, error %v; want a FormatError with %q", f, err, test.want)
			}
		})
	}
}

func TestHeaderLimit(t *testing.T) {
	length := bytes.NewReader(binary.LittleEndian.AppendUint64(nil, maxHeader+1))
	if _, err := OpenReader(length, 2*maxHeader); err == nil || !strings.Contains(err.Error(), "limit is 100000000") {
		t.Errorf("error %v", err)
	}
}

// TestCounts has headers with as many members as are read, and with one more. What
// comes behind is no JSON, which nobody reads who stops in time.
func TestCounts(t *testing.T) {
	entries := func(n int, value string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"%d":%s,`, i, value)
		}
		return b.String()
	}
	const tensor = `{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`
	for name, test := range map[string]struct{ header, want string }{
		"tensors":      {"{" + entries(maxTensors, tensor) + `"__metadata__":{}}`, ""},
		"more tensors": {"{" + entries(maxTensors+1, tensor) + `"w":?`, "at most 65536 tensors"},
		"metadata":     {`{"__metadata__":{` + entries(maxTensors+1, `""`) + `"w":?`, "more than 65536 members"},
		"fields":       {`{"w":{` + entries(maxTensors+1, `""`) + `"x":?`, "more than 65536 members"},
		"rank":         {one("["+strings.Repeat("1,", maxRank-1)+"1]", "[0,4]"), ""},
		"more rank":    {one("["+strings.Repeat("1,", maxRank)+"1]", "[0,4]"), "more than 64 numbers"},
	} {
		_, err := OpenBytes(fileOf(test.header, strings.Count(test.header, "[0,4]")*4))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
	var b bytes.Buffer
	if err := Write(&b, make([]Tensor, maxTensors+1), nil); err == nil || !strings.Contains(err.Error(), "more than 65536 tensors") {
		t.Errorf("writing: error %v", err)
	}
}

func TestGoodFiles(t *testing.T) {
	for _, test := range []struct {
		name, header string
		data         int
		names        string
	}{
		{"empty", `{}`, 0, "[]"},
		{"padded", "{}      ", 0, "[]"},
		{"scalar", one("[]", "[0,4]"), 4, "[w]"},
		{"empty tensor", one("[0,7]", "[0,0]"), 0, "[w]"},
		{"other fields", `{"w":{"dtype":"U8","note":{"a":[1]},"shape":[1],"data_offsets":[0,1]}}`, 1, "[w]"},
		{"any order", `{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2, "[a b]"},
		{"empty between", `{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"z":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2, "[a b z]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := OpenBytes(fileOf(test.header, test.data))
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(f.Names()); got != test.names {
				t.Errorf("names %s, want %s", got, test.names)
			}
		})
	}
}

// FuzzParse checks that no file makes the reader panic, and that every tensor of
// a file it takes has the bytes it should and survives being written.
func FuzzParse(f *testing.F) {
	for _, bad := range badFiles {
		f.Add(bad.data)
	}
	f.Add(sample(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := OpenBytes(data)
		if err != nil {
			return
		}
		total := 0
		var tensors []Tensor
		for _, name := range file.Names() {
			tensor, ok := file.Tensor(name)
			if !ok {
				t.Fatalf("no tensor %q", name)
			}
			b, err := tensor.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			total += len(b)
			if values, err := tensor.Float32(); err == nil && len(values) != tensor.Len() {
				t.Fatalf("%d values for %v", len(values), tensor.Shape)
			}
			tensors = append(tensors, tensor)
		}
		if total > len(data) {
			t.Fatalf("%d bytes of tensors in a file of %d", total, len(data))
		}
		sameTensors(t, file, rewrite(t, tensors, file.metadata))
	})
}
