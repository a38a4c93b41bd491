package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/fixture"
)

// run runs a Go command and returns what it prints.
func run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("go", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// weights writes deterministic weights for a model.
func weights(t *testing.T, model string) string {
	t.Helper()
	src, err := compiler.Load(model)
	if err != nil {
		t.Fatal(err)
	}
	p, ds := compiler.Compile(src, compiler.Options{})
	if ds.HasErrors() {
		t.Fatal(ds[0])
	}
	var ws []fixture.Weight
	for _, w := range p.Weights() {
		ws = append(ws, fixture.Weight{Name: w.Name, Shape: w.Shape})
	}
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := fixture.Write(f, ws); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFresh holds the emitted packages to their .res files.
func TestFresh(t *testing.T) {
	for _, model := range []string{"resnet50/resnet50", "custom/tiny"} {
		run(t, "run", "../cmd/resc", "build", model+".res", "-o", model, "--check")
	}
	run(t, "run", "../cmd/resc", "build", "std/cifar_resnet", "--outputs", "c2=layer1,c3=layer2,c4=layer3,embedding=avgpool", "-o", "features/pyramid", "--check")
}

// TestExamples builds and runs each example.
func TestExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("whole programs are not for a short test")
	}
	for _, e := range []struct {
		args []string
		want string
	}{
		{[]string{"run", "./resnet50", "-weights", weights(t, "resnet50/resnet50.res"), "photos/rocket.jpg"}, `(?s)^class \d+ +\d+\.\d\d %\n.*(class.*){4}`},
		{[]string{"run", "./custom", "-weights", weights(t, "custom/tiny.res")}, `\[3 96 160\]: c2 \[1 16 48 80\], c3 \[1 32 24 40\], c4 \[1 64 12 20\]`},
		{[]string{"run", "./features", "-weights", "../stdlib/cifar_resnet20.safetensors", "photos/cat.png", "photos/rocket.jpg", "photos/cat.png"},
			`c2: 16 channels, every 1 pixels\nc3: 32 channels, every 2 pixels\nc4: 64 channels, every 4 pixels\n(?s).*0\.\d\d  photos/cat.png and photos/rocket.jpg\n 1\.00  photos/cat.png and photos/cat.png\n`},
		{[]string{"run", "./cifar"}, `110 +C +1,826,202 +266,781,312`},
	} {
		t.Run(e.args[1], func(t *testing.T) {
			if out := run(t, e.args...); !regexp.MustCompile(e.want).MatchString(out) {
				t.Errorf("printed\n%s", out)
			}
		})
	}
}
