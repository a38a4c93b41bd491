package checkpoint

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/npy"
	"github.com/resc-lang/resc/internal/source"
)

// tensorPickle is {"w": a tensor} on storage "0" of that many elements, as
// torch.save writes it, with offset, size and stride (each below 256) as given.
func tensorPickle(count, offset, size, stride byte) string {
	return "\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n" +
		"((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK" + string([]byte{count}) + "tQ" +
		"K" + string([]byte{offset}) + "K" + string([]byte{size}) + "\x85K" + string([]byte{stride}) + "\x85\x89NtRs."
}

// archive is a zip archive of name, contents pairs, stored, with names below x/.
func archive(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: "x/" + files[i], Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, files[i+1])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// legacyFile is a file of the older format.
func legacyFile(object, keys string, storages ...byte) []byte {
	return append([]byte("\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}X\r\x00\x00\x00little_endian\x88s."+object+keys), storages...)
}

const keyZero = "\x80\x02]X\x01\x00\x00\x000a."

// bomb is an archive of arrays of zeros that unpacks to n times 64 MiB.
func bomb(t testing.TB, n int) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for i := range n {
		w, err := z.Create(fmt.Sprintf("a%d.npy", i))
		if err != nil {
			t.Fatal(err)
		}
		if err := npy.WriteFloat32(w, []int{1 << 24}, make([]float32, 1<<24)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// nested is a pickle of lists, each of which holds the one before it twice: 2^n
// values in few bytes.
func nested(n int) string {
	return "\x80\x02]q\x00" + strings.Repeat("0](h\x00h\x00eq\x00", n) + "."
}

// TestHostileFiles has a file for each way to mislead a reader. Each is refused,
// and takes little memory.
func TestHostileFiles(t *testing.T) {
	valid := legacyFile(tensorPickle(4, 0, 4, 1), keyZero, append([]byte{4, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 16)...)...)
	four := string(make([]byte, 16))
	good := archive(t, "data.pkl", tensorPickle(4, 0, 4, 1), "data/0", four)
	for name, data := range map[string][]byte{"legacy": valid, "zip": good} {
		if f, err := OpenReader(bytes.NewReader(data), int64(len(data))); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if v, _, err := f.Float32("w"); err != nil || len(v) != 4 {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	two := "\x80\x02}" + strings.TrimSuffix(strings.TrimPrefix(tensorPickle(4, 0, 4, 1), "\x80\x02}"), ".") +
		strings.ReplaceAll(strings.TrimPrefix(tensorPickle(5, 0, 4, 1), "\x80\x02}"), "X\x01\x00\x00\x00w", "X\x01\x00\x00\x00v")
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"empty":                     {nil, "the file is empty"},
		"zip cut short":             {good[:len(good)-30], "damaged or cut short"},
		"zip of nothing":            {archive(t), "neither PyTorch's"},
		"zip without its storage":   {archive(t, "data.pkl", tensorPickle(4, 0, 4, 1)), `no storage "0"`},
		"storage too short":         {archive(t, "data.pkl", tensorPickle(4, 0, 4, 1), "data/0", four[:12]), "takes 12 bytes"},
		"storage too long":          {archive(t, "data.pkl", tensorPickle(4, 0, 4, 1), "data/0", four+"1234"), "takes 20 bytes"},
		"tensor beyond its storage": {archive(t, "data.pkl", tensorPickle(4, 1, 4, 1), "data/0", four), "leaves its storage"},
		"stride beyond its storage": {archive(t, "data.pkl", tensorPickle(4, 0, 4, 2), "data/0", four), "leaves its storage"},
		"member twice":              {archive(t, "data.pkl", tensorPickle(4, 0, 4, 1), "data/0", four, "data/0", four), "twice"},
		"storage of two sizes":      {archive(t, "data.pkl", two, "data/0", four), "two things"},
		"many values":               {archive(t, "data.pkl", nested(60)), "nested"},
		"a list in itself":          {archive(t, "data.pkl", "\x80\x02]q\x00h\x00a."), "nested"},
		"no tensor":                 {archive(t, "data.pkl", "\x80\x02}."), "no tensor"},
		"older, without values":     {legacyFile(tensorPickle(4, 0, 4, 1), "\x80\x02]."), "are missing"},
		"older, cut short":          {valid[:len(valid)-1], "cut short"},
		"older, cut in the length":  {valid[:len(valid)-20], "cut short"},
		"older, another length":     {legacyFile(tensorPickle(4, 0, 4, 1), keyZero, 5, 0, 0, 0, 0, 0, 0, 0), "has 5 elements"},
		"older, unknown storage":    {legacyFile("\x80\x02}.", keyZero), "belongs to no tensor"},
		"older, too large":          {legacyFile(strings.ReplaceAll(tensorPickle(4, 0, 4, 1), "K\x04tQ", "J\xff\xff\xff\x7ftQ"), keyZero), "larger than the file"},
		"older, big-endian":         {[]byte("\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}X\r\x00\x00\x00little_endian\x89s."), "big-endian"},
		"arrays that expand":        {bomb(t, 2), "would unpack to"},
		"archive of something else": {archive(t, "a.npy", "hello, I am a text"), "not a .npy"},
		"HDF5":                      {[]byte("\x89HDF\r\n\x1a\n" + strings.Repeat("\x00", 600)), "HDF5"},
		"tar":                       {append(make([]byte, 257), append([]byte("ustar"), make([]byte, 600)...)...), "tar archive"},
		"Git LFS":                   {[]byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "git lfs pull"},
		"web page":                  {[]byte("\n<!DOCTYPE html><html>"), "web page"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f, err := OpenReader(bytes.NewReader(test.data), int64(len(test.data)))
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, %v; want %q", f, err, test.want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 256<<20 {
				t.Errorf("%d MiB were allocated", used>>20)
			}
		})
	}
}

// TestExpandedTensor bounds what a few bytes can repeat.
func TestExpandedTensor(t *testing.T) {
	v := &view{on: &storage{count: 4, width: 4}, shape: []int{1 << 12, 1 << 12}, stride: []int64{0, 0}}
	if err := v.check(); err != nil {
		t.Error(err)
	}
	v.shape[0]++
	if err := v.check(); err == nil || !strings.Contains(err.Error(), "repeats") {
		t.Errorf("error %v", err)
	}
	v = &view{on: &storage{count: 4, width: 4}, shape: []int{math.MaxInt, math.MaxInt}, stride: []int64{0, 0}}
	if err := v.check(); err == nil || !strings.Contains(err.Error(), "overflows") {
		t.Errorf("error %v", err)
	}
}

// fuzz opens any data and reads all that it finds.
func fuzz(f *testing.F, read func(*source.Source) (*contents, error), patterns ...string) {
	for _, pattern := range patterns {
		paths, err := filepath.Glob("testdata/files/" + pattern)
		if err != nil || len(paths) == 0 {
			f.Fatalf("%v, %v", paths, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := open(source.Reader(bytes.NewReader(data), int64(len(data))), read)
		if err != nil {
			return
		}
		for _, name := range file.Names() {
			x, _ := file.Tensor(name)
			if x.Len() > 1<<20 {
				continue // a repeated value
			}
			if b, err := x.Bytes(); err == nil && len(b) > 0 && x.Len() == 0 {
				t.Errorf("%s: %d bytes for %v", name, len(b), x.Shape)
			}
		}
		file.Close()
	})
}

func FuzzTorchZip(f *testing.F) { fuzz(f, readZip, "zip.pth", "views.pth", "integers.pth") }
func FuzzTorchLegacy(f *testing.F) {
	fuzz(f, readLegacy, "legacy.pth", "views-legacy.pth", "arrays*.pkl")
}
func FuzzNPZ(f *testing.F) { fuzz(f, readZip, "*.npz") }
