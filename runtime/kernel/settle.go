package kernel

import "time"

// A process that computes one image and ends should not pay for what pays off over
// many. So it begins with small pages of memory and with filters as they are, and
// settles when it has run for a while: its arenas move to large pages, and Winograd's
// algorithm has its matrices.

// settleAfter is when that happens: after an arena was made, or a filter first used.
const settleAfter = 2 * time.Second

// SettlingRuns is the number of runs after that in which kernels try which of two ways
// is faster.
const SettlingRuns = 16

// Settle does at once what happens by itself two seconds later, for all weights that
// were used and all arenas: a measurement should not begin before it, and SettlingRuns
// runs. It takes some tenths of a second, during which runs are slower, and is safe for
// concurrent use.
func Settle() {
	expandAll()
	useLargePages()
}
