package checkpoint

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// pickledArray is the pickle of a numpy.ndarray of float32, without its frame. How its
// bytes are written depends on the writer.
func pickledArray(shape []int, writer string, data []byte) []byte {
	number := func(op string, n int) string { return op + string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }
	b := []byte("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01(")
	for _, n := range shape {
		b = append(b, number("J", n)...)
	}
	b = append(b, "tcnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"...)
	switch writer {
	case "Python 2":
		b = append(append(b, number("T", len(data))...), data...)
	case "protocol 3":
		b = append(append(b, number("B", len(data))...), data...)
	case "protocol 2":
		var text []byte
		for _, c := range data {
			text = utf8.AppendRune(text, rune(c))
		}
		b = append(append(append(b, "c_codecs\nencode\n"+number("X", len(text))...), text...), "X\x06\x00\x00\x00latin1\x86R"...)
	}
	return append(b, "tb"...)
}

// zoo is a pickle as detectron2's model zoo has them, of arrays of that shape.
func zoo(writer string, shape []int, names ...string) []byte {
	size := 4
	for _, n := range shape {
		size *= n
	}
	b := []byte("\x80\x02}(U\x05model}(")
	for i, name := range names {
		b = append(b, "U"+string(rune(len(name)))+name...)
		b = append(b, pickledArray(shape, writer, bytes.Repeat([]byte{0, 0, 0x80, 0x40 - byte(i)}, size/4))...)
	}
	return append(b, "uU\x0a__author__U\x06Caffe2U\x13matching_heuristics\x88u."...)
}

// TestPickledArrays reads what each writer of a pickle makes of arrays.
func TestPickledArrays(t *testing.T) {
	for _, writer := range []string{"Python 2", "protocol 2", "protocol 3"} {
		data := zoo(writer, []int{2, 3}, "conv1_w", "res2_0_branch2a_w")
		f, err := OpenReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Errorf("%s: %v", writer, err)
			continue
		}
		for name, want := range map[string]float32{"model.conv1_w": 4, "model.res2_0_branch2a_w": 1} {
			got, shape, err := f.Float32(name)
			if err != nil || !slices.Equal(shape, []int{2, 3}) || !slices.Equal(got, slices.Repeat([]float32{want}, 6)) {
				t.Errorf("%s: %s is %v %v, %v; want %g", writer, name, got, shape, err, want)
			}
		}
	}
}

// TestLargePickle reads arrays of 72 MiB in all, in memory bounded by the file's size.
func TestLargePickle(t *testing.T) {
	for _, writer := range []string{"Python 2", "protocol 2", "protocol 3"} {
		data := zoo(writer, []int{9 << 20}, "a", "b")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, err := OpenReader(bytes.NewReader(data), int64(len(data)))
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Errorf("%s: %v", writer, err)
			continue
		}
		if got, _, err := f.Float32("model.b"); err != nil || len(got) != 9<<20 || got[len(got)-1] != 1 {
			t.Errorf("%s: %d values, %v", writer, len(got), err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 3*uint64(len(data)) {
			t.Errorf("%s: reading a file of %d MiB allocated %d", writer, len(data)>>20, used>>20)
		}
	}
}

// TestCopiedValues has files that pass one large value to many calls that copy it.
func TestCopiedValues(t *testing.T) {
	text := fmt.Sprintf("X%s%s", binary.LittleEndian.AppendUint32(nil, 1<<20), strings.Repeat("a", 1<<20))
	shape := strings.Repeat("K\x01", 1<<16)
	for name, test := range map[string]struct{ file, want string }{
		"bytes": {"\x80\x02c_codecs\nencode\nq\x000" + text + "q\x010" + strings.Repeat("h\x00h\x01N\x86R0", 1000) + "N.", "over and over"},
		"dictionaries": {"\x80\x02ccollections\nOrderedDict\nq\x000]K\x00K\x00\x86q\x02a0](" + strings.Repeat("h\x02", 1<<16) + "eq\x010" +
			strings.Repeat("h\x00h\x01\x85R0", 1000) + "N.", "over and over"},
		"sizes": {strings.ReplaceAll(tensorPickle(4, 0, 4, 1), "K\x04\x85", "("+shape+"t"), "65536 sizes or strides"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			data := []byte(test.file)
			if name == "sizes" {
				data = legacyFile(test.file, keyZero)
			}
			_, err := OpenReader(bytes.NewReader(data), int64(len(data)))
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v; want %q", err, test.want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
				t.Errorf("a file of %d KiB made its reader allocate %d MiB", len(data)>>10, used>>20)
			}
		})
	}
}
