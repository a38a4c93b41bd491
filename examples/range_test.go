package examples

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/examples/custom/tiny"
	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// TestRange runs the emitted package of a model that takes a range of sizes,
// and the same model in memory, on several sizes and batches by turns: the bits
// agree.
func TestRange(t *testing.T) {
	path := weights(t, "custom/tiny.res")
	model, err := tiny.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	session := model.NewSession(runtime.Threads(3))
	defer session.Close()

	src, err := compiler.Load("custom/tiny.res")
	if err != nil {
		t.Fatal(err)
	}
	p, ds := compiler.Compile(src, compiler.Options{})
	if ds.HasErrors() {
		t.Fatal(ds[0])
	}
	file, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	network, err := p.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	inMemory := network.NewSession(runtime.Threads(1))
	defer inMemory.Close()

	var got [3]runtime.Tensor
	for _, shape := range [][]int{{1, 3, 64, 96}, {3, 3, 256, 64}, {2, 3, 96, 96}, {1, 3, 64, 96}} {
		batch, height, width := shape[0], shape[2], shape[3]
		image := runtime.Tensor{Shape: shape, Data: fixture.Fill(fixture.InputName, shape)}
		if err := session.Run(image, &got[0], &got[1], &got[2]); err != nil {
			t.Fatal(err)
		}
		for i := range batch {
			var want [][]float32
			for o := range got {
				size := 1
				for _, d := range network.OutputShape(o, height, width) {
					size *= d
				}
				want = append(want, make([]float32, size))
			}
			if err := inMemory.Run(context.Background(), image.Image(i), height, width, want); err != nil {
				t.Fatal(err)
			}
			for o := range got {
				if !slices.Equal(got[o].Image(i), want[o]) {
					t.Errorf("%v: output %d of image %d has other bits than in memory", shape, o, i)
				}
			}
		}
	}
	if err := session.Run(runtime.Tensor{Shape: []int{3, 65, 64}, Data: make([]float32, 3*65*64)}, &got[0], &got[1], &got[2]); err == nil {
		t.Error("a size outside of the range is accepted")
	}
}

// TestSessionsSideBySide runs sessions of one model at once, and one session
// from two goroutines, which it must notice.
func TestSessionsSideBySide(t *testing.T) {
	data, err := os.ReadFile(weights(t, "custom/tiny.res"))
	if err != nil {
		t.Fatal(err)
	}
	model, err := tiny.New(data)
	if err != nil {
		t.Fatal(err)
	}
	shape := []int{1, 3, 64, 64}
	image := runtime.Tensor{Shape: shape, Data: fixture.Fill(fixture.InputName, shape)}
	var wg sync.WaitGroup
	results := make([]runtime.Tensor, 4)
	for i := range results {
		wg.Go(func() {
			session := model.NewSession(runtime.Threads(2))
			defer session.Close()
			var c2, c3 runtime.Tensor
			for range 5 {
				if err := session.Run(image, &c2, &c3, &results[i]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range results {
		if !slices.Equal(results[i].Data, results[0].Data) {
			t.Errorf("session %d gives other bits", i)
		}
	}

	session := model.NewSession()
	defer session.Close()
	busy := make(chan bool, 2)
	for range 2 {
		go func() {
			found := false
			var a, b, c runtime.Tensor
			for range 200 {
				found = found || session.Run(image, &a, &b, &c) == runtime.ErrBusy
			}
			busy <- found
		}()
	}
	if first, second := <-busy, <-busy; !first && !second {
		t.Error("no run noticed that the session was in use")
	}
}
