package compiler

import (
	"testing"

	"github.com/resc-lang/resc/runtime/kernel"
)

// The kernels of this module are those that it emits code for.
func TestKernelVersion(t *testing.T) {
	if KernelVersion != kernel.Version {
		t.Errorf("code is emitted for version %d of the kernels, which are of version %d", KernelVersion, kernel.Version)
	}
}
