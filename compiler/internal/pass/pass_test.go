package pass

import (
	"slices"
	"testing"
)

// TestOrder holds the pipeline to the constraints on its order.
func TestOrder(t *testing.T) {
	index := func(name string) int {
		i := slices.IndexFunc(Pipeline, func(p Pass) bool { return p.Name == name })
		if i < 0 {
			t.Errorf("no pass is called %s", name)
		}
		return i
	}
	for _, c := range Order {
		if index(c.Before) > index(c.After) {
			t.Errorf("%s stands behind %s: %s", c.Before, c.After, c.Why)
		}
	}
}
