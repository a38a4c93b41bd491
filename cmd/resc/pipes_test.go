//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/internal/npy"
	"github.com/resc-lang/resc/stdlib"
)

// pipeFiles are the files that the commands below read, in a folder that is the working
// directory.
func pipeFiles(t *testing.T) (model, image, array, list, classes string) {
	t.Helper()
	t.Chdir(t.TempDir())
	src, _ := stdlib.Source("cifar_resnet")
	weights, err := stdlib.Weights("cifar_resnet20.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	rgb, err := os.ReadFile(filepath.Join(root(t), "internal/picture/testdata/rgb.png"))
	if err != nil {
		t.Fatal(err)
	}
	var x, trace bytes.Buffer
	shape := []int{1, 3, 32, 32}
	values := fixture.Fill(fixture.InputName, shape)
	if err := npy.WriteFloat32(&x, shape, values); err != nil {
		t.Fatal(err)
	}
	if err := npy.WriteArchive(&trace, []npy.Named{{Name: "input", Shape: shape, Values: values}, {Name: "conv1", Shape: []int{1, 16, 32, 32}, Values: fixture.Fill("conv1", []int{1, 16, 32, 32})}}); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"w.safetensors": weights, "x.png": rgb, "r.npz": trace.Bytes(), "list.csv": []byte("x.png,cat\n"), "odd.csv": []byte("x.png,odd\n"), "x.npy": x.Bytes(),
		"pipes.csv": []byte("pipe,cat\n"), "imports.res": []byte("import \"pipe\"\n"),
	} {
		if err := os.WriteFile(name, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return src.Text, string(rgb), x.String(), "x.png,cat\n", "odd,cat\n"
}

// root is the module's folder, from a package's.
func root(t *testing.T) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "../..")
}

// onceCommands are the arguments that name a file which is read once, PIPE, with what it
// holds, for a command that succeeds.
func onceCommands(t *testing.T) map[string]string {
	model, image, array, list, classes := pipeFiles(t)
	return map[string]string{
		"check PIPE":                             model,
		"fmt PIPE":                               model,
		"show PIPE":                              model,
		"report PIPE":                            model,
		"build PIPE -o out":                      model,
		"weights PIPE w.safetensors":             model,
		"run PIPE x.png --weights w.safetensors": model,
		"eval PIPE list.csv --weights w.safetensors":                             model,
		"bench PIPE --runs 1":                                                    model,
		"pack PIPE --weights w.safetensors -o w.resw":                            model,
		"export PIPE --made-up -o m.onnx":                                        model,
		"convert w.safetensors --model PIPE -o o.st":                             model,
		"run PIPE --input x.npy --weights w.safetensors":                         model,
		"run std/cifar_resnet PIPE":                                              image,
		"run std/cifar_resnet --input PIPE --output y.npy":                       array,
		"verify std/cifar_resnet --reference r.npz --tolerance 1e9 --input PIPE": array,
		"eval std/cifar_resnet PIPE":                                             list,
		"eval std/cifar_resnet odd.csv --class-map PIPE":                         classes,
	}
}

// command is the arguments of a line with a file's name for PIPE.
func command(line, file string) []string {
	return strings.Fields(strings.ReplaceAll(line, "PIPE", file))
}

// mkfifo makes a pipe in the working directory.
func mkfifo(t *testing.T) {
	t.Helper()
	os.Remove("pipe")
	if err := syscall.Mkfifo("pipe", 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestPipes gives each command its file through a named pipe and on standard input.
func TestPipes(t *testing.T) {
	old := os.Stdin
	defer func() { os.Stdin = old }()
	commands := onceCommands(t)
	for line, content := range commands {
		for _, file := range []string{"pipe", "-"} {
			mkfifo(t)
			if file == "-" {
				r, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				os.Stdin = r
				go func() { w.WriteString(content); w.Close() }()
			} else {
				go os.WriteFile("pipe", []byte(content), 0o666)
			}
			var stdout, stderr bytes.Buffer
			if status := run(command(line, file), &stdout, &stderr); status != 0 {
				t.Errorf("%s: status %d: %s", command(line, file), status, stderr.String())
			}
		}
	}
}

// TestInterruptedPipes ends each command while it waits for a pipe that nobody writes to.
func TestInterruptedPipes(t *testing.T) {
	commands := onceCommands(t)
	for line := range commands {
		mkfifo(t)
		ctx, cancel := context.WithCancel(t.Context())
		var stdout, stderr bytes.Buffer
		done := make(chan int, 1)
		go func() { done <- runContext(ctx, command(line, "pipe"), &stdout, &stderr) }()
		writer := -1
		for ended := false; writer < 0 && !ended; runtime.Gosched() {
			// Fails until the command has the pipe open.
			if fd, err := syscall.Open("pipe", syscall.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
				writer = fd
			}
			ended = len(done) > 0
		}
		cancel()
		status := <-done
		if writer < 0 {
			t.Errorf("%s: the pipe was not opened: %s", line, stderr.String())
		} else {
			syscall.Close(writer)
		}
		if status != exitInput || !strings.Contains(stderr.String(), "resc: interrupted\n") {
			t.Errorf("%s: status %d: %s", line, status, stderr.String())
		}
	}
}

// TestEndlessFiles gives each command a device without end.
func TestEndlessFiles(t *testing.T) {
	commands := onceCommands(t)
	for line := range commands {
		var stdout, stderr bytes.Buffer
		if status := run(command(line, "/dev/zero"), &stdout, &stderr); status != exitInput || !strings.Contains(stderr.String(), "/dev/zero") {
			t.Errorf("%s: status %d: %s", line, status, stderr.String())
		}
	}
}

// TestNoPipes gives commands a pipe where a file is mapped or read more than once: they
// refuse it and wait for nobody.
func TestNoPipes(t *testing.T) {
	pipeFiles(t)
	mkfifo(t)
	for _, line := range []string{
		"weights std/cifar_resnet PIPE",
		"run std/cifar_resnet x.png --weights PIPE",
		"eval std/cifar_resnet list.csv --weights PIPE",
		"bench std/cifar_resnet --weights PIPE",
		"pack std/cifar_resnet --weights PIPE -o w.resw",
		"export std/cifar_resnet --weights PIPE -o m.onnx",
		"build std/cifar_resnet --embed PIPE -o out",
		"convert PIPE -o o.safetensors",
		"import PIPE -o out",
		"verify std/cifar_resnet --reference PIPE",
		"verify std/cifar_resnet --reference r.npz --weights PIPE",
		"check imports.res",
		"eval std/cifar_resnet pipes.csv",
	} {
		for _, file := range []string{"pipe", "-"} {
			want := "not a regular file (prw"
			args := command(line, file)
			if file == "-" {
				want = "standard input is read only once"
				if slices.Equal(args, strings.Fields(line)) {
					continue
				}
			}
			var stdout, stderr bytes.Buffer
			if status := run(args, &stdout, &stderr); status != exitInput || !strings.Contains(stderr.String(), want) {
				t.Errorf("%s: status %d: %s", args, status, stderr.String())
			}
		}
	}
}
