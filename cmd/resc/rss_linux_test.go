package main

import (
	"encoding/json"
	"os/exec"
	"runtime"
	"testing"
)

// TestPeakMemoryIsOwn measures from a process that is much larger than resc: what
// the parent takes is not resc's.
func TestPeakMemoryIsOwn(t *testing.T) {
	const large = 400 << 20
	ballast := make([]byte, large)
	for i := 0; i < len(ballast); i += 4096 {
		ballast[i] = 1
	}
	out, err := exec.Command("resc", "bench", "std/cifar_resnet", "--runs", "1", "--format", "json").Output()
	runtime.KeepAlive(ballast)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		MaxRSSBytes int64 `json:"max_rss_bytes"`
	}
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	if r.MaxRSSBytes < 1<<20 || r.MaxRSSBytes >= large {
		t.Errorf("resc had %d bytes; its parent had %d", r.MaxRSSBytes, large)
	}
}
