//go:build !purego

package cpu

import "testing"

func TestIsServer(t *testing.T) {
	for signature, want := range map[uint32]bool{
		0x50657: true,  // Cascade Lake
		0x606a6: true,  // Ice Lake, server
		0x706e5: false, // Ice Lake, laptop
		0xa0671: false, // Rocket Lake, desktop
		0x806f8: true,  // Sapphire Rapids
		0xc06f2: true,  // Emerald Rapids
		0xa10f1: false, // AMD's numbers have another family
	} {
		if got := isServer(signature); got != want {
			t.Errorf("isServer(%#x) = %v", signature, got)
		}
	}
}
