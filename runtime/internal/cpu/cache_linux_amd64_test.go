//go:build !purego

package cpu

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestSecondCache compares with what the operating system says.
func TestSecondCache(t *testing.T) {
	size, err := os.ReadFile("/sys/devices/system/cpu/cpu0/cache/index2/size")
	if err != nil {
		t.Skip("the operating system does not say:", err)
	}
	if got := fmt.Sprintf("%dK", SecondCache()>>10); got != strings.TrimSpace(string(size)) {
		t.Errorf("%s, the operating system says %s", got, size)
	}
}
