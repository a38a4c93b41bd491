package kernel

import "github.com/resc-lang/resc/runtime/internal/asm"

// winogradPoints is the points of a tile along one axis: ∞ first, then the
// finite ones of asm.WinogradPoints. The samples of stride 2 are of two phases
// on each axis, even and odd; odd ones, of which there is one tap, have no value
// at ∞. The points of a tile are kept in regions: for each pair of phases, and
// each of its points.
type winogradPoints struct {
	m, n, stride int
}

func newWinogradPoints(m, stride int) winogradPoints {
	return winogradPoints{m: m, n: m + asm.WinogradTaps(stride) - 1, stride: stride}
}

// of is the number of points of a phase.
func (p winogradPoints) of(phase int) int { return p.n - phase }

// regions is the number of all regions of a tile.
func (p winogradPoints) regions() int {
	if p.stride == 1 {
		return p.n * p.n
	}
	return (2*p.n - 1) * (2*p.n - 1)
}

// region is the first of those that hold one point of the rows, in phases of
// the rows and of the columns. Those of the columns' points follow it.
func (p winogradPoints) region(rowPhase, columnPhase, row int) int {
	n := p.n
	first := [2][2]int{{0, n * n}, {n*n + n*(n-1), n*n + 2*n*(n-1)}}[rowPhase][columnPhase]
	return first + row*p.of(columnPhase)
}

// pointSource is what a product adds up: a region, times a matrix of the filter.
type pointSource struct{ region, filter int }

// source is the i-th of those of a pair of points, of which there are as many as
// pairs of phases that have them. The filter has a matrix for each pair of points
// of even phases, and for an odd phase one, as the single tap has the same value
// at every point.
func (p winogradPoints) source(i, row, column int) (s pointSource, ok bool) {
	n := p.n
	if column == 0 && i > 0 {
		i++ // odd columns have no ∞
	}
	switch {
	case i == 0:
		return pointSource{p.region(0, 0, row) + column, row*n + column}, true
	case p.stride == 1 || i > 3 || i > 1 && row == 0:
		return s, false
	case i == 1:
		return pointSource{p.region(0, 1, row) + column - 1, n*n + row}, true
	case i == 2:
		return pointSource{p.region(1, 0, row-1) + column, n*n + n + column}, true
	case column == 0:
		return s, false
	}
	return pointSource{p.region(1, 1, row-1) + column - 1, n*n + 2*n}, true
}

// filters is the number of matrices of the filter.
func (p winogradPoints) filters() int {
	if p.stride == 1 {
		return p.n * p.n
	}
	return (p.n + 1) * (p.n + 1)
}

// tileAxis is the tiles along one axis: whole ones of m outputs, then at most
// one of the rest.
type tileAxis struct{ m, whole, rest int }

func newTileAxis(m, outputs int) tileAxis {
	return tileAxis{m: m, whole: outputs / m, rest: outputs % m}
}

// tiles is the number of tiles.
func (a tileAxis) tiles() int { return a.whole + min(a.rest, 1) }

// size is the number of outputs of a tile.
func (a tileAxis) size(tile int) int {
	if tile < a.whole {
		return a.m
	}
	return a.rest
}

// last is the number of tiles of the rest that have a point: 0 or 1.
func (p winogradPoints) last(a tileAxis, point int) int {
	if a.rest > 0 && point < p.n-(p.m-a.rest) {
		return 1
	}
	return 0
}

// The group's tiles lie in this order: those of the last row, where it is one of
// the rest; the whole ones; those of the last column; the corner. So the tiles
// that have a pair of points lie side by side, whichever points these are.

// slot is the place of a tile.
func (j *winogradGroup) slot(row, column int) int {
	switch {
	case row < j.rows.whole && column < j.columns.whole:
		return j.lastRow() + row*j.columns.whole + column
	case column < j.columns.whole:
		return column
	default:
		return j.lastRow() + j.rows.whole*j.columns.whole + row
	}
}

// lastRow is the number of tiles before the whole ones.
func (j *winogradGroup) lastRow() int { return min(j.rows.rest, 1) * j.columns.whole }

// tilesOf is where the tiles that have a pair of points begin, and their number.
func (j *winogradGroup) tilesOf(row, column int) (slot, tiles int) {
	last := j.last(j.rows, row)
	if last == 0 {
		slot = j.lastRow()
	}
	return slot, (j.rows.whole + last) * (j.columns.whole + j.last(j.columns, column))
}
