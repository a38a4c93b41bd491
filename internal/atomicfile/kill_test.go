package atomicfile

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/resc-lang/resc/internal/tempfile"
)

// TestMain is also the process that TestKill kills: it writes half of a file, reports
// it, and completes the file when its input ends.
func TestMain(m *testing.M) {
	path := os.Getenv("ATOMICFILE_TEST_WRITE")
	if path == "" {
		os.Exit(m.Run())
	}
	err := Write(path, func(w io.Writer) error {
		io.WriteString(w, "first half")
		fmt.Println("half")
		io.Copy(io.Discard, os.Stdin)
		_, err := io.WriteString(w, " and second")
		return err
	})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// writer is a process in the middle of Write.
type writer struct {
	*exec.Cmd
	input io.Closer
}

func startWriter(t *testing.T, path string) *writer {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ATOMICFILE_TEST_WRITE="+path)
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "half\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return &writer{cmd, input}
}

// TestKill kills a process in the middle of Write, while another one is there too.
func TestKill(t *testing.T) {
	if !tempfile.RenameHeld {
		t.Skip("no locks of files on this system")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	others := []string{"a.1-2.tmp.bak", "b.1-2.tmp", "a.x-0.tmp", "xa.1-2.tmp"}
	for _, name := range others {
		write(t, filepath.Join(dir, name), "mine")
	}
	living, dead := startWriter(t, path), startWriter(t, path)
	temporary := func(w *writer) string { return fmt.Sprintf("%s.%d-0.tmp", path, w.Process.Pid) }
	if err := dead.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	dead.Wait()
	if text, err := os.ReadFile(temporary(dead)); string(text) != "first half" {
		t.Fatalf("the killed process left %q, %v", text, err)
	}
	if err := WriteFile(path, []byte("third")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(temporary(dead)); !os.IsNotExist(err) {
		t.Errorf("what the killed process left is still there: %v", err)
	}
	if text, err := os.ReadFile(temporary(living)); string(text) != "first half" {
		t.Errorf("the living process's file has %q, %v", text, err)
	}
	living.input.Close()
	if err := living.Wait(); err != nil {
		t.Errorf("the living process: %v", err)
	}
	if err := Check(path); err != nil {
		t.Error(err)
	}
	want := "a=first half and second"
	for _, name := range []string{"a.1-2.tmp.bak", "a.x-0.tmp", "b.1-2.tmp", "xa.1-2.tmp"} {
		want += " " + name + "=mine"
	}
	if got := files(t, dir); got != want {
		t.Errorf("files %q, want %q", got, want)
	}
}

// TestConcurrentWriters has writers of one file make, sweep and rename at the same time.
func TestConcurrentWriters(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			text := strings.Repeat(fmt.Sprint(i), 1000)
			for range 50 {
				if err := WriteFile(path, []byte(text)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if got := files(t, dir); len(got) != len("a=")+1000 || strings.Trim(got[2:], got[2:3]) != "" {
		t.Errorf("files %.80q", got)
	}
}
