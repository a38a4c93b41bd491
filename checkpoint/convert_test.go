package checkpoint

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/runtime/safetensors"
)

// TestConvert widens every half and narrows it again, and the numbers between two
// neighbours, which round to the nearer or the even one.
func TestConvert(t *testing.T) {
	for _, dtype := range []safetensors.DType{safetensors.F16, safetensors.BF16} {
		var halves []byte
		for h := range 1 << 16 {
			halves = append(halves, byte(h), byte(h>>8))
		}
		all := safetensors.NewTensor("w", dtype, []int{1 << 16}, func() ([]byte, error) { return halves, nil })
		wide := Convert(all, safetensors.F32)
		values, err := wide.Float32()
		if err != nil {
			t.Fatal(err)
		}
		data, err := Convert(wide, dtype).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		narrow := toHalf
		if dtype == safetensors.BF16 {
			narrow = toBFloat16
		}
		for h := range 1 << 16 {
			got := uint16(data[2*h]) | uint16(data[2*h+1])<<8
			v := values[h]
			if v != v {
				if got&^0x8000 == 0 || got>>15 != uint16(h>>15) {
					t.Errorf("%s: a NaN %#04x became %#04x", dtype, h, got)
				}
				continue
			}
			if got != uint16(h) {
				t.Fatalf("%s: %#04x became %#04x", dtype, h, got)
			}
			next := values[min(h+1, 1<<16-1)]
			if h&0x7fff == 0x7fff || math.IsInf(float64(v), 0) || math.IsInf(float64(next), 0) || next != next {
				continue
			}
			middle := float32((float64(v) + float64(next)) / 2)
			for x, want := range map[float32]uint16{
				middle:                         uint16(h + h&1),
				math.Nextafter32(middle, v):    uint16(h),
				math.Nextafter32(middle, next): uint16(h + 1),
			} {
				if middle == v || middle == next || x == v || x == next {
					continue // subnormal: nothing is between
				}
				if got, ok := narrow(x); got != want || !ok {
					t.Fatalf("%s: %g became %#04x, %v; want %#04x", dtype, x, got, ok, want)
				}
			}
		}
	}
}

func TestConvertOverflows(t *testing.T) {
	for _, c := range []struct {
		value float32
		dtype safetensors.DType
		fits  bool
	}{
		{65519, safetensors.F16, true}, {65520, safetensors.F16, false}, {-65520, safetensors.F16, false},
		{math.MaxFloat32, safetensors.BF16, false}, {0x1.FEp127, safetensors.BF16, true},
		{float32(math.Inf(-1)), safetensors.F16, true}, {float32(math.Inf(1)), safetensors.BF16, true},
	} {
		_, err := Convert(safetensors.FromFloat32("w", []int{1}, []float32{c.value}), c.dtype).Bytes()
		if (err == nil) != c.fits || err != nil && !strings.Contains(err.Error(), "too large for") {
			t.Errorf("%g as %s: %v", c.value, c.dtype, err)
		}
	}
	same := safetensors.FromFloat32("w", []int{2}, []float32{1, 2})
	if v, err := Convert(same, safetensors.F32).Float32(); err != nil || !slices.Equal(v, []float32{1, 2}) {
		t.Errorf("%v, %v", v, err)
	}
}
