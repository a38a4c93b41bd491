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

	// mostRowsChannels is the largest number of input channels that Winograd's algorithm
	// along rows has kernels for.
	mostRowsChannels = 4

	// leastGain is what an algorithm must save: less is within the model's error,
	// and direct convolution needs no memory beside and has the smallest rounding
	// errors, or nearly so.
	leastGain = 0.025
)

// cheapest is the algorithm of runtime/kernel whose cost is least, of those with
// small filters if these are wanted.
func (k *costs) cheapest(o op.Conv, in, out Layout, m Memory) kernel.Algorithm {
	best, least := kernel.Direct, k.of(kernel.Direct, o, in, out)*(1-leastGain)
	if o.Dilation != 1 {
		return best
	}
	var others []kernel.Algorithm
	switch {
	case in.Block != 0:
		if k.rows > 0 && o.KernelW == 7 && o.Stride == 2 && o.Groups == 1 && in.C <= in.Block && in.Block <= mostRowsChannels {
			others = []kernel.Algorithm{kernel.WinogradRows}
		}
	case o.Groups > 1 && (in.C/o.Groups%blockChannels != 0 || out.C/o.Groups%blockChannels != 0):
	case o.KernelH == 3 && o.KernelW == 3 && o.Stride <= 2 && in.C >= blockChannels && (m != Small || o.Groups == 1):
		others = []kernel.Algorithm{kernel.Winograd2, kernel.Winograd4}
		if k.taps > 0 && o.Groups == 1 && fourTiles(out) {
			others = append(others, kernel.WinogradFour)
		}
	case o.KernelH == 1 && o.KernelW == 1 && o.Groups == 1 && k.strassen != nil:
		if in.C%(2*blockChannels) == 0 && blocks(out.C)%2 == 0 {
			others = append(others, kernel.Strassen)
		}
		if in.C%(4*blockChannels) == 0 && blocks(out.C)%4 == 0 && out.C >= leastStrassen2 && out.W.Max() >= leastStrassen2Width {
			others = append(others, kernel.Strassen2)
		}
	}
	for _, a := range others {
		if c := k.of(a, o, in, out); c < least {
			best, least = a, c
		}
	}
	return best
}

// fourTiles reports whether an image is four tiles of F(4×4) for which runtime/kernel has
// a kernel. One whose size varies is not, as it would be something else at other sizes.
func fourTiles(out Layout) bool {
	h, w := out.H.Max(), out.W.Max()
	return out.H.IsConst() && out.W.IsConst() && h > 4 && h <= 8 && h == w
}

func blocks(channels int) int { return (channels + blockChannels - 1) / blockChannels }

// of is the cost of a convolution by one algorithm.
func (k *costs) of(a kernel.Algorithm, o op.Conv, in, out Layout) float64 {
	h, width := out.H.Max(), out.W.Max()
	ins, outs := blocks(in.C), blocks(out.C)
	inPixels, outPixels := float64(ins*in.H.Max()*in.W.Max()), float64(outs*h*width)
	channels := ins * blockChannels
	if in.Block != 0 {
		channels = in.Block
	}
	matrix := channels * outs / o.Groups // weights of one tap, in vectors
	taps := o.KernelH * o.KernelW
	strassen := func(level, multiplications int) float64 {
		s := k.strassen[level-1]
		addends := inPixels / float64(o.Stride*o.Stride)
		return k.total(multiplications, s.partial*outPixels+s.addend*addends, k.weight, weightReads*float64(matrix))
	}
	switch a {
	case kernel.WinogradRows:
		// Four outputs of a row take 7 multiplications of even pixels and 6 of odd ones.
		return k.total(13*o.KernelH*h*((width+3)/4)*matrix, k.rows*outPixels, 0, 0)
	case kernel.Winograd2:
		return k.winograd(2, o.Stride, h, width, o.Groups, ins, outs, false)
	case kernel.Winograd4:
		return k.winograd(4, o.Stride, h, width, o.Groups, ins, outs, false)
	case kernel.WinogradFour:
		return k.winograd(4, o.Stride, h, width, o.Groups, ins, outs, true)
	case kernel.Strassen:
		return strassen(1, halves(h)*width*matrix/4)
	case kernel.Strassen2:
		return strassen(2, halves(h)*halves(width)*matrix/16)
	default:
		return k.total(taps*h*width*matrix, k.store*outPixels, k.weight, float64(taps*matrix))
	}
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
// transformed in registers. Each axis has whole tiles and one of the rest, whose points
// are fewer.
func (k *costs) winograd(m, stride, h, w, groups, ins, outs int, byTaps bool) float64 {
	// A tile of k outputs has k+2 points; with stride 2, whose even samples have
	// two taps and whose odd ones have one, k+1 and k.
	axis := func(size int) (inputs, outputs int) {
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
	rows, rowSums := axis(h)
	columns, columnSums := axis(w)
	filters := (m + 2) * (m + 2) // with either stride
	matrix := ins * blockChannels * outs / groups
	point, weight, weights := k.point, k.matrix, float64(filters*matrix)
	if stride == 2 {
		point, weight = k.strided*point, k.strided*weight
	}
	if byTaps {
		weight, weights = k.taps, float64(9*matrix)
	}
	more := point * float64(rows*columns*ins+rowSums*columnSums*outs)
	if groups > 1 {
		more += k.short * float64(filters*outs)
		weights *= k.grouped
	}
	return k.total(rows*columns*matrix, more, weight, weights)
}
