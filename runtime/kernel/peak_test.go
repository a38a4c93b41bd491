package kernel

import (
	"runtime"
	"testing"
	"time"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

func TestMeasureHandover(t *testing.T) {
	took := MeasureHandover(time.Millisecond)
	if alone := runtime.GOMAXPROCS(0) == 1; alone != (took == 0) || took < 0 {
		t.Errorf("%v with %d processors", took, runtime.GOMAXPROCS(0))
	}
}

func TestMeasurePeak(t *testing.T) {
	for _, tier := range tiers() {
		restore := cpu.Force(tier)
		if peak := MeasurePeak(time.Millisecond); !(peak > 0) {
			t.Errorf("%v: %v GFLOP/s", tier, peak)
		} else {
			t.Logf("%v: %.1f GFLOP/s", tier, peak)
		}
		restore()
	}
}
