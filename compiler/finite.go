package compiler

import (
	"context"
	"fmt"

	"github.com/resc-lang/resc/runtime"
)

// ExplainNotFinite says why outputs of an image are not finite: it runs the image again, as
// Run does, and names the first layer whose values are not. The error wraps
// runtime.ErrNotFinite, unless it is one of Run's; it is nil where all values are finite.
func (s *Session) ExplainNotFinite(ctx context.Context, image []float32, height, width int) error {
	if runtime.CheckFinite(image) != nil {
		return fmt.Errorf("%w: the input has values that are infinite or not a number", runtime.ErrNotFinite)
	}
	call, err := s.session.FirstNotFinite(ctx, image, height, width)
	if err != nil || call == nil {
		return err
	}
	l := layer(call)
	return fmt.Errorf("%w: the first values to overflow are those of %s (%s, %s); check that the weights are the model's, and the range of the input", runtime.ErrNotFinite, l.Name, l.Op, l.Source)
}
