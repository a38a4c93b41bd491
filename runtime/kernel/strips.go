package kernel

// strips cuts the planes of a value into chunks: rows of one block each, so
// that threads share even a value of few blocks.
type strips struct {
	height, rows, perPlane int
	planes                 int
}

// chunksPerWorker is how many chunks a job has for each thread at least, where
// it has rows enough, so that one that is held up delays the others little.
const chunksPerWorker = 4

// cut divides planes of a height among threads.
func cut(t *Threads, planes, height int) strips {
	s := strips{height: height, planes: planes, rows: max(height, 1), perPlane: 1}
	if n := t.N(); n > 1 {
		s.perPlane = min(max(ceil(chunksPerWorker*n, planes), n), s.rows)
		s.rows = ceil(max(height, 1), s.perPlane)
		s.perPlane = ceil(max(height, 1), s.rows)
	}
	return s
}

// at is the plane and the rows of a chunk.
func (s strips) at(chunk int) (plane, top, bottom int) {
	top = chunk % s.perPlane * s.rows
	return chunk / s.perPlane, top, min(top+s.rows, s.height)
}
