package kernel

// blockChannels is the number of channels that lie side by side in memory:
// one AVX-512 register of float32, two AVX registers.
const blockChannels = 16

// Sizes in bytes.
const (
	floatBytes = 4
	blockBytes = blockChannels * floatBytes
)

// Layout is how one image's activation lies in memory, as float32 and in
// elements: blocks of Block channels, each of H+2·Halo rows of W+2·Halo pixels,
//
//	[ceil(C/Block)][H+2·Halo][W+2·Halo][Block]float32
//
// The halo is zero whenever a kernel reads the value; the kernel that writes
// the value clears it. Lanes of the last block beyond C hold finite numbers
// that no result depends on.
type Layout struct {
	C, H, W int
	Halo    int // pixels of zeros on every side
	Block   int // channels a block; 0 means 16
}

// block is the number of channels in a block.
func (l *Layout) block() int {
	if l.Block == 0 {
		return blockChannels
	}
	return l.Block
}

// blocks is the number of channel blocks.
func (l *Layout) blocks() int { return (l.C + l.block() - 1) / l.block() }

// row is the distance between one row and the next.
func (l *Layout) row() int { return (l.W + 2*l.Halo) * l.block() }

// plane is the distance between one block and the next.
func (l *Layout) plane() int { return (l.H + 2*l.Halo) * l.row() }

// at is the index of the first channel of a pixel; y and x may reach into the
// halo with negative values.
func (l *Layout) at(block, y, x int) int {
	return block*l.plane() + (y+l.Halo)*l.row() + (x+l.Halo)*l.block()
}

// Len is the number of float32 values that one image occupies.
func (l Layout) Len() int { return l.blocks() * l.plane() }
