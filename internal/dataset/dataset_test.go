package dataset

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree writes files whose contents are their names.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// contents opens items: "name=label: contents", relative to dir.
func contents(t *testing.T, dir string, items []Item) []string {
	t.Helper()
	var all []string
	for _, it := range items {
		name := filepath.ToSlash(strings.TrimPrefix(it.Name, dir+string(filepath.Separator)))
		f, err := it.Open()
		if err != nil {
			all = append(all, name+"! "+bare(err).Error())
			continue
		}
		data, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		if string(data) != name {
			t.Errorf("%s holds %q", name, data)
		}
		all = append(all, name+"="+it.Label)
	}
	return all
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestFind(t *testing.T) {
	dir := tree(t, "b/2.PNG", "b/1.jpg", "b/notes.txt", "b/._1.jpg", "b/.cache/3.jpg", "b/c/0.webp", "a.gif", "x.dat", "[1].png", "e/readme")
	if err := os.Symlink(filepath.Join(dir, "b"), filepath.Join(dir, "b", "c", "loop")); err != nil {
		t.Skip(err)
	}
	at := func(names ...string) (paths []string) {
		for _, n := range names {
			paths = append(paths, filepath.Join(dir, n))
		}
		return paths
	}
	equal(t, contents(t, dir, Find(at("b"))), "b/1.jpg=", "b/2.PNG=", "b/c/0.webp=")
	equal(t, contents(t, dir, Find(at("x.dat", "b/*.?[nN]*", "a.gif"))), "x.dat=", "b/2.PNG=", "a.gif=")
	equal(t, contents(t, dir, Find(at("[1].png"))), "[1].png=") // a file goes before a pattern
	equal(t, contents(t, dir, Find(at("none.png", "*.bmp", "e", "a["))), "none.png! no such file or directory", "*.bmp! no file matches", "e! the folder holds no images", "a[! syntax error in pattern")
}

func TestFolders(t *testing.T) {
	dir := tree(t, "dog/1.png", "dog/more/2.png", "cat/1.png", "cat/Thumbs.db", "list.txt")
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, contents(t, dir, s.Items), "cat/1.png=cat", "dog/1.png=dog", "dog/more/2.png=dog")
	for _, test := range []struct {
		dir, want string
	}{
		{tree(t, "a/1.png", "2.png"), "1 images lie in no class folder"},
		{tree(t, "a/x.txt"), "no images"},
		{filepath.Join(dir, "none"), "no such file"},
	} {
		if _, err := Open(test.dir); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error %v, want %s", err, test.want)
		}
	}
}

func TestList(t *testing.T) {
	dir := tree(t, "1.png", "a b/2.png")
	for list, want := range map[string][]string{
		"1.png,cat\na b/2.png,3\n":                            {"1.png=cat", "a b/2.png=3"},
		"\xef\xbb\xbffile,class,index\r\n1.png, cat ,3\r\n":   {"1.png=cat"},
		"id,Label,Path\n7,\"cat, big\",1.png\n":               {"1.png=cat, big"},
		"file,index\n" + filepath.Join(dir, "1.png") + ",3\n": {"1.png=3"},
		"1.png,cat\nnone.png,cat\n":                           {"1.png=cat", "none.png! no such file or directory"},
	} {
		path := filepath.Join(dir, "list.csv")
		if err := os.WriteFile(path, []byte(list), 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err != nil {
			t.Errorf("%q: %v", list, err)
			continue
		}
		equal(t, contents(t, dir, s.Items), want...)
	}
	for list, want := range map[string]string{
		"1.png\n":             "line 1: a line has an image's path and its label",
		"1.png,cat\n\n2.png,": "line 3: a line has",
		"path,colour\nx,y\n":  "which has the labels?",
		"":                    "no images",
		"\x1f\x8b\x08\x00":    "compressed by gzip",
		"PK\x03\x04":          "compressed by ZIP",
		"a,\x00b\n":           "not a CSV file",
		"a,\"b\n":             "parse error",
	} {
		path := filepath.Join(dir, "list.csv")
		if err := os.WriteFile(path, []byte(list), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", list, err, want)
		}
	}
}

// endless repeats a text without end, and counts what was read of it.
type endless struct {
	text string
	n    int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.text[e.n%len(e.text):])
	e.n += n
	return n, nil
}

// TestEndlessList reads lists that never end no further than rows and lists may go.
func TestEndlessList(t *testing.T) {
	for _, test := range []struct {
		start, text, want string
		most              int
	}{
		{"", "\x00", "line 1: a NUL byte: this is not a CSV file", maxRow},
		{"a.png,b\n", "\x00", "line 2: a NUL byte", maxRow},
		{"a.png,b\n", "x", "line 2: a row of more than 65536 bytes", 2 * maxRow},
		{"a.png,b\na.png,\"", "b\n", "is a quotation mark not closed?", 2 * maxRow},
		{"", "\n", "a row of more than 65536 bytes", 2 * maxRow},
		{"", "a,b\n", "more than 4194304 lines: split the list", 5 * maxRows},
		{"", "a," + strings.Repeat("b", 1<<12) + "\n", "more than 268435456 bytes: split the list", maxBytes + 1<<16},
	} {
		e := &endless{text: strings.Repeat(test.text, 1<<12)}
		rows := 0
		err := readRows(io.MultiReader(strings.NewReader(test.start), e), func(int, []string) error { rows++; return nil })
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.20q: error %v after %d rows, want %s", test.text, err, rows, test.want)
		}
		if e.n > test.most {
			t.Errorf("%.20q: %d bytes read, at most %d are enough", test.text, e.n, test.most)
		}
	}
}

// archive writes a tar archive of files whose contents are their names.
func archive(t *testing.T, format tar.Format, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(name)), Mode: 0o644, Format: format}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openBytes(t *testing.T, data []byte) (*Set, error) {
	path := filepath.Join(t.TempDir(), "x.tar")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path)
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

func TestArchive(t *testing.T) {
	long := strings.Repeat("long", 60) + "/1.png"
	for _, format := range []tar.Format{tar.FormatGNU, tar.FormatPAX} {
		for _, test := range []struct{ names, want []string }{
			{[]string{"dog/2.png", "cat/1.png", "cat/x.txt", "cat/._1.png", long}, []string{"cat/1.png=cat", "dog/2.png=dog", long + "=" + strings.TrimSuffix(long, "/1.png")}},
			{[]string{"set/val/dog/2.png", "set/val/cat/deep/1.png"}, []string{"set/val/cat/deep/1.png=cat", "set/val/dog/2.png=dog"}},
			{[]string{"cat/2.png", "cat/deep/1.png"}, []string{"cat/2.png=cat", "cat/deep/1.png=cat"}},
			{[]string{"set/cat/2.png", "set/cat/1.png"}, []string{"set/cat/1.png=cat", "set/cat/2.png=cat"}},
		} {
			s, err := openBytes(t, archive(t, format, test.names...))
			if err != nil {
				t.Errorf("%v: %v", test.names, err)
				continue
			}
			equal(t, contents(t, "", s.Items), test.want...)
		}
	}
	for want, data := range map[string][]byte{
		"1.png lies in no class folder": archive(t, tar.FormatUSTAR, "1.png", "cat/2.png"),
		"no images":                     archive(t, tar.FormatUSTAR, "cat/2.txt"),
		"truncated within cat/1.png":    archive(t, tar.FormatUSTAR, "cat/1.png")[:514],
		"broken archive":                append(archive(t, tar.FormatUSTAR, "cat/1.png")[:1024], bytes.Repeat([]byte("x"), 512)...),
	} {
		if _, err := openBytes(t, data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestTargets(t *testing.T) {
	names := []string{"cat", "Dog", "hot dog", "7"}
	many := make([]string, 8)
	for i := range many {
		many[i] = fmt.Sprintf("n%d", i)
	}
	for _, test := range []struct {
		labels  []string
		names   []string
		n       int
		classes map[string]string
		want    string
	}{
		{[]string{"Dog", "cat", "cat"}, names, 4, nil, "by name [1 0 0]"},
		{[]string{"dog", "Hot_Dog", "7"}, names, 4, nil, "by name [1 2 3]"},
		{[]string{"2", "cat"}, names, 4, nil, "by name or index [2 0]"},
		{[]string{"2", "0"}, nil, 4, nil, "by index [2 0]"},
		{[]string{"b", "a", "b"}, nil, 2, nil, "by the order of the folders' names, of which none is a class's [1 0 1]"},
		{[]string{"b", "a"}, nil, 2, map[string]string{"a": "1", "b": "0"}, "by the class map [0 1]"},
		{[]string{"b", "a"}, names, 4, map[string]string{"a": "cat", "b": "3"}, "by the class map [3 0]"},
		{[]string{"b", "a"}, names, 4, nil, `the labels "a", "b" are no classes of the model, which has 4 ("cat", "Dog", "hot dog", "7"): say what they mean with --class-map`},
		{[]string{"b", "cat"}, names, 4, nil, `"b": no class of the model ("cat", "Dog", "hot dog", "7"): say what labels mean with --class-map`},
		{[]string{"4"}, nil, 4, nil, `the labels "4" are no classes of the model, which has 4: say`},
		{many, nil, 4, nil, `the labels "n0", "n1", "n2", "n3", "n4" and 3 more are no classes`},
		{[]string{"b", "a"}, names, 4, map[string]string{"a": "cat"}, `the class map does not say what "b" means`},
		{[]string{"a"}, names, 4, map[string]string{"a": "cow"}, `the class map does not say what "a" means, or names no class of the model`},
	} {
		s := &Set{Kind: "class folders"}
		for _, l := range test.labels {
			s.Items = append(s.Items, Item{Label: l})
		}
		targets, err := s.Targets(test.names, test.n, test.classes)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = fmt.Sprint(targets.Rule, " ", targets.Index)
		}
		if !strings.HasPrefix(got, test.want) {
			t.Errorf("%v: %s\nwant %s", test.labels, got, test.want)
		}
	}
	// A list has no order of folders.
	if _, err := (&Set{Kind: "list", Items: []Item{{Label: "a"}, {Label: "b"}}}).Targets(nil, 2, nil); err == nil {
		t.Error("labels of a list are numbered")
	}
}

func TestReadMap(t *testing.T) {
	m, err := ReadMap(strings.NewReader("n01440764,tench\nn01443537,1\n"))
	if err != nil || len(m) != 2 || m["n01443537"] != "1" {
		t.Errorf("%v, %v", m, err)
	}
	for text, want := range map[string]string{"a\n": "line 1: a line has a label", "a,\" \n\"\n": "line 1: a line has a label", "a,1\na,2\n": "line 2: a means 1 already"} {
		if _, err := ReadMap(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

// FuzzOpen reads whatever a file holds.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("file,class\n1.png,cat\n"))
	f.Add([]byte("1.png,cat\n\"a\"\"b\",3\n"))
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "cat/1.png", Size: 3, Mode: 0o644})
	w.Write([]byte("abc"))
	w.Close()
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err != nil {
			return
		}
		defer s.Close()
		for _, it := range s.Items {
			if it.Label == "" {
				t.Errorf("%q has no label", it.Name)
			}
		}
	})
}
