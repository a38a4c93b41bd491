package plan

import (
	"strings"

	"github.com/resc-lang/resc/compiler/internal/op"
)

// Memory says what packed weights may cost.
type Memory string

// The choices.
const (
	Fast  Memory = "fast"  // the fastest algorithm, whatever its filter takes
	Small Memory = "small" // no filter larger than that of direct convolution, save a first one of a few channels
)

// choose picks the algorithm of a convolution on each tier of processors, from
// its shape and the memory choice alone: never from threads, batch or timing, so
// that results are the same everywhere. It is the one whose cost is least. The
// portable tier has direct convolution only; NEON has the choices of AVX2, as the
// same multiplications are saved, but not Strassen's algorithm. What is left out is
// what kernel.ByTier means without it.
func choose(o op.Conv, in, out Layout, m Memory) Struct {
	var fields []Field
	word, x2, avx2 := costs16.cheapest(o, in, out, m), costs32.cheapest(o, in, out, m), costsAVX2.cheapest(o, in, out, m)
	if word != "Direct" {
		fields = append(fields, Field{"AVX512", word})
	}
	if x2 != word {
		fields = append(fields, Field{"AVX512x2", x2})
	}
	switch avx2 {
	case "Direct":
	case "Strassen", "Strassen2":
		fields = append(fields, Field{"AVX2", avx2})
	default:
		fields = append(fields, Field{"AVX2", avx2}, Field{"NEON", avx2})
	}
	if fields == nil {
		return Struct{}
	}
	return Struct{Type: "ByTier", Fields: fields}
}

// algorithmNames are how reports name the algorithms of runtime/kernel.
var algorithmNames = map[Word]string{
	"Direct": "direct", "Winograd2": "winograd F(2x2)", "Winograd4": "winograd F(4x4)", "WinogradFour": "winograd F(4x4), 4 tiles", "WinogradRows": "winograd F(4), rows",
	"Strassen": "strassen", "Strassen2": "strassen, 2 levels",
}

// Algorithm names how a call computes its convolution on a tier; empty for other
// calls.
func (c *Call) Algorithm(tier string) string {
	if c.Kernel != "Conv" {
		return ""
	}
	chosen := Word("Direct")
	for _, f := range c.Weights.Fields {
		if s, ok := f.Value.(Struct); ok && s.Type == "ByTier" {
			for _, choice := range s.Fields {
				if strings.EqualFold(choice.Name, tier) || choice.Name == "AVX512" && tier == "avx512x2" {
					chosen = choice.Value.(Word)
				}
			}
		}
	}
	return algorithmNames[chosen]
}
