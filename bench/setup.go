package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/internal/npy"
)

// ortVersion is the version of npm's onnxruntime-node that is compared.
const ortVersion = "1.30.0"

// tools are what is measured, built and installed in a folder.
type tools struct {
	root, folder string
	resc         string // the command
	empty        string // a Go program that does nothing
	example      string // examples/resnet50, stripped
	library      string // ONNX Runtime's shared library
}

// setup installs ONNX Runtime and builds the programs.
func setup(ctx context.Context, folder, root string) (*tools, error) {
	t := &tools{
		root: root, folder: folder,
		resc: filepath.Join(folder, "resc"), empty: filepath.Join(folder, "empty"), example: filepath.Join(folder, "example"),
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	if err := t.install(ctx); err != nil {
		return nil, err
	}
	log.Print("building")
	if err := t.build(ctx, t.resc, "./cmd/resc"); err != nil {
		return nil, err
	}
	if err := t.build(ctx, t.example, "./examples/resnet50"); err != nil {
		return nil, err
	}
	source := filepath.Join(folder, "empty.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o666); err != nil {
		return nil, err
	}
	return t, t.build(ctx, t.empty, source)
}

// install gets ONNX Runtime from npm, once.
func (t *tools) install(ctx context.Context) error {
	if _, err := exec.LookPath("node"); err != nil {
		return fmt.Errorf("ONNX Runtime runs in Node.js here, which is not installed: %w", err)
	}
	module := filepath.Join(t.folder, "node_modules", "onnxruntime-node")
	text, err := os.ReadFile(filepath.Join(module, "package.json"))
	if err != nil || !strings.Contains(string(text), `"version": "`+ortVersion+`"`) {
		log.Printf("installing onnxruntime-node %s from npm", ortVersion)
		if err := os.WriteFile(filepath.Join(t.folder, "package.json"), []byte("{}\n"), 0o666); err != nil {
			return err
		}
		if _, err := output(exec.CommandContext(ctx, "npm", "install", "--prefix", t.folder, "--ignore-scripts", "--silent", "onnxruntime-node@"+ortVersion)); err != nil {
			return err
		}
	}
	arch := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	return filepath.WalkDir(module, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.Contains(d.Name(), "libonnxruntime.") && strings.Contains(filepath.ToSlash(path), "/"+runtime.GOOS+"/"+arch+"/") {
			t.library = path
		}
		return err
	})
}

// build builds a program as it is shipped: static and stripped.
func (t *tools) build(ctx context.Context, to, what string) error {
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", to, what)
	c.Dir = t.root
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	_, err := output(c)
	return err
}

// path is a file of a network in the folder.
func (t *tools) path(n network, ending string) string {
	return filepath.Join(t.folder, n.name+ending)
}

// export writes a network's weights and the network as ONNX.
func (t *tools) export(ctx context.Context, n network) error {
	weights := t.path(n, ".safetensors")
	if err := n.weights(t.root, weights); err != nil {
		return err
	}
	for verb, suffix := range map[string]string{"export": ".onnx", "pack": ".resw"} {
		if _, err := output(t.command(ctx, append(append([]string{verb}, n.args()...), "--weights", weights, "-o", t.path(n, suffix))...)); err != nil {
			return err
		}
	}
	return nil
}

// command is a command line of resc.
func (t *tools) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, t.resc, args...)
	c.Dir = t.root
	return c
}

// ortOptions are what ort.mjs reads.
type ortOptions struct {
	Folder  string `json:"folder"`
	Model   string `json:"model"`
	Shape   []int  `json:"shape"`
	Threads int    `json:"threads"`
	Warmup  int    `json:"warmup"`
	Runs    int    `json:"runs"`
	Input   string `json:"input,omitempty"`
	Output  string `json:"output,omitempty"`
}

// node is a run of ort.mjs.
func (t *tools) node(ctx context.Context, n network, o ortOptions) *exec.Cmd {
	o.Folder, o.Model = t.folder, t.path(n, ".onnx")
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // strings and numbers
	}
	return exec.CommandContext(ctx, "node", filepath.Join(t.root, "bench", "ort.mjs"), string(text))
}

// timed is what both programs print of timed runs.
type timed struct {
	Runs        int     `json:"runs"`
	MinMS       float64 `json:"min_ms"`
	MedianMS    float64 `json:"median_ms"`
	P99MS       float64 `json:"p99_ms"`
	ColdStartMS float64 `json:"cold_start_ms"`
	LoadMS      float64 `json:"load_ms,omitempty"`
	MaxRSSBytes int64   `json:"max_rss_bytes"`
	PeakGFLOPS  float64 `json:"peak_gflops,omitempty"`
	Tier        string  `json:"tier,omitempty"`
	HandoverNS  int64   `json:"handover_ns,omitempty"`
}

// read runs a program whose last line of output is JSON.
func read(c *exec.Cmd) (timed, error) {
	var r timed
	out, err := output(c)
	if err == nil {
		out = bytes.TrimSpace(out)
		err = json.Unmarshal(out[bytes.LastIndexByte(out, '\n')+1:], &r)
	}
	return r, err
}

// output runs a program; its error has what it wrote to stderr.
func output(c *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, stderr.Bytes())
	}
	return out, nil
}

// wall runs a program and returns how long it took, from start to end.
func wall(c *exec.Cmd) (float64, error) {
	start := time.Now()
	_, err := output(c)
	return float64(time.Since(start).Nanoseconds()) / 1e6, err
}

// input writes the network's input, for resc and as plain values.
func (t *tools) input(n network) error {
	shape := n.shape(1)
	values := fixture.Fill(fixture.InputName, shape)
	if err := writeFile(t.path(n, ".npy"), func(w io.Writer) error { return npy.WriteFloat32(w, shape, values) }); err != nil {
		return err
	}
	return writeFile(t.path(n, ".f32"), func(w io.Writer) error {
		var b []byte
		for _, v := range values {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		_, err := w.Write(b)
		return err
	})
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := write(f); err != nil {
		return err
	}
	return f.Close()
}

// outputs reads what both programs computed of the input.
func (t *tools) outputs(n network) (ours, theirs []float32, err error) {
	array, err := npy.ReadFile(t.path(n, ".resc.npy"))
	if err != nil {
		return nil, nil, err
	}
	b, err := os.ReadFile(t.path(n, ".ort.f32"))
	if err != nil {
		return nil, nil, err
	}
	for ; len(b) >= 4; b = b[4:] {
		theirs = append(theirs, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return array.AsFloat32(), theirs, nil
}
