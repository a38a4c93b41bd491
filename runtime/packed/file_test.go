package packed

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sections are two, of which the second has pieces.
var sections = [][][]byte{{{1, 2, 3, 4, 5}}, {{6}, {7, 8, 9}}}

func file(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	index := Index{Model: "m", Memory: "fast", Tier: "avx2", Pack: 3, Sections: []Section{{Layer: "first", Kind: Packed}, {Layer: "second", Kind: F16}}}
	if err := Write(&b, index, sections); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// seal corrects the checksum of a header and an index of n bytes.
func seal(data []byte, n int) []byte {
	binary.LittleEndian.PutUint64(data[24:], uint64(n))
	binary.LittleEndian.PutUint32(data[12:], crc32.Checksum(data[checkedFrom:headerSize+n], castagnoli))
	return data
}

// withIndex is a file of n bytes after a header and that index.
func withIndex(text string, n int) []byte {
	data := append([]byte(Magic), make([]byte, headerSize-len(Magic))...)
	data = append(append(data, text...), make([]byte, n)...)
	binary.LittleEndian.PutUint32(data[8:], formatVersion)
	binary.LittleEndian.PutUint64(data[16:], uint64(len(data)))
	return seal(data, len(text))
}

func TestRoundTrip(t *testing.T) {
	data := file(t)
	path := filepath.Join(t.TempDir(), "m.resw")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() (*File, error){
		"Open":       func() (*File, error) { return Open(path) },
		"OpenReader": func() (*File, error) { return OpenReader(bytes.NewReader(data), int64(len(data))) },
		"OpenBytes":  func() (*File, error) { return OpenBytes(data) },
	} {
		f, err := open()
		if err != nil {
			t.Fatal(err)
		}
		if f.Model != "m" || f.Memory != "fast" || f.Tier != "avx2" || f.Pack != 3 || len(f.Sections) != 2 {
			t.Errorf("%s: index %+v", name, f.Index)
		}
		for i, want := range sections {
			if got, err := f.Bytes(i); err != nil || !bytes.Equal(got, bytes.Join(want, nil)) {
				t.Errorf("%s: section %d is %v, %v", name, i, got, err)
			}
			if f.Sections[i].offset%line != 0 || i == 0 && f.Sections[i].offset%page != 0 {
				t.Errorf("section %d begins at %d", i, f.Sections[i].offset)
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if _, err := f.Bytes(0); err == nil {
			t.Errorf("%s: bytes of a closed file", name)
		}
	}
}

// TestRefuses gives each way in which a file can be wrong, hostile ones with
// checksums that fit.
func TestRefuses(t *testing.T) {
	good := file(t)
	change := func(at int, with ...byte) []byte {
		data := bytes.Clone(good)
		copy(data[at:], with)
		return data
	}
	section := func(text string) []byte { return withIndex(`{"sections":[`+text+`]}`, 1<<13) }
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":             {nil, "does not begin as one"},
		"another":           {[]byte("no such file, but long enough to be one"), "does not begin as one"},
		"line ends changed": {change(5, '\n', '\n'), "does not begin as one"},
		"header cut":        {good[:20], "truncated: 20 bytes"},
		"cut":               {good[:len(good)-1], "truncated: it has"},
		"longer":            {append(bytes.Clone(good), 0), "goes on after its end"},
		"version":           {change(8, 9), "version 9 of the format, and this program reads version 1"},
		"index changed":     {change(40, '#'), "checksum"},
		"index too long":    {change(24, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "is said to take"},
		"index of 9 MB":     {withIndex(`{"sections":[`+strings.Repeat("{},", 3<<20)+`{}]}`, 0), "the limit is 8388608"},
		"no JSON":           {withIndex("nonsense", 0), "not what it should be"},
		"kind":              {section(`{"kind":"F8","size":1}`), "of kind"},
		"beyond the end":    {section(`{"kind":"packed","size":9000}`), "does not lie in the file"},
		"beyond all bounds": {section(`{"kind":"packed","size":9223372036854775807}`), "does not lie in the file"},
		"negative":          {section(`{"kind":"packed","size":-1}`), "does not lie in the file"},
		"left over":         {section(`{"kind":"packed","size":1}`), "sections end at"},
	} {
		f, err := OpenBytes(c.data)
		var format *FormatError
		if !errors.As(err, &format) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: file %v, error %v; want %q", name, f, err, c.want)
		}
	}
	broken := change(len(good)-1, 0xff)
	f, err := OpenBytes(broken)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Bytes(0); err != nil {
		t.Errorf("a section that is whole: %v", err)
	}
	if _, err := f.Bytes(1); err == nil || !strings.Contains(err.Error(), `section "second" is corrupted`) {
		t.Errorf("a section that is not: %v", err)
	}
}

// TestLyingReader has a source that is longer than what it gives access to.
func TestLyingReader(t *testing.T) {
	data := file(t)
	f, err := OpenReader(bytes.NewReader(data[:len(data)-2]), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Bytes(1); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
}

// FuzzOpen opens files whose headers' checksums fit, so that what is behind them
// is reached, and reads every section.
func FuzzOpen(f *testing.F) {
	f.Add(file(f))
	f.Add(withIndex(`{"sections":[{"kind":"BF16","size":1}]}`, 1<<13))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= headerSize {
			n := binary.LittleEndian.Uint64(data[24:])
			if n <= uint64(len(data)-headerSize) {
				seal(data, int(n))
			}
		}
		file, err := OpenBytes(data)
		if err != nil {
			var format *FormatError
			if !errors.As(err, &format) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		total := int64(0)
		for i := range file.Sections {
			if _, err := file.Bytes(i); err != nil && !strings.Contains(err.Error(), "corrupted") {
				t.Fatal(err)
			}
			total += file.Sections[i].Size
		}
		if total > int64(len(data)) {
			t.Fatalf("%d bytes of sections in a file of %d", total, len(data))
		}
		if _, err := json.Marshal(file.Index); err != nil {
			t.Fatal(err)
		}
	})
}
