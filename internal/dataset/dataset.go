// Package dataset finds images: in files, folders and globs, and with labels in
// class folders, lists and archives.
package dataset

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/resc-lang/resc/internal/source"
)

// Item is an image that has not been read.
type Item struct {
	Name  string // its path, for people
	Label string // in a Set
	open  func() (io.ReadCloser, error)
}

// Open opens the image's file. It may be called concurrently with that of others. That of
// an item of Find may be called once, as the file may be a pipe.
func (it Item) Open() (io.ReadCloser, error) {
	if it.open != nil {
		return it.open()
	}
	return source.Regular(it.Name)
}

// once is an item whose file may be a pipe or standard input.
func once(name string) Item {
	return Item{Name: name, open: func() (io.ReadCloser, error) { return source.Stream(name) }}
}

// missing is an item that cannot be opened, so that it is reported in its turn.
func missing(name string, err error) Item {
	return Item{Name: name, open: func() (io.ReadCloser, error) { return nil, err }}
}

// Find lists the images that arguments name, in their order. A folder stands for
// the image files in it and in its folders, by their names' endings, in the order
// of their names; "-" is standard input; an argument that is no file and has one of *?[ is a pattern of
// filepath.Match. What is not there becomes an item that says so when it is
// opened.
func Find(args []string) []Item {
	var items []Item
	for _, arg := range args {
		paths := []string{arg}
		if _, err := os.Stat(arg); errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(arg, "*?[") {
			if paths, err = filepath.Glob(arg); err != nil {
				items = append(items, missing(arg, err))
				continue
			}
			if len(paths) == 0 {
				items = append(items, missing(arg, errors.New("no file matches")))
				continue
			}
		}
		for _, path := range paths {
			if info, err := os.Stat(path); err != nil || !info.IsDir() {
				items = append(items, once(path))
				continue
			}
			found, err := walk(path)
			if err == nil && len(found) == 0 {
				err = errors.New("the folder holds no images")
			}
			for _, name := range found {
				items = append(items, Item{Name: name})
			}
			if err != nil {
				items = append(items, missing(path, bare(err)))
			}
		}
	}
	return items
}

// endings are those of image files, as torchvision has them and a few more.
var endings = []string{".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".webp"}

// isImage says whether a file is one by its name. Names that begin with a point
// are notes that systems leave.
func isImage(name string) bool {
	return !strings.HasPrefix(name, ".") && slices.Contains(endings, strings.ToLower(filepath.Ext(name)))
}

// walk lists the image files below a folder. Links are followed, save into a
// folder that leads there.
func walk(dir string) ([]string, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	return paths, within(dir, []fs.FileInfo{info}, &paths)
}

// within is walk for a folder below others.
func within(dir string, above []fs.FileInfo, paths *[]string) error {
	entries, err := os.ReadDir(dir) // sorted
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := os.Stat(path)
		switch {
		case err != nil && isImage(e.Name()):
			*paths = append(*paths, path) // a broken link: opening it says so
		case err != nil:
		case info.Mode().IsRegular() && isImage(e.Name()):
			*paths = append(*paths, path)
		case info.IsDir() && !slices.ContainsFunc(above, func(i fs.FileInfo) bool { return os.SameFile(i, info) }):
			if err := within(path, append(slices.Clone(above), info), paths); err != nil {
				return err
			}
		}
	}
	return nil
}

// Set is images with labels.
type Set struct {
	Path  string
	Kind  string // "class folders", "list" or "archive"
	Items []Item
	file  *os.File
}

// Close ends the set's use. Items of an archive cannot be opened then.
func (s *Set) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// Open reads what is at path: a folder of class folders, a tar archive with class
// folders, or a list in CSV, which may be a pipe, or "-" for standard input. Paths in
// those are relative to the working directory.
func Open(path string) (*Set, error) {
	s, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, bare(err))
	}
	if len(s.Items) == 0 {
		s.Close()
		return nil, fmt.Errorf("%s: no images", path)
	}
	s.Path = path
	return s, nil
}

func open(path string) (*Set, error) {
	info, err := os.Stat(path)
	if err != nil && path != source.Stdin {
		return nil, err
	}
	if err == nil && info.IsDir() {
		return openFolders(path)
	}
	f, err := source.Stream(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	head, err := r.Peek(blockSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if isTar(head) {
		archive, err := source.Regular(path)
		if err != nil {
			return nil, fmt.Errorf("a tar archive: %w", bare(err))
		}
		s, err := openArchive(archive)
		if err != nil {
			archive.Close()
		}
		return s, err
	}
	for magic, name := range map[string]string{"\x1f\x8b": "gzip", "BZh": "bzip2", "\x28\xb5\x2f\xfd": "Zstandard", "\xfd7zXZ": "xz", "PK\x03\x04": "ZIP"} {
		if strings.HasPrefix(string(head), magic) {
			return nil, fmt.Errorf("a file compressed by %s: images are read from a folder, a CSV file or a tar archive that is not compressed", name)
		}
	}
	dir := "."
	if info != nil && info.Mode().IsRegular() && path != source.Stdin {
		dir = filepath.Dir(path)
	}
	return openList(r, dir)
}

// openFolders reads DIR/CLASS/… as torchvision's ImageFolder does.
func openFolders(dir string) (*Set, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Set{Kind: "class folders"}
	loose := 0
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() || strings.HasPrefix(e.Name(), ".") {
			if isImage(e.Name()) {
				loose++
			}
			continue
		}
		found, err := walk(path)
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			s.Items = append(s.Items, Item{Name: name, Label: e.Name()})
		}
	}
	if loose > 0 {
		return nil, fmt.Errorf("%d images lie in no class folder: the layout is %s", loose, filepath.Join("FOLDER", "CLASS", "IMAGE"))
	}
	return s, nil
}

// bare is an error of the file system without the file's name.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
