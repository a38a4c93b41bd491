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
