package exec

import (
	"fmt"

	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/runtime/kernel"
)

// step is a call of the schedule as a function, for a size of the input.
func (a *arena) step(c *plan.Call, n plan.Size) func(*kernel.Threads) {
	dst := a.slot(c.Dst)
	src := func(i int) []float32 { return a.slot(c.Srcs[i]) }
	weights := a.model.weights[c.Weights]
	switch g := c.Kernel.(type) {
	case plan.Import:
		k := g.At(n)
		return func(t *kernel.Threads) { k.Run(t, dst, a.image) }
	case plan.Export:
		k, x := g.At(n), src(0)
		return func(t *kernel.Threads) { k.Run(t, a.outputs[c.Dst.Output], x) }
	case plan.Conv:
		k, x, r, w := g.At(n), src(0), src(1), weights.(*kernel.Filter)
		return func(t *kernel.Threads) { k.Run(t, dst, x, r, w) }
	case plan.Linear:
		k, x, w := g.At(n), src(0), weights.(*kernel.Dense)
		return func(t *kernel.Threads) { k.Run(t, dst, x, w) }
	case plan.Affine:
		k, x, w := g.At(n), src(0), weights.(*kernel.ScaleShift)
		return func(t *kernel.Threads) { k.Run(t, dst, x, w) }
	case plan.Activate:
		k, x := g.At(n), src(0)
		return func(t *kernel.Threads) { k.Run(t, dst, x) }
	case plan.Pool:
		k, x := g.At(n), src(0)
		return func(t *kernel.Threads) { k.Run(t, dst, x) }
	case plan.GlobalAverage:
		k, x := g.At(n), src(0)
		return func(t *kernel.Threads) { k.Run(t, dst, x) }
	case plan.Add:
		k, x, y := g.At(n), src(0), src(1)
		return func(t *kernel.Threads) { k.Run(t, dst, x, y) }
	case plan.Mul:
		k, x, y, r := g.At(n), src(0), src(1), src(2)
		return func(t *kernel.Threads) { k.Run(t, dst, x, y, r) }
	case plan.Place:
		k, x := g.At(n), src(0)
		return func(t *kernel.Threads) { k.Run(t, dst, x) }
	}
	panic(fmt.Sprintf("exec: no kernel %T", c.Kernel))
}
