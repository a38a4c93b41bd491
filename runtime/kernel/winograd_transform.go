package kernel

import "github.com/resc-lang/resc/runtime/internal/asm"

// transform is a call of asm.Winograd, with distances in floats.
type transform struct {
	dst, src         []float32
	dstStep, srcStep int
	dstNext, srcNext int
	count            int // vectors of a line
	lines            int
	dstLine, srcLine int
	residualLine     int
	bias             *lanes
	residual         []float32
	low, high        float32
}

// scratchFloats is a worker's memory between the transform of the rows and that
// of the columns: small enough for the first cache.
const scratchFloats = 6 << 10

// tilesInScratch is the number of whole tiles of a row whose intermediate values fit
// there.
func (p winogradPoints) tilesInScratch() int {
	vectors := scratchFloats / blockChannels
	if p.stride == 1 {
		return min((vectors/p.n-2)/p.m, vectors/(p.n*p.m))
	}
	return min((vectors/(2*p.n-1)-1)/(2*p.m), vectors/(p.n*p.m))
}

// pieceAt is the run of tiles of a row that begins with one: some whole ones, or the last.
func (j *winogradJob) pieceAt(tile int) (tiles, m int) {
	if tile < j.columns.whole {
		return min(j.piece, j.columns.whole-tile), j.m
	}
	return 1, j.columns.rest
}

func (j *winogradGroup) transform(kind asm.TransformKind, m int, t *transform) {
	t.run(j.filter.tier, asm.NewTransform(kind, j.Stride, j.m, m))
}

// transformInput transforms a row of tiles of one block of the input.
func (j *winogradGroup) transformInput(scratch []float32, block, row int) {
	j.input(scratch, block, row, j.points[block*j.tiles*blockChannels:], pointStride(j.ins, j.tiles))
}

// input transforms a row of tiles of one block of the input to points, whose regions are
// stride floats apart: first along the columns of pixels and then along the rows.
func (j *winogradGroup) input(scratch []float32, block, row int, points []float32, stride int) {
	s := j.Stride
	height := j.rows.size(row)
	y := (j.top+row)*j.m*s - j.PadTop
	for tile, tiles, m := 0, 0, 0; tile < j.columns.tiles(); tile += tiles {
		tiles, m = j.pieceAt(tile)
		slot := j.slot(row, tile) * blockChannels
		x := tile*j.m*s - j.PadLeft
		pixels := (tiles*m-1)*s + 3
		for rowPhase := range s {
			step := pixels * blockChannels
			half := scratch[rowPhase*j.n*step:]
			j.transform(asm.Points+asm.TransformKind(rowPhase), height, &transform{
				src: j.src[j.in.at(j.within*j.ins+block, y+rowPhase, x):], srcStep: s * j.in.row, srcNext: blockChannels,
				dst: half, dstStep: step, dstNext: blockChannels, count: pixels, lines: 1,
			})
			for columnPhase := range s {
				j.transform(asm.Points+asm.TransformKind(columnPhase), m, &transform{
					src: half[columnPhase*blockChannels:], srcStep: s * blockChannels, srcNext: s * m * blockChannels, srcLine: step,
					dst:     points[j.region(rowPhase, columnPhase, 0)*stride+slot:],
					dstStep: stride, dstNext: blockChannels, dstLine: j.of(columnPhase) * stride,
					count: tiles, lines: height + j.n - j.m - rowPhase,
				})
			}
		}
	}
}

// output transforms a row of tiles of one block of those that there are products of,
// first along the points of columns and then along those of rows.
func (j *winogradGroup) output(scratch []float32, block, row int) {
	height := j.rows.size(row)
	y := (j.top + row) * j.m
	stride := pointStride(j.held, j.tiles)
	to := j.within*j.outs + j.first + block
	bias := (*lanes)(j.filter.bias[to*blockChannels:])
	low, high := j.Activation.clamp()
	for tile, tiles, m := 0, 0, 0; tile < j.columns.tiles(); tile += tiles {
		tiles, m = j.pieceAt(tile)
		n := m + j.n - j.m // points of the columns
		step := n * tiles * blockChannels
		slot := (block*j.tiles + j.slot(row, tile)) * blockChannels
		j.transform(asm.Sums, height, &transform{
			src: j.products[slot:], srcStep: j.n * stride, srcNext: blockChannels, srcLine: stride,
			dst: scratch, dstStep: step, dstNext: blockChannels, dstLine: tiles * blockChannels,
			count: tiles, lines: n,
		})
		x := tile * j.m
		t := &transform{
			src: scratch, srcStep: tiles * blockChannels, srcNext: blockChannels, srcLine: step,
			dst: j.dst[j.out.at(to, y, x):], dstStep: blockChannels, dstNext: m * blockChannels, dstLine: j.out.row,
			count: tiles, lines: height, bias: bias, low: low, high: high,
		}
		if j.residual != nil {
			t.residual, t.residualLine = j.residual[j.added.at(to, y, x):], j.added.row
		}
		j.transform(asm.Pixels, m, t)
	}
	if j.Activation.smooth() {
		for i := y; i < y+height; i++ {
			j.Activation.finish(j.dst[j.out.at(to, i, 0):][:j.Out.W*blockChannels])
		}
	}
	j.Out.clearHalo(j.dst, to, y, y+height)
}
