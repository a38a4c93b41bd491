package kernel

// grid is the distances of a layout, computed once for kernels that find many
// places in it.
type grid struct {
	origin            int // of the image's first pixel
	plane, row, pixel int // from a block, a row, a pixel to the next
}

func (l *Layout) grid() grid {
	row, pixel := l.row(), l.block()
	return grid{origin: l.Halo * (row + pixel), plane: l.plane(), row: row, pixel: pixel}
}

// at is Layout.at.
func (g *grid) at(block, y, x int) int {
	return g.origin + block*g.plane + y*g.row + x*g.pixel
}

// pixelRows is where rows of pixels lie in a buffer.
type pixelRows struct {
	first      int // pixel of the first
	plane, row int // distance from a block, a row, to the next
}

// rows is those from y on of the blocks from block on, each step-th.
func (g *grid) rows(block, y, step int) pixelRows {
	return pixelRows{first: g.at(block, y, 0), plane: g.plane, row: step * g.row}
}

// at is pixel x of a row of the first block.
func (r *pixelRows) at(row, x int) int { return r.first + row*r.row + x*blockChannels }

// clearHalo zeroes the halo beside the rows top..bottom of a block, and those
// above and below the image where the first or the last row is among them.
func (l *Layout) clearHalo(v []float32, block, top, bottom int) {
	if l.Halo == 0 || top >= bottom {
		return
	}
	g := l.grid()
	side := l.Halo * g.pixel
	// What is right of a row and left of the next lies side by side.
	clear(v[g.at(block, top, -l.Halo):][:side])
	at := g.at(block, top, l.W)
	for range bottom - top - 1 {
		clear(v[at:][:2*side])
		at += g.row
	}
	clear(v[at:][:side])
	if top == 0 {
		clear(v[g.at(block, -l.Halo, -l.Halo):][:l.Halo*g.row])
	}
	if bottom == l.H {
		clear(v[g.at(block, l.H, -l.Halo):][:l.Halo*g.row])
	}
}
