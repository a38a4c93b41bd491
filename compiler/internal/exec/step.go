package exec

import (
	"fmt"

	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/runtime/kernel"
)

// geometry fills a kernel's structure from a call.
func geometry[K any](c *plan.Call, n *size) K {
	var k K
	fill(&k, c.Fields, n)
	return k
}

// step is a call of the schedule as a function.
func (l *lane) step(c *plan.Call, n *size) func() {
	t := l.threads
	src := func(i int) []float32 { return l.memory(c.Srcs[i]) }
	weights := l.session.model.weights[c.Weights]
	if c.Kernel == "Export" {
		k, in := geometry[kernel.Export](c, n), src(0)
		return func() { k.Run(t, l.outputs[c.Dst.Output], in) }
	}
	dst := l.memory(c.Dst)
	switch c.Kernel {
	case "Import":
		k := geometry[kernel.Import](c, n)
		return func() { k.Run(t, dst, l.image) }
	case "Conv":
		k, x, r, w := geometry[kernel.Conv](c, n), src(0), src(1), weights.(*kernel.Filter)
		return func() { k.Run(t, dst, x, r, w) }
	case "Linear":
		k, x, w := geometry[kernel.Linear](c, n), src(0), weights.(*kernel.Dense)
		return func() { k.Run(t, dst, x, w) }
	case "Affine":
		k, x, w := geometry[kernel.Affine](c, n), src(0), weights.(*kernel.ScaleShift)
		return func() { k.Run(t, dst, x, w) }
	case "Activate":
		k, x := geometry[kernel.Activate](c, n), src(0)
		return func() { k.Run(t, dst, x) }
	case "Pool":
		k, x := geometry[kernel.Pool](c, n), src(0)
		return func() { k.Run(t, dst, x) }
	case "GlobalAverage":
		k, x := geometry[kernel.GlobalAverage](c, n), src(0)
		return func() { k.Run(t, dst, x) }
	case "Add":
		k, x, y := geometry[kernel.Add](c, n), src(0), src(1)
		return func() { k.Run(t, dst, x, y) }
	case "Mul":
		k, x, y, r := geometry[kernel.Mul](c, n), src(0), src(1), src(2)
		return func() { k.Run(t, dst, x, y, r) }
	case "Place":
		k, x := geometry[kernel.Place](c, n), src(0)
		return func() { k.Run(t, dst, x) }
	}
	panic(fmt.Sprintf("exec: no kernel %s", c.Kernel))
}
