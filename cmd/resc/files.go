package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// resFiles lists the .res files that arguments name. A folder stands for the files in
// and below it, in alphabetical order, and so does DIR/...; one without any is an
// error. Other arguments stand for themselves.
func resFiles(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		folder, pattern := strings.CutSuffix(filepath.ToSlash(arg), "/...")
		if arg == "..." {
			folder, pattern = ".", true
		} else if pattern && folder == "" {
			folder = "/"
		}
		info, err := os.Stat(folder)
		if !pattern && (err != nil || !info.IsDir()) {
			files = append(files, arg) // its reader says what is wrong
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", folder, bare(err))
		}
		found, err := filesBelow(folder)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", folder, bare(err))
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: there is no .res file in this folder or below", folder)
		}
		files = append(files, found...)
	}
	return files, nil
}

// filesBelow lists the .res files of a folder. As the go command does, it passes over
// names that begin with a dot or an underscore, and folders named testdata.
func filesBelow(folder string) ([]string, error) {
	var files []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case strings.HasPrefix(d.Name(), "."), strings.HasPrefix(d.Name(), "_"), d.IsDir() && d.Name() == "testdata":
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && strings.HasSuffix(name, ".res"):
			files = append(files, filepath.Join(folder, filepath.FromSlash(name)))
		}
		return nil
	})
	return files, err
}
