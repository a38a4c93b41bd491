package runtime

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestCheckFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		values []float32
		want   string
	}{
		{nil, ""},
		{[]float32{0, -1, math.MaxFloat32, math.SmallestNonzeroFloat32}, ""},
		{[]float32{1, nan, inf}, "value 1 of 3 is NaN"},
		{[]float32{-inf}, "value 0 of 1 is -Inf"},
		{[]float32{0, 0, inf}, "value 2 of 3 is +Inf"},
	} {
		err := CheckFinite(c.values)
		if (err == nil) != (c.want == "") || err != nil && (!errors.Is(err, ErrNotFinite) || !strings.HasSuffix(err.Error(), c.want)) {
			t.Errorf("%v: error %v, want %q", c.values, err, c.want)
		}
	}
}
