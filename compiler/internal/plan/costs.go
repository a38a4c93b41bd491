package plan

// costs are what the parts of a convolution cost on processors of a tier, in
// multiplications of 16 channels as one core does them at its peak. BenchmarkCost
// compares what follows from them with measurement.
type costs struct {
	tier string // whose kernels they are of

	multiply float64 // of a multiplication
	store    float64 // of 16 channels of an output pixel
	weight   float64 // of 16 weights of direct convolution, read meanwhile
	memory   float64 // of 16 weights of a large filter, at least: no others are read sooner

	// Winograd's algorithm.
	point   float64 // of 16 channels of a point of a tile, to compute it or to use it
	matrix  float64 // of 16 values of the matrices, read meanwhile
	strided float64 // how much more points and matrices cost with stride 2
	grouped float64 // how much more matrices cost in groups, where they are asked for late
	short   float64 // of a product of one of the matrices by an output block, where a group has few inputs
	rows    float64 // of 16 channels of an output pixel, made along rows
	taps    float64 // of 16 weights that are transformed in registers

	strassen []strassenCosts // by one level and by two, or none where it saves nothing
}

// strassenCosts are those of Strassen's algorithm.
type strassenCosts struct {
	addend  float64 // of 16 channels of an input pixel, added up
	partial float64 // of 16 channels of an output pixel, stored and added up
}

// costs16 are the costs on processors that do 16 multiply-adds in a cycle, with AVX-512
// or with AVX2. They were fitted to the ResNets' layers on Zen 4, AVX-512, one thread:
// the model was within 7 %, but where filters of 3×3 have several MB. F(4×4) at 14×14
// and F(2×2) at 7×7 take a seventh less than it says, with stride 2 to 7×7 direct
// convolution a tenth more and F(4×4), which it does not choose, a third. In groups
// F(4×4) takes a sixth less at 14×14, and what it does not choose up to a third more.
// The algorithm chosen was the fastest for each layer, but for gains below leastGain.
// rows and taps are estimates, from the instructions and what they cost on the Xeon of
// costs32: they were not measured on Zen 4.
var costs16 = costs{
	tier:     "avx512",
	multiply: 1.015, store: 3, weight: 3, memory: 12,
	point: 8.5, matrix: 3, strided: 1, grouped: 1.25, short: 150, rows: 42, taps: 11,
	strassen: []strassenCosts{{addend: 8, partial: 11}, {addend: 18, partial: 33}},
}

// costsAVX2 are the same for AVX2's kernels.
var costsAVX2 = func() costs {
	c := costs16
	c.tier = "avx2"
	return c
}()

// costs32 are the costs on processors that do 32 in a cycle, and read no faster. They
// were fitted to 182 layers of 3×3, of 16 to 2048 channels at 4×4 to 112×112, with
// either stride and in groups, on a Xeon (Emerald Rapids), one thread, filters coming
// from memory or the cache that cores share. The algorithm chosen took 0.3 % more than
// the fastest one, on average, and at most 15 %. rows and taps came later: see
// BenchmarkCost. In the ResNets' 1×1 layers Strassen's
// algorithm by one level took from 3 % less than direct convolution to 30 % more.
var costs32 = costs{
	tier:     "avx512x2",
	multiply: 1, store: 14, weight: 18,
	point: 14, matrix: 10.5, strided: 1.4, grouped: 1, short: 150, rows: 42, taps: 15,
}
