package kernel

import (
	"testing"
	"time"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

func TestMeasurePeak(t *testing.T) {
	for _, tier := range cpu.Available() {
		restore := cpu.Force(tier)
		if peak := MeasurePeak(time.Millisecond); !(peak > 0) {
			t.Errorf("%v: %v GFLOP/s", tier, peak)
		} else {
			t.Logf("%v: %.1f GFLOP/s", tier, peak)
		}
		restore()
	}
}
