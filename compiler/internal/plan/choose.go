package plan

import "github.com/resc-lang/resc/compiler/internal/op"

// The sides of an image from which Winograd's algorithms pay. F(4×4) does a
// quarter of direct convolution's multiplications and F(2×2) 1/2.25 of them, but
// their filters are 4 and 1.8 times as large. At 14×14 and below networks have
// many channels: the larger filters would come from memory, which threads share,
// and tiles of 4×4 overhang; there F(2×2) measured as fast or faster. On a few
// pixels there is nothing to gain.
const (
	winograd4From = 12
	winograd2From = 4
)

// Memory says what packed weights may cost.
type Memory string

// The choices.
const (
	Fast  Memory = "fast"  // the fastest algorithm, whatever its filter takes
	Small Memory = "small" // no filter larger than that of direct convolution
)

// choose picks the algorithm of a convolution on each tier of processors, from
// its shape and the memory choice alone: never from threads, batch or timing, so
// that results are the same everywhere. The portable tier has direct convolution
// only. NEON has AVX2's choices: the same multiplications are saved, and its direct
// kernel does not need fewer instructions for one than AVX2's.
func choose(o op.Conv, in, out Layout, m Memory) Struct {
	if m == Small {
		return Struct{} // direct
	}
	side := min(out.H.Max(), out.W.Max())
	var word Word
	switch {
	case o.KernelH != 3 || o.KernelW != 3 || o.Stride > 2 || o.Dilation != 1 || o.Groups != 1 || in.Block != 0 || in.C < blockChannels:
		return Struct{}
	case side >= winograd4From:
		word = "Winograd4"
	case side >= winograd2From:
		word = "Winograd2"
	default:
		return Struct{}
	}
	return Struct{Type: "ByTier", Fields: []Field{{"AVX512", word}, {"AVX2", word}, {"NEON", word}}}
}

// Algorithm names how a call computes its convolution, on tiers that have the
// choice; empty for other calls.
func (c *Call) Algorithm() string {
	if c.Kernel != "Conv" {
		return ""
	}
	for _, f := range c.Weights.Fields {
		if s, ok := f.Value.(Struct); ok && s.Type == "ByTier" {
			return map[Word]string{"Winograd2": "winograd F(2x2)", "Winograd4": "winograd F(4x4)"}[s.Fields[0].Value.(Word)]
		}
	}
	return "direct"
}
