package compiler

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/fixture"
)

// naive evaluates the graph as it was written, operator by operator, by their
// definitions, in float64 and NCHW order.
func naive(g *ir.Graph, input []float64) map[*ir.Node][]float64 {
	values := map[*ir.Node][]float64{g.Nodes[0]: input}
	for _, n := range g.Nodes[1:] {
		out := make([]float64, n.Shape.Elements())
		h, w := n.Shape.H.Max(), n.Shape.W.Max()
		a := n.Args[0]
		x, ah, aw := values[a], a.Shape.H.Max(), a.Shape.W.Max()
		at := func(c, y, p int) float64 {
			if y < 0 || y >= ah || p < 0 || p >= aw {
				return 0
			}
			return x[(c*ah+y)*aw+p]
		}
		weight := func(name string) []float32 {
			for _, v := range n.Op.Weights(n.ArgShapes()) {
				if v.Name == name {
					return fixture.Fill(n.Path+"."+name, v.Shape)
				}
			}
			return nil
		}
		set := func(f func(c, y, p int) float64) {
			for i := range out {
				out[i] = f(i/(h*w), i/w%h, i%w)
			}
		}
		switch o := n.Op.(type) {
		case op.Conv:
			ws, bias := weight("weight"), weight("bias")
			ins, outs := a.Shape.C/o.Groups, o.Out/o.Groups
			set(func(c, y, p int) float64 {
				sum := 0.0
				if bias != nil {
					sum = float64(bias[c])
				}
				for i := range ins {
					for r := range o.KernelH {
						for q := range o.KernelW {
							sum += float64(ws[((c*ins+i)*o.KernelH+r)*o.KernelW+q]) *
								at(c/outs*ins+i, y*o.Stride+r*o.Dilation-o.Pad[0], p*o.Stride+q*o.Dilation-o.Pad[1])
						}
					}
				}
				return sum
			})
		case op.Linear:
			ws, bias := weight("weight"), weight("bias")
			for c := range out {
				if bias != nil {
					out[c] = float64(bias[c])
				}
				for i, v := range x {
					out[c] += v * float64(ws[c*len(x)+i])
				}
			}
		case op.BatchNorm:
			gamma, beta, mean, variance := weight("weight"), weight("bias"), weight("running_mean"), weight("running_var")
			set(func(c, y, p int) float64 {
				return (at(c, y, p)-float64(mean[c]))/math.Sqrt(float64(variance[c])+o.Epsilon)*float64(gamma[c]) + float64(beta[c])
			})
		case op.Scale:
			gamma, beta := weight("weight"), weight("bias")
			set(func(c, y, p int) float64 { return at(c, y, p)*float64(gamma[c]) + float64(beta[c]) })
		case op.Activate:
			set(func(c, y, p int) float64 { return activate(o.Function, at(c, y, p)) })
		case op.Pool:
			set(func(c, y, p int) float64 {
				largest, sum, inside, counted := math.Inf(-1), 0.0, 0, 0
				for r := range o.KernelH {
					for q := range o.KernelW {
						v, u := y*o.Stride+r-o.Pad[0], p*o.Stride+q-o.Pad[1]
						if v < ah+o.Pad[2] && u < aw+o.Pad[3] {
							counted++
						}
						if v >= 0 && v < ah && u >= 0 && u < aw {
							inside++
							sum += at(c, v, u)
							largest = max(largest, at(c, v, u))
						}
					}
				}
				switch {
				case o.Max:
					return largest
				case o.ExcludePad:
					return sum / float64(inside)
				}
				return sum / float64(counted)
			})
		case op.GlobalAverage:
			for c := range out {
				for i := range ah * aw {
					out[c] += x[c*ah*aw+i] / float64(ah*aw)
				}
			}
		case op.ZeroPad:
			set(func(c, y, p int) float64 { return at(c, y-o.Pad[0], p-o.Pad[1]) })
		case op.PadChannels:
			set(func(c, y, p int) float64 {
				if c < o.Before || c >= o.Before+a.Shape.C {
					return 0
				}
				return at(c-o.Before, y, p)
			})
		case op.Subsample:
			set(func(c, y, p int) float64 { return at(c, y*o.Stride, p*o.Stride) })
		case op.Add:
			for i := range out {
				out[i] = x[i] + values[n.Args[1]][i]
			}
		case op.Mul:
			b := values[n.Args[1]]
			for i := range out {
				if len(b) == len(out) {
					out[i] = x[i] * b[i]
				} else {
					out[i] = x[i] * b[i/(h*w)]
				}
			}
		case op.Concat:
			out = append(append(out[:0], x...), values[n.Args[1]]...)
		default:
			panic(n.Op.Name())
		}
		values[n] = out
	}
	return values
}

func activate(a op.Activation, x float64) float64 {
	switch a {
	case op.ReLU:
		return max(x, 0)
	case op.ReLU6:
		return min(max(x, 0), 6)
	case op.SiLU:
		return x / (1 + math.Exp(-x))
	case op.HardSwish:
		return x * min(max(x+3, 0), 6) / 6
	case op.Sigmoid:
		return 1 / (1 + math.Exp(-x))
	}
	return x
}

// writer writes random networks that are valid by construction.
type writer struct {
	*rand.Rand
	b      strings.Builder
	labels int
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(&w.b, "    "+format+"\n", args...) }

func (w *writer) label() string { w.labels++; return fmt.Sprintf("conv%d", w.labels) }

func (w *writer) one(words ...string) string { return words[w.IntN(len(words))] }

// network is a model of a few random statements on images of a random size.
func (w *writer) network() string {
	w.line("input image [%d, %d, %d]", 1+w.IntN(20), 8+w.IntN(14), 8+w.IntN(14))
	for range 2 + w.IntN(6) {
		w.statement()
	}
	if w.IntN(2) == 0 {
		w.line("avgpool")
	}
	if w.IntN(2) == 0 {
		w.line("fc: linear %d%s", 1+w.IntN(40), w.one("", ", no bias"))
	}
	return "model random(shortcut = " + w.one("A", "B", "C", "none") + ") {\n" + w.b.String() + "}\n" + `
block unit(width, stride = 1) {
    conv1: conv 3x3, width, /stride -> bn -> relu
    conv2: conv 1x1, width          -> bn
    + shortcut
    relu
}
`
}

func (w *writer) statement() {
	act := w.one("", " -> relu", " -> silu", " -> hardswish", " -> relu6", " -> sigmoid")
	norm := w.one("", " -> bn", " -> bn eps 1e-3")
	switch w.IntN(11) {
	case 0:
		w.line("%s: conv %s, %d%s%s%s%s", w.label(), w.one("1x1", "3x3", "5x5", "3x1", "1x3"), 1+w.IntN(40), w.one("", ", /2"), w.one("", ", bias"), norm, act)
	case 1:
		w.line("%s: conv 3x3, depthwise%s%s%s%s", w.label(), w.one("", ", /2"), w.one("", ", dilation 2"), norm, act)
	case 2:
		w.line("%s: conv 2x2, %d, pad %s%s%s", w.label(), 1+w.IntN(20), w.one("0:1", "1", "(1, 0, 0, 1)"), norm, act)
	case 3:
		groups := w.one("2", "4", "3")
		w.line("%s: conv 1x1, 12 -> %s: conv 3x3, 24, groups %s, dilation %s%s%s", w.label(), w.label(), groups, w.one("1", "2"), norm, act)
	case 4:
		w.line("%s 3x3%s%s%s", w.one("maxpool", "avgpool"), w.one("", ", /2"), w.one("", ", ceil"), act)
	case 5:
		w.line("avgpool 3x3, /%s, exclude-pad", w.one("1", "2"))
	case 6:
		n := w.labels
		w.line("bn_%d: bn%s as v%d", n, w.one(" -> relu", ""), n)
		w.line("%s: conv 3x3, %d%s", w.label(), 1+w.IntN(30), norm)
		w.line("& v%d", n)
		w.labels++
	case 7:
		a, b := w.label(), w.label()
		w.line("%s: conv 1x1, 10 -> relu", a)
		w.line("* g%d: (avgpool -> %s: conv 1x1, 10, bias -> sigmoid)", w.labels, b)
	case 8:
		a, b, n := w.label(), w.label(), w.labels
		w.line("%s: conv 3x3, 17%s as r%d", a, act, n)
		w.line("%s: conv 3x3, 17%s", b, norm)
		w.line("+ r%d%s", n, act)
	case 9:
		w.labels++
		w.line("stage layer%d = %d x unit(%d)%s", w.labels, 1+w.IntN(3), 20*(1+w.labels), w.one("", ", /2"))
	case 10:
		w.line("zeropad %s", w.one("1", "0:2", "(1, 2, 0, 1)"))
	}
}

// TestRandomNetworks compares what is fused, planned and run by the kernels
// with the definition of each operator, on networks that nobody thought of.
func TestRandomNetworks(t *testing.T) {
	compared := 0
	// What a linear layer made is an image of one pixel, which convolutions may pad.
	texts := []string{
		"model m {\n    input x [8, 8, 8]\n    fc: linear 20\n    conv1: conv 3x3, 20 -> relu\n}\n",
		"model m {\n    input x [8, 3, 3]\n    fc: linear 20 -> relu as v -> conv1: conv 5x5, 20, bias -> relu\n    + v\n}\n",
		"model m {\n    input x [8, 1, 1]\n    fc: linear 33 -> silu -> zeropad 1 -> conv1: conv 3x3, 5 -> relu -> fc2: linear 4\n}\n",
	}
	for seed := range uint64(400) {
		texts = append(texts, (&writer{Rand: rand.New(rand.NewPCG(seed, 1))}).network())
	}
	for seed, text := range texts {
		p, ds := Compile(dsl.NewSource("random.res", text), Options{})
		if ds.HasErrors() {
			// A window that no longer fits, or option A asked to narrow.
			for _, d := range ds {
				if d.Code != "window-too-large" && d.Code != "too-few-channels" && d.Code != "unnamed-weights" {
					t.Fatalf("seed %d: %v\n%s", seed, d.Error(), text)
				}
			}
			continue
		}
		compared++
		c, h, w := p.Input()
		input := fixture.Fill(fixture.InputName, []int{1, c, h, w})
		exact := make([]float64, len(input))
		for i, v := range input {
			exact[i] = float64(v)
		}
		want := naive(p.written, exact)[p.written.Outputs[0].Node]
		network, err := p.Load(fixture.Checkpoint(weightsOf(p)))
		if err != nil {
			t.Fatal(err)
		}
		s := network.NewSession()
		got := make([]float32, len(want))
		// Twice: slots then hold what the run before left in them.
		for range 2 {
			if err := s.Run(context.Background(), input, h, w, [][]float32{got}); err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
		largest := 0.0
		for _, v := range want {
			largest = max(largest, math.Abs(v))
		}
		for i, v := range want {
			if !(math.Abs(float64(got[i])-v) <= 2e-5*largest) {
				t.Fatalf("seed %d: value %d is %v, want %v, the largest is %v\n%s", seed, i, got[i], v, largest, text)
			}
		}
	}
	if compared < 200 {
		t.Errorf("only %d networks could be compared", compared)
	}
}
