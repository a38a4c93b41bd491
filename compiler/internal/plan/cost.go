package plan

import (
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/runtime/kernel"
)

// The cost of a convolution is that of
//
//   - the multiplications, of which algorithms other than direct save some;
//   - what they add: Winograd's transforms, Strassen's sums, storing the output;
//   - reading the weights. The calls of a network read more than caches hold, so
//     that they come from memory: partly while others are multiplied by, but no
//     sooner than memory gives them.
const (
	largeFilter = 1 << 15 // in vectors of 16 weights: what caches do not keep
	weightReads = 1.5     // of a weight of Strassen's algorithm: some are read for differences too

	// leastStrassen2 is the number of outputs from which two levels are worth their
	// sums, which each thread computes, and leastStrassen2Width the width from which
	// halves of rows are wide enough for kernels not to wait for weights.
	leastStrassen2      = 512
	leastStrassen2Width = 14

	// leastGain is what an algorithm must save: less is within the model's error,
	// and direct convolution needs no memory beside and has the smallest rounding
	// errors, or nearly so.
	leastGain = 0.025
)

// algorithms has a row for each algorithm of runtime/kernel: what its cost is, and
// whether it is worth trying for a convolution that its kernels can compute.
var algorithms = []struct {
	kernel.Algorithm
	tries func(k *costs, c convolution) bool
	cost  func(k *costs, c convolution) float64
}{
	{kernel.Direct, always, (*costs).direct},
	{kernel.Winograd2, triesWinograd, winograd(2, false)},
	{kernel.Winograd4, triesWinograd, winograd(4, false)},
	{kernel.WinogradFour, triesFour, winograd(4, true)},
	{kernel.WinogradRows, always, (*costs).rowsOfSeven},
	{kernel.Strassen, triesStrassen, (*costs).strassenHalves},
	{kernel.Strassen2, triesStrassen2, (*costs).strassenQuarters},
}

// convolution is what the choice of an algorithm depends on.
type convolution struct {
	op.Conv
	in, out Layout
	memory  Memory
}

// spec is the specification of its filter for the runtime, save the algorithm.
func (c convolution) spec() kernel.FilterSpec {
	return kernel.FilterSpec{
		In: c.in.C, Out: c.Out, KernelH: c.KernelH, KernelW: c.KernelW,
		Groups: unlessOne(c.Groups), Block: c.in.Block, Stride: unlessOne(c.Stride),
	}
}

// cheapest is the algorithm whose cost is least, of those that there are kernels for on
// the tier.
func (k *costs) cheapest(c convolution) kernel.Algorithm {
	best, least := kernel.Direct, k.direct(c)*(1-leastGain)
	if c.Dilation != 1 {
		return best
	}
	spec := c.spec()
	for _, a := range algorithms {
		if a.Algorithm == kernel.Direct || !a.Suits(spec, k.tier) || !a.tries(k, c) {
			continue
		}
		if cost := a.cost(k, c); cost < least {
			best, least = a.Algorithm, cost
		}
	}
	return best
}

func always(*costs, convolution) bool { return true }

// triesWinograd leaves out filters in groups where they should be small: they are kept as
// matrices.
func triesWinograd(_ *costs, c convolution) bool {
	return c.in.C >= blockChannels && (c.memory != Small || c.Groups == 1)
}

// triesFour is for images of four tiles of F(4×4). One whose size varies is not, as it
// would be something else at other sizes.
func triesFour(k *costs, c convolution) bool {
	h, w := c.out.H.Max(), c.out.W.Max()
	return triesWinograd(k, c) && c.out.H.IsConst() && c.out.W.IsConst() && h > 4 && h <= 8 && h == w
}

func triesStrassen(k *costs, _ convolution) bool { return k.strassen != nil }

func triesStrassen2(k *costs, c convolution) bool {
	return k.strassen != nil && c.Out >= leastStrassen2 && c.out.W.Max() >= leastStrassen2Width
}

func blocks(channels int) int { return (channels + blockChannels - 1) / blockChannels }

// pixels are those of the output.
func (c convolution) pixels() int { return c.out.H.Max() * c.out.W.Max() }

// outputs is their number, in blocks of 16 channels.
func (c convolution) outputs() float64 { return float64(blocks(c.Out) * c.pixels()) }

// matrix is the number of weights of one tap, in vectors of 16.
func (c convolution) matrix() int {
	channels := blocks(c.in.C) * blockChannels
	if c.in.Block != 0 {
		channels = c.in.Block
	}
	return channels * blocks(c.Out) / c.Groups
}

// direct is the cost of multiplying tap by tap.
func (k *costs) direct(c convolution) float64 {
	weights := c.KernelH * c.KernelW * c.matrix()
	return k.total(weights*c.pixels(), k.store*c.outputs(), k.weight, float64(weights))
}

// rowsOfSeven is the cost of Winograd's algorithm along rows: four outputs of a row take 7
// multiplications of even pixels and 6 of odd ones.
func (k *costs) rowsOfSeven(c convolution) float64 {
	tiles := c.out.H.Max() * ((c.out.W.Max() + 3) / 4)
	return k.total(13*c.KernelH*tiles*c.matrix(), k.rows*c.outputs(), 0, 0)
}

// strassenHalves is the cost of Strassen's algorithm by one level.
func (k *costs) strassenHalves(c convolution) float64 {
	return k.strassenLevels(c, k.strassen[0], halves(c.out.H.Max())*c.out.W.Max()*c.matrix()/4)
}

// strassenQuarters is the cost by two levels.
func (k *costs) strassenQuarters(c convolution) float64 {
	return k.strassenLevels(c, k.strassen[1], halves(c.out.H.Max())*halves(c.out.W.Max())*c.matrix()/16)
}

func (k *costs) strassenLevels(c convolution, s strassenCosts, multiplications int) float64 {
	addends := float64(blocks(c.in.C)*c.in.H.Max()*c.in.W.Max()) / float64(c.Stride*c.Stride)
	return k.total(multiplications, s.partial*c.outputs()+s.addend*addends, k.weight, weightReads*float64(c.matrix()))
}

// halves is how often the seven products of Strassen's algorithm have halves of some
// rows or columns: three of them the second, which may be the smaller one.
func halves(n int) int { return 4*((n+1)/2) + 3*(n/2) }

// total is a cost of multiplications, with what is added to them, and a number of
// weights that cost so much each.
func (k *costs) total(multiplications int, more, weight, weights float64) float64 {
	cost := k.multiply*float64(multiplications) + more + weight*weights
	if weights > largeFilter {
		cost = max(cost, k.memory*weights)
	}
	return cost
}

// winograd is the cost of tiles of m×m outputs, by matrices or by taps that are
// transformed in registers.
func winograd(m int, byTaps bool) func(*costs, convolution) float64 {
	return func(k *costs, c convolution) float64 {
		ins, outs := blocks(c.in.C), blocks(c.Out)
		rows, rowSums := tilePoints(m, c.Stride, c.out.H.Max())
		columns, columnSums := tilePoints(m, c.Stride, c.out.W.Max())
		filters := (m + 2) * (m + 2) // with either stride
		point, weight, weights := k.point, k.matrix, float64(filters*c.matrix())
		if c.Stride == 2 {
			point, weight = k.strided*point, k.strided*weight
		}
		if byTaps {
			weight, weights = k.taps, float64(9*c.matrix())
		}
		more := point * float64(rows*columns*ins+rowSums*columnSums*outs)
		if c.Groups > 1 {
			more += k.short * float64(filters*outs)
			weights *= k.grouped
		}
		return k.total(rows*columns*c.matrix(), more, weight, weights)
	}
}

// tilePoints are the numbers of points of inputs and of outputs along an axis, which has
// whole tiles and one of the rest, whose points are fewer: a tile of k outputs has k+2
// points; with stride 2, whose even samples have two taps and whose odd ones have one,
// k+1 and k.
func tilePoints(m, stride, size int) (inputs, outputs int) {
	for ; size > 0; size -= m {
		k := min(size, m)
		if stride == 1 {
			inputs, outputs = inputs+k+2, outputs+k+2
		} else {
			inputs, outputs = inputs+2*k+1, outputs+k+1
		}
	}
	return inputs, outputs
}
