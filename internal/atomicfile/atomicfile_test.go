package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// files lists dir's files and their contents, "name=text", in order.
func files(t *testing.T, dir string) string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		list = append(list, filepath.ToSlash(name)+"="+string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, " ")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, text := range []string{"new", "replaced", ""} {
		if err := WriteFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := files(t, dir); got != "a="+text {
			t.Errorf("files %q, want a=%s alone", got, text)
		}
	}
}

func TestErrorLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	write(t, path, "old")
	broken := errors.New("broken")
	err := Write(path, func(w io.Writer) error {
		io.WriteString(w, "half")
		return broken
	})
	if err != broken {
		t.Errorf("error %v", err)
	}
	if got := files(t, dir); got != "a=old" {
		t.Errorf("files %q", got)
	}
	if err := WriteFile(filepath.Join(dir, "absent", "a"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if err := WriteFile(dir, nil); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("error %v", err)
	}
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
	dir := t.TempDir()
	plain, fresh, kept := filepath.Join(dir, "plain"), filepath.Join(dir, "fresh"), filepath.Join(dir, "kept")
	f, err := os.Create(plain) // has the mode that the umask leaves
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	write(t, kept, "")
	if err := os.Chmod(kept, 0o751); err != nil {
		t.Fatal(err)
	}
	mode := func(path string) fs.FileMode {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode()
	}
	for _, path := range []string{fresh, kept} {
		if err := WriteFile(path, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if mode(fresh) != mode(plain) {
		t.Errorf("a new file has mode %v, want %v", mode(fresh), mode(plain))
	}
	if mode(kept) != 0o751 {
		t.Errorf("a replaced file has mode %v, want 0751", mode(kept))
	}
}

func TestLinksAndDevices(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	write(t, target, "old")
	if err := os.Symlink("target", link); err != nil {
		t.Skip(err)
	}
	if err := WriteFile(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(link); err != nil || to != "target" {
		t.Errorf("the link is %q, %v", to, err)
	}
	if got := files(t, dir); got != "link=new target=new" {
		t.Errorf("files %q", got)
	}
	if err := WriteFile(os.DevNull, []byte("x")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%s is now %v, %v", os.DevNull, info.Mode(), err)
	}
}

func TestWriteDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "dir")
	if err := WriteDir(dir, map[string][]byte{"a": []byte("1"), "sub/b": []byte("2")}); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); got != "a=1 sub/b=2" {
		t.Errorf("files %q", got)
	}
	before, err := os.Stat(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteDir(dir, map[string][]byte{"a": []byte("1"), "sub/b": []byte("3")}); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); got != "a=1 sub/b=3" {
		t.Errorf("files %q", got)
	}
	if after, err := os.Stat(filepath.Join(dir, "a")); err != nil || !os.SameFile(before, after) {
		t.Errorf("an unchanged file was written anew (%v)", err)
	}
}

func TestWriteDirErrorChangesNothing(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "old")
	if err := os.Mkdir(filepath.Join(dir, "c"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"c", "c/../../d", "../d", "/d"} {
		if err := WriteDir(dir, map[string][]byte{"a": []byte("new"), name: []byte("x")}); err == nil {
			t.Errorf("%s: no error", name)
		}
		if got := files(t, dir); got != "a=old" {
			t.Errorf("%s: files %q", name, got)
		}
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "old")
	for _, name := range []string{"a", "new"} {
		if err := Check(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Check(os.DevNull); err != nil {
		t.Error(err)
	}
	absent := filepath.Join(dir, "absent", "a")
	if err := Check(absent); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), absent+": the folder ") {
		t.Errorf("error %v", err)
	}
	if err := Check(dir); err == nil {
		t.Error("a folder may be written")
	}
	if got := files(t, dir); got != "a=old" {
		t.Errorf("files %q", got)
	}
}
