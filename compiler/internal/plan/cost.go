package plan

import "github.com/resc-lang/resc/compiler/internal/op"

// The cost of a convolution, in multiplications of 16 channels as one core does
// them at its peak, is that of
//
//   - the multiplications, of which algorithms other than direct save some;
//   - what they add: Winograd's transforms, Strassen's sums, storing the output;
//   - reading the weights. The calls of a network read more than caches hold, so
//     that they come from memory: partly while others are multiplied by, but no
//     sooner than memory gives them.
//
// The constants were fitted to the ResNets' layers on Zen 4, AVX-512, one thread.
// BenchmarkCost compares them with measurement, filters of 3×3 coming from memory:
// the model was within 7 %, but where filters of 3×3 have several MB: F(4×4) at
// 14×14 and F(2×2) at 7×7 take a seventh less than it says, with stride 2 to 7×7
// direct convolution a tenth more and F(4×4), which it does not choose, a third. In
// groups F(4×4) takes a sixth less at 14×14, and what it does not choose up to a
// third more. The algorithm chosen was the fastest for each layer, but for gains below
// leastGain.
const (
	multiplyCost = 1.015 // of a multiplication
	storeCost    = 3     // of 16 channels of an output pixel
	pointCost    = 8.5   // of 16 channels of a point of a Winograd tile, to compute it or to use it
	shortCost    = 150   // of a product of one of Winograd's matrices by an output block, where a group has few inputs
	weightCost   = 3     // of 16 weights, read meanwhile
	memoryCost   = 12    // of 16 weights that a filter too large for caches has, at least
	largeFilter  = 1 << 15

	// Strassen's algorithm by one level and by two.
	addendCost   = 8 // of 16 channels of an input pixel, added up
	addendCost2  = 18
	partialCost  = 11 // of 16 channels of an output pixel, stored and added up
	partialCost2 = 33
	weightReads  = 1.5 // of a weight: some are read for differences too

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

// cheapest is the algorithm of runtime/kernel whose cost is least, of those with
// small filters if these are wanted.
func cheapest(o op.Conv, in, out Layout, m Memory) Word {
	word, least := Word("Direct"), costOf("Direct", o, in, out)*(1-leastGain)
	if in.Block != 0 || o.Dilation != 1 {
		return word
	}
	var others []Word
	switch {
	case o.Groups > 1 && (in.C/o.Groups%blockChannels != 0 || out.C/o.Groups%blockChannels != 0):
	case o.KernelH == 3 && o.KernelW == 3 && o.Stride <= 2 && in.C >= blockChannels && (m != Small || o.Groups == 1):
		others = []Word{"Winograd2", "Winograd4"}
	case o.KernelH == 1 && o.KernelW == 1 && o.Groups == 1:
		if in.C%(2*blockChannels) == 0 && blocks(out.C)%2 == 0 {
			others = append(others, "Strassen")
		}
		if in.C%(4*blockChannels) == 0 && blocks(out.C)%4 == 0 && out.C >= leastStrassen2 && out.W.Max() >= leastStrassen2Width {
			others = append(others, "Strassen2")
		}
	}
	for _, w := range others {
		if c := costOf(w, o, in, out); c < least {
			word, least = w, c
		}
	}
	return word
}

func blocks(channels int) int { return (channels + blockChannels - 1) / blockChannels }

// costOf is the cost of a convolution by one algorithm.
func costOf(w Word, o op.Conv, in, out Layout) float64 {
	h, width := out.H.Max(), out.W.Max()
	ins, outs := blocks(in.C), blocks(out.C)
	inPixels, outPixels := ins*in.H.Max()*in.W.Max(), outs*h*width
	matrix := ins * blockChannels * outs / o.Groups // weights of one tap, in vectors
	taps := o.KernelH * o.KernelW
	switch w {
	case "Winograd2":
		return winogradCost(2, o.Stride, h, width, o.Groups, ins, outs)
	case "Winograd4":
		return winogradCost(4, o.Stride, h, width, o.Groups, ins, outs)
	case "Strassen":
		addends := inPixels / (o.Stride * o.Stride)
		return total(halves(h)*width*matrix/4, partialCost*outPixels+addendCost*addends, int(weightReads*float64(matrix)))
	case "Strassen2":
		addends := inPixels / (o.Stride * o.Stride)
		return total(halves(h)*halves(width)*matrix/16, partialCost2*outPixels+addendCost2*addends, int(weightReads*float64(matrix)))
	default:
		return total(taps*h*width*matrix, storeCost*outPixels, taps*matrix)
	}
}

// halves is how often the seven products of Strassen's algorithm have halves of some
// rows or columns: three of them the second, which may be the smaller one.
func halves(n int) int { return 4*((n+1)/2) + 3*(n/2) }

// total is a cost of multiplications, with what is added to them, and a number of
// weights.
func total(multiplications, more, weights int) float64 {
	cost := multiplyCost*float64(multiplications) + float64(more+weightCost*weights)
	if weights > largeFilter {
		cost = max(cost, float64(memoryCost*weights))
	}
	return cost
}

// winogradCost is the cost of tiles of m×m outputs. Each axis has whole tiles and
// one of the rest, whose points are fewer.
func winogradCost(m, stride, h, w, groups, ins, outs int) float64 {
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
	points := rows*columns*ins + rowSums*columnSums*outs
	matrix := ins * blockChannels * outs / groups
	more, weights := int(pointCost*float64(points)), filters*matrix
	if groups > 1 { // short products, whose weights are asked for late
		more += shortCost * filters * outs
		weights += weights / 4
	}
	return total(rows*columns*matrix, more, weights)
}
