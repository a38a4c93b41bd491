//go:build unix

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resc-lang/resc/checkpoint"
	mapped "github.com/resc-lang/resc/internal/source"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// TestTruncatedCheckpoint truncates a checkpoint while a verb reads it.
func TestTruncatedCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := safetensors.Write(f, []safetensors.Tensor{safetensors.FromFloat32("w", []int{1 << 16}, make([]float32, 1<<16))}, nil); err != nil {
		t.Fatal(err)
	}
	f.Close()
	c, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	sum := float32(0)
	err = guarded(func() error {
		values, _, err := c.Float32("w")
		for _, v := range values {
			sum += v
		}
		return err
	})
	if !errors.Is(err, mapped.ErrChanged) || !strings.HasPrefix(err.Error(), path+": ") {
		t.Errorf("error %v, sum %v", err, sum)
	}
	want := errors.New("another")
	if err := guarded(func() error { return want }); err != want {
		t.Errorf("error %v", err)
	}
}
