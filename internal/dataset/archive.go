package dataset

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// blockSize is that of a tar archive, which one begins with.
const blockSize = 512

// isTar says whether a file begins as an archive of any dialect of this century.
func isTar(head []byte) bool {
	return len(head) == blockSize && string(head[257:262]) == "ustar"
}

// openArchive lists the images of a tar archive, which stays open: each is read
// from its place, in any order.
func openArchive(f *os.File) (*Set, error) {
	s := &Set{Kind: "archive", file: f}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var folders [][]string
	for t := tar.NewReader(f); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("broken archive: %w", err)
		}
		name := path.Clean(h.Name)
		if h.Typeflag != tar.TypeReg || !isImage(path.Base(name)) {
			continue
		}
		// The reader takes whole blocks and no more, so that the file stands where
		// the contents begin. Sparse files are kept otherwise.
		at, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		if h.PAXRecords["GNU.sparse.major"] != "" || h.PAXRecords["GNU.sparse.map"] != "" {
			return nil, fmt.Errorf("%s is a sparse file, which is not read", h.Name)
		}
		if h.Size > info.Size()-at {
			return nil, fmt.Errorf("the archive is truncated within %s", h.Name)
		}
		s.Items = append(s.Items, Item{Name: h.Name, open: func() (io.ReadCloser, error) {
			return io.NopCloser(io.NewSectionReader(f, at, h.Size)), nil
		}})
		folders = append(folders, strings.Split(name, "/")[:strings.Count(name, "/")])
	}
	skip := shared(folders)
	for i, folder := range folders {
		if len(folder) <= skip {
			return nil, fmt.Errorf("%s lies in no class folder", s.Items[i].Name)
		}
		s.Items[i].Label = folder[skip]
	}
	// As folders are listed.
	slices.SortStableFunc(s.Items, func(a, b Item) int { return strings.Compare(a.Name, b.Name) })
	return s, nil
}

// shared is the number of leading folders that are the same for all and have a
// folder behind them: those above the class folders.
func shared(folders [][]string) int {
	n := 0
	for ; ; n++ {
		for _, f := range folders {
			if len(f) < n+2 || f[n] != folders[0][n] {
				return n
			}
		}
		if len(folders) == 0 {
			return 0
		}
	}
}
