package compiler

import (
	"context"
	"fmt"

	"github.com/resc-lang/resc/runtime"
)

// ExplainNotFinite says why outputs of an image of C·height·width values in NCHW order are
// not finite: it runs the image again and names the first layer whose values are not. The
// error wraps runtime.ErrNotFinite, unless it is the context's; it is nil where all values
// are finite.
func (n *Network) ExplainNotFinite(ctx context.Context, image []float32, height, width int) error {
	if runtime.CheckFinite(image) != nil {
		return fmt.Errorf("%w: the input has values that are infinite or not a number", runtime.ErrNotFinite)
	}
	call, err := n.model.FirstNotFinite(ctx, image, height, width)
	if err != nil || call < 0 {
		return err
	}
	l := n.program.Layers()[call]
	return fmt.Errorf("%w: the first values to overflow are those of %s (%s, %s)", runtime.ErrNotFinite, l.Name, l.Op, l.Source)
}
