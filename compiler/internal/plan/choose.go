package plan

import "github.com/resc-lang/resc/compiler/internal/op"

// Memory says what packed weights may cost.
type Memory string

// The choices.
const (
	Fast  Memory = "fast"  // the fastest algorithm, whatever its filter takes
	Small Memory = "small" // no filter larger than that of direct convolution
)

// choose picks the algorithm of a convolution on each tier of processors, from
// its shape and the memory choice alone: never from threads, batch or timing, so
// that results are the same everywhere. It is the one whose cost is least. The
// portable tier has direct convolution only; NEON has the choices of AVX2, as the
// same multiplications are saved, but not Strassen's algorithm.
func choose(o op.Conv, in, out Layout, m Memory) Struct {
	switch word := cheapest(o, in, out, m); word {
	case "Direct":
		return Struct{}
	case "Strassen", "Strassen2":
		return Struct{Type: "ByTier", Fields: []Field{{"AVX512", word}, {"AVX2", word}}}
	default:
		return Struct{Type: "ByTier", Fields: []Field{{"AVX512", word}, {"AVX2", word}, {"NEON", word}}}
	}
}

// algorithmNames are how reports name the algorithms of runtime/kernel.
var algorithmNames = map[Word]string{
	"Winograd2": "winograd F(2x2)", "Winograd4": "winograd F(4x4)",
	"Strassen": "strassen", "Strassen2": "strassen, 2 levels",
}

// Algorithm names how a call computes its convolution, on tiers that have the
// choice; empty for other calls.
func (c *Call) Algorithm() string {
	if c.Kernel != "Conv" {
		return ""
	}
	for _, f := range c.Weights.Fields {
		if s, ok := f.Value.(Struct); ok && s.Type == "ByTier" {
			return algorithmNames[s.Fields[0].Value.(Word)]
		}
	}
	return "direct"
}
