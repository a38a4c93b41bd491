package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// gomlxVersion is that of bench/gomlx/go.mod.
const gomlxVersion = "v0.26.0"

// gomlxBound is the time that gomlx may take for a network, with loading.
const gomlxBound = 3 * time.Minute

// gomlx is gomlx's time for an image beside resc's of the same run of the command.
type gomlx struct {
	Network  string  `json:"network"`
	Threads  int     `json:"threads"`
	MedianMS float64 `json:"median_ms,omitempty"`
	RescMS   float64 `json:"resc_ms"`
	Error    string  `json:"error,omitempty"` // why there is no time
}

// gomlxNetworks are those that gomlx runs: it takes seconds for an image, and all
// networks would take hours.
var gomlxNetworks = []string{"resnet18", "resnet50", "mobilenet_v2", "cifar_resnet20"}

// gomlx measures gomlx with the first number of threads. What goes wrong is a
// result.
func (t *tools) gomlx(ctx context.Context, o *options) []gomlx {
	program := filepath.Join(t.folder, "gomlx")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, ".")
	build.Dir = filepath.Join(t.root, "bench", "gomlx")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	var rows []gomlx
	_, failed := output(build)
	for _, n := range o.networks {
		if !slices.Contains(gomlxNetworks, n.name) {
			continue
		}
		g := gomlx{Network: n.name, Threads: o.threads[0]}
		err := failed
		if err == nil {
			log.Printf("%s: gomlx", n.name)
			err = t.runGomlx(ctx, program, n, &g)
		}
		if err != nil {
			g.Error = reason(err)
		}
		rows = append(rows, g)
	}
	return rows
}

// runGomlx runs gomlx and resc on one network.
func (t *tools) runGomlx(ctx context.Context, program string, n network, g *gomlx) error {
	threads := strconv.Itoa(g.Threads)
	ours, err := read(t.command(ctx, append(append([]string{"bench"}, n.args()...),
		"--weights", t.path(n, ".safetensors"), "--threads", threads, "--runs", "20", "--format", "json")...))
	if err != nil {
		return err
	}
	g.RescMS = ours.MedianMS
	bound, cancel := context.WithTimeout(ctx, gomlxBound)
	defer cancel()
	theirs, err := read(exec.CommandContext(bound, program, t.path(n, ".onnx"), strconv.Itoa(n.side), threads, "1"))
	if errors.Is(bound.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("not within %v", gomlxBound)
	}
	g.MedianMS = theirs.MedianMS
	return err
}

// reason is an error as a cell of a table: what the program said, without its command
// line.
func reason(err error) string {
	said := err.Error()
	if _, stderr, ok := strings.Cut(said, "\n"); ok && strings.TrimSpace(stderr) != "" {
		said = stderr
	}
	text := strings.Join(strings.Fields(strings.ReplaceAll(said, "|", "/")), " ")
	if len(text) > 160 {
		text = text[:160] + "…"
	}
	return text
}
