package runtime

import (
	"cmp"
	"fmt"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/resc-lang/resc/internal/source"
	"github.com/resc-lang/resc/runtime/kernel"
)

// packing is how the weights of one kernel come about.
type packing struct {
	layer  string // what is packed, and how: see describe
	fold   Fold
	shape  []int // of the weight
	rows   *rows // of a checkpoint
	bias   []float32
	size   int       // of the packed values
	values []float32 // them
	pack   func(values []float32, rows kernel.Rows, bias []float32)
	use    func(values []float32) // makes what the Loader's caller was given
	err    error
}

// spec is a specification of weights of type W; see package kernel.
type spec[W any] interface {
	Size() int
	PackTo(values []float32, rows kernel.Rows, bias []float32)
	Over(values []float32) *W
}

// add has Done make the weights of a layer that describe tells of, and returns what
// will be them, or nil if a checkpoint does not have what they are made of.
func add[W any](l *Loader, layer string, s spec[W], f Fold, shape ...int) *W {
	defer source.Catch(source.Watch(), &l.changed)
	w := new(W)
	p := &packing{
		layer: layer, fold: f, shape: shape, size: s.Size(), pack: s.PackTo,
		use: func(values []float32) { *w = *s.Over(values) },
	}
	if l.packed == nil {
		var ok bool
		if p.rows, p.bias, ok = l.fold(f, shape...); !ok {
			return nil
		}
	}
	l.packings = append(l.packings, p)
	return w
}

// describe is everything that a layer's packed values depend on, save the values
// of the checkpoint and the tier of kernels.
func describe(spec any, f Fold) string {
	return fmt.Sprintf("%s%+v %+v", strings.TrimPrefix(fmt.Sprintf("%T", spec), "kernel."), spec, f)
}

// pack packs every layer, on all processors, into memory that lies in one piece;
// or, where faults are known already, only looks for more. Each layer's bits are
// the same however many processors there are.
func (l *Loader) pack(whole bool) error {
	if whole {
		allocate(l.packings)
	}
	largestFirst := slices.Clone(l.packings)
	slices.SortStableFunc(largestFirst, func(a, b *packing) int { return b.size - a.size })
	if err := parallel(len(largestFirst), func(i int) { largestFirst[i].run() }); err != nil {
		return err
	}
	for _, p := range l.packings {
		switch {
		case p.err != nil:
			l.unusable(p.fold.Weight, p.err.Error())
		case !p.rows.finite() || !finite(p.bias):
			l.blame(p.fold)
		}
	}
	return nil
}

// allocate gives layers memory for their values, in one piece.
func allocate(layers []*packing) {
	size := 0
	for _, p := range layers {
		size += p.size
	}
	values := kernel.NewArena(size)
	for _, p := range layers {
		p.values, values = values[:p.size:p.size], values[p.size:]
	}
}

// run packs the layer, or only reads its rows where it was given no memory. The
// checkpoint's values are not needed then.
func (p *packing) run() {
	if p.err = p.rows.open(); p.err != nil {
		return
	}
	defer p.rows.tensor.Forget()
	if p.values != nil {
		p.pack(p.values, p.rows, p.bias)
		p.use(p.values)
		return
	}
	row := make([]float32, p.rows.length)
	for c := range p.shape[0] {
		p.rows.Row(row, c, 0)
	}
}

// parallel calls do for 0 to n-1, on all processors. A mapped file that is truncated
// meanwhile is an error.
func parallel(n int, do func(i int)) error {
	var next atomic.Int64
	var all sync.WaitGroup
	errs := make([]error, min(n, goruntime.GOMAXPROCS(0)))
	for worker := range errs {
		all.Go(func() {
			defer source.Catch(source.Watch(), &errs[worker])
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	all.Wait()
	return cmp.Or(errs...)
}
