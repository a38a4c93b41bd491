package kernel

// grid is the distances of a layout, computed once for kernels that find many
// places in it.
type grid struct {
	origin            int // of the image's first pixel
	plane, row, pixel int // from a block, a row, a pixel to the next
}

func (l Layout) grid() grid {
	return grid{origin: l.at(0, 0, 0), plane: l.plane(), row: l.row(), pixel: l.block()}
}

// at is Layout.at.
func (g *grid) at(block, y, x int) int {
	return g.origin + block*g.plane + y*g.row + x*g.pixel
}

// clearHalo zeroes the halo beside the rows top..bottom of a block, and those
// above and below the image where the first or the last row is among them.
func (l Layout) clearHalo(v []float32, block, top, bottom int) {
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
