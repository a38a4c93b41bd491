package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machine is where something was measured, with what.
type machine struct {
	CPU         string  `json:"cpu"`
	Cores       int     `json:"cores"`
	OS          string  `json:"os"`
	Tier        string  `json:"tier"`        // of resc's kernels
	PeakGFLOPS  float64 `json:"peak_gflops"` // of multiply-adds on one core, measured
	Go          string  `json:"go"`
	Node        string  `json:"node"`
	ONNXRuntime string  `json:"onnxruntime"`
	Commit      string  `json:"commit,omitempty"` // of resc; ends in -dirty where it was changed
}

// machine describes this one.
func (t *tools) machine(ctx context.Context) (machine, error) {
	m := machine{CPU: cpuName(), Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), ONNXRuntime: ortVersion}
	node, err := output(exec.CommandContext(ctx, "node", "--version"))
	if err != nil {
		return m, err
	}
	m.Node = strings.TrimSpace(string(node))
	git := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty")
	git.Dir = t.root
	if commit, err := output(git); err == nil {
		m.Commit = strings.TrimSpace(string(commit))
	}
	r, err := read(t.command(ctx, "bench", "std/cifar_resnet", "--threads", "1", "--runs", "1", "--format", "json"))
	m.PeakGFLOPS, m.Tier = r.PeakGFLOPS, r.Tier
	return m, err
}

// cpuName is the processor's name as the kernel gives it, or its architecture.
func cpuName() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
			if name, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return runtime.GOARCH
}
