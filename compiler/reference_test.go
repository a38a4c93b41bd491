package compiler

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/fixture"
)

// TestStandardLibraryAgainstPyTorch compares every network of the standard
// library, with each shortcut policy, at an odd size, with PyTorch modules:
// weight names and shapes exactly, parameters, multiply-adds, and outputs.
// internal/reference/generate.py makes the references.
func TestStandardLibraryAgainstPyTorch(t *testing.T) {
	compareWithPyTorch(t, "std.json", 120, func(model string) string { return "std/" + model })
}

// TestMobileNetV2 does the same for a network outside of the library, with
// blocks and a shortcut policy of its own.
func TestMobileNetV2(t *testing.T) {
	compareWithPyTorch(t, "mobilenet.json", 2, func(model string) string { return referenceDir + model + ".res" })
}

const referenceDir = "../internal/reference/testdata/"

// referenceRow is a network and what PyTorch knows of it.
type referenceRow struct {
	Model   string
	Set     map[string]string
	Shape   []int
	Params  int64
	MACs    int64
	Weights int
	SHA256  string `json:"weights_sha256"`
	Largest float64
	Every   int
	Output  []float64
}

// readReferences reads a file of references, of which there are least at least, each whole.
func readReferences(text []byte, least int) ([]referenceRow, error) {
	var rows []referenceRow
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, err
	}
	if len(rows) < least {
		return nil, fmt.Errorf("%d references, want %d at least", len(rows), least)
	}
	for i, r := range rows {
		if r.Model == "" || len(r.Shape) != 4 || r.Params <= 0 || r.MACs <= 0 || r.Weights <= 0 || r.SHA256 == "" ||
			!(r.Largest > 0) || r.Every <= 0 || len(r.Output) == 0 {
			return nil, fmt.Errorf("reference %d, %q, is not whole", i, r.Model)
		}
	}
	return rows, nil
}

// compare compares outputs with the row's, which are some of them, and the largest of all.
func (r referenceRow) compare(got []float32) error {
	var some []float32
	for i := 0; i < len(got); i += r.Every {
		some = append(some, got[i])
	}
	if len(some) != len(r.Output) {
		return fmt.Errorf("%d of %d outputs are to be compared with %d", len(some), len(got), len(r.Output))
	}
	largest := 0.0
	for _, v := range got {
		largest = max(largest, math.Abs(float64(v)))
	}
	if d := math.Abs(largest - r.Largest); !(d <= 1e-4*r.Largest) {
		return fmt.Errorf("the largest output is %v, want %v", largest, r.Largest)
	}
	for i, want := range r.Output {
		if d := math.Abs(float64(some[i]) - want); !(d <= 1e-4*r.Largest) {
			return fmt.Errorf("output %d is %v, want %v; the largest is %v", i*r.Every, some[i], want, r.Largest)
		}
	}
	return nil
}

// TestReferenceRows has files and outputs that must not pass.
func TestReferenceRows(t *testing.T) {
	const whole = `[{"model":"m","shape":[1,3,8,8],"params":1,"macs":1,"weights":1,"weights_sha256":"x","largest":4,"every":2,"output":[1,-3]}]`
	rows, err := readReferences([]byte(whole), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "[]", "[{}]", strings.Replace(whole, "[1,-3]", "[]", 1), strings.Replace(whole, `"every":2`, `"every":0`, 1)} {
		if _, err := readReferences([]byte(text), 1); err == nil {
			t.Errorf("%q reads as references", text)
		}
	}
	nan := float32(math.NaN())
	for _, c := range []struct {
		got []float32
		ok  bool
	}{
		{[]float32{1, 4, -3}, true},
		{[]float32{1, 4, -3, 4}, true},
		{nil, false},
		{[]float32{1, 4}, false},
		{[]float32{1, 4, -3, 0, 0}, false},
		{[]float32{1, 4, 3}, false},
		{[]float32{1, 0, -3}, false}, // the largest
		{[]float32{nan, 4, -3}, false},
		{[]float32{1, nan, -3}, false},
	} {
		if err := rows[0].compare(c.got); (err == nil) != c.ok {
			t.Errorf("%v: %v", c.got, err)
		}
	}
}

// compareWithPyTorch compares each row of a file of references; path finds the
// model of a row.
func compareWithPyTorch(t *testing.T, file string, least int, path func(model string) string) {
	text, err := os.ReadFile(referenceDir + file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := readReferences(text, least)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for _, r := range rows {
		t.Run(fmt.Sprint(r.Model, r.Set), func(t *testing.T) {
			p := compileAt(t, path(r.Model), r.Set, r.Shape)
			if p.Params() != r.Params || p.MACs() != r.MACs {
				t.Errorf("%d parameters and %d multiply-adds, want %d and %d", p.Params(), p.MACs(), r.Params, r.MACs)
			}
			var names []string
			for _, w := range p.Weights() {
				names = append(names, w.Name+" "+Dims(w.Shape))
			}
			slices.Sort(names)
			if sum := sha256.Sum256([]byte(strings.Join(names, "\n"))); hex.EncodeToString(sum[:]) != r.SHA256 {
				t.Errorf("%d weights with other names or shapes than PyTorch's %d", len(names), r.Weights)
			}
			if testing.Short() && r.Params > 1_000_000 {
				return
			}
			if err := r.compare(runOnce(t, p, r.Shape, fixture.Checkpoint(weightsOf(p)))); err != nil {
				t.Error(err)
			}
		})
	}
}
