package kernel

import "github.com/resc-lang/resc/runtime/internal/asm"

// transform is a call of asm.Winograd, with distances in floats.
type transform struct {
	dst, src         []float32
	dstStep, srcStep int
	dstNext, srcNext int
	count            int
	bias             *lanes
	residual         []float32
	low, high        float32
}

// scratchFloats is a worker's memory between the transform of the rows and that
// of the columns: small enough for the first cache.
const scratchFloats = 6 << 10

// piece is the number of whole tiles of a row whose intermediate values fit in
// the scratch.
func (p winogradPoints) piece() int {
	vectors := scratchFloats / blockChannels
	if p.stride == 1 {
		return min((vectors/p.n-2)/p.m, vectors/(p.n*p.m))
	}
	return min((vectors/(2*p.n-1)-1)/(2*p.m), vectors/(p.n*p.m))
}

// pieces calls f for runs of tiles of a row: whole ones, and the last.
func (j *winogradJob) pieces(f func(tile, tiles, m int)) {
	for tile := 0; tile < j.columns.whole; tile += j.piece() {
		f(tile, min(j.piece(), j.columns.whole-tile), j.m)
	}
	if j.columns.rest > 0 {
		f(j.columns.whole, 1, j.columns.rest)
	}
}

func (j *winogradJob) transform(kind asm.TransformKind, m int, t transform) {
	t.run(j.filter.tier, asm.NewTransform(kind, j.Stride, j.m, m))
}

// input transforms a row of tiles of one block of the input, first along the
// columns of pixels and then along the rows.
func (j *winogradJob) input(scratch []float32, block, row int) {
	s := j.Stride
	height := j.rows.size(row)
	y := (j.top+row)*j.m*s - j.PadTop
	stride := j.pointStride(j.ins)
	j.pieces(func(tile, tiles, m int) {
		slot := (block*j.tiles + j.slot(row, tile)) * blockChannels
		x := tile*j.m*s - j.PadLeft
		pixels := (tiles*m-1)*s + 3
		for rowPhase := range s {
			step := pixels * blockChannels
			half := scratch[rowPhase*j.n*step:]
			j.transform(asm.Points+asm.TransformKind(rowPhase), height, transform{
				src: j.src[j.in.at(block, y+rowPhase, x):], srcStep: s * j.in.row, srcNext: blockChannels,
				dst: half, dstStep: step, dstNext: blockChannels, count: pixels,
			})
			for point := range height + j.n - j.m - rowPhase {
				for columnPhase := range s {
					j.transform(asm.Points+asm.TransformKind(columnPhase), m, transform{
						src: half[point*step+columnPhase*blockChannels:], srcStep: s * blockChannels, srcNext: s * m * blockChannels,
						dst:     j.points[j.region(rowPhase, columnPhase, point)*stride+slot:],
						dstStep: stride, dstNext: blockChannels, count: tiles,
					})
				}
			}
		}
	})
}

// output transforms a row of tiles of one block of the products back, first
// along the points of columns and then along those of rows.
func (j *winogradJob) output(scratch []float32, block, row int) {
	height := j.rows.size(row)
	y := (j.top + row) * j.m
	stride := j.pointStride(j.outs)
	bias := (*lanes)(j.filter.bias[block*blockChannels:])
	low, high := j.Activation.clamp()
	j.pieces(func(tile, tiles, m int) {
		n := m + j.n - j.m // points of the columns
		step := n * tiles * blockChannels
		slot := (block*j.tiles + j.slot(row, tile)) * blockChannels
		for column := range n {
			j.transform(asm.Sums, height, transform{
				src: j.products[column*stride+slot:], srcStep: j.n * stride, srcNext: blockChannels,
				dst: scratch[column*tiles*blockChannels:], dstStep: step, dstNext: blockChannels, count: tiles,
			})
		}
		x := tile * j.m
		for i := range height {
			t := transform{
				src: scratch[i*step:], srcStep: tiles * blockChannels, srcNext: blockChannels,
				dst: j.dst[j.out.at(block, y+i, x):], dstStep: blockChannels, dstNext: m * blockChannels,
				count: tiles, bias: bias, low: low, high: high,
			}
			if j.residual != nil {
				t.residual = j.residual[j.added.at(block, y+i, x):]
			}
			j.transform(asm.Pixels, m, t)
		}
	})
	if j.Activation.smooth() {
		for i := y; i < y+height; i++ {
			j.Activation.finish(j.dst[j.out.at(block, i, 0):][:j.Out.W*blockChannels])
		}
	}
	j.Out.clearHalo(j.dst, block, y, y+height)
}
