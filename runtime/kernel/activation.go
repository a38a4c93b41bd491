package kernel

// Activation is the function that a kernel applies to each value before it
// stores it.
type Activation int

// The activations of the language. NoActivation is the identity.
const (
	NoActivation Activation = iota
	ReLU                    // max(x, 0)
	ReLU6                   // min(max(x, 0), 6)
	SiLU                    // x·sigmoid(x)
	HardSwish               // x·min(max(x+3, 0), 6)/6
	Sigmoid                 // 1/(1+exp(-x))
)

var activationNames = [...]string{
	NoActivation: "NoActivation", ReLU: "ReLU", ReLU6: "ReLU6",
	SiLU: "SiLU", HardSwish: "HardSwish", Sigmoid: "Sigmoid",
}

// String is the name of the constant.
func (a Activation) String() string { return activationNames[a] }

// GoString is the constant in Go, for code that is emitted.
func (a Activation) GoString() string { return "kernel." + a.String() }

// apply replaces values by the activation's.
func (a Activation) apply(v []float32) {
	switch a {
	case NoActivation:
	case ReLU, ReLU6:
		low, high := a.clamp()
		for i, x := range v {
			v[i] = min(max(x, low), high)
		}
	default:
		a.finish(v)
	}
}
