package onnx

import (
	"fmt"
	"strings"
)

// arm is the shortcut of a region as a policy writes it, and the case for which it
// was seen: same, channels or else.
func (r *region) arm() (kind, text string, ok bool) {
	main := r.main()
	a, b := r.in.shape, main.shape
	kind = "else"
	if a.H.Int() == b.H.Int() && a.W.Int() == b.W.Int() {
		if kind = "channels"; a.C == b.C {
			kind = "same"
		}
	}
	if r.join == nil {
		return kind, "zero", true
	}
	f := newFrame(r.path()+".", r.in, "input", r.nodes, func(n *node) bool { return n == r.out && n.readers == 0 })
	stride := r.stride(main)
	f.slot = func(k slotKind, v int) string {
		switch {
		case k == outSlot && v == b.C:
			return "out"
		case (k == strideSlot || k == windowSlot) && v == stride:
			return k.around("stride")
		}
		return literal(k, v)
	}
	side := f.of[r.side]
	if side == nil {
		return "", "", false
	}
	chain := f.chain(side)
	start := side
	if len(chain) > 0 {
		start = chain[0].in[0]
	}
	if start.node != r.in {
		return "", "", false // of a value that only the block can name
	}
	var steps []string
	var before *item
	for _, x := range chain {
		steps, before = append(steps, f.item(x, before)), x
	}
	if len(steps) == 0 {
		steps = []string{"identity"}
	}
	return kind, strings.Join(steps, " -> "), true
}

// policy declares the policy that regions have in common. ok is false where they
// have none: two do different things in one case. An arm for channels alone may be
// what the last arm is at stride 1, and left to it.
func policy(regions []*region, channels bool) (name, text string, ok bool) {
	arms := map[string]string{}
	for _, r := range regions {
		kind, text, ok := r.arm()
		if old, seen := arms[kind]; !ok || seen && old != text {
			return "", "", false
		}
		arms[kind] = text
	}
	if arms["channels"] == arms["else"] || !channels && arms["else"] != "" {
		delete(arms, "channels")
	}
	if c, only := arms["channels"]; only && arms["else"] == "" {
		delete(arms, "channels")
		arms["else"] = c
	}
	name, what := "identity_only", "adds a block's input as it is"
	for _, kind := range []string{"else", "channels", "same"} {
		switch t := arms[kind]; {
		case strings.Contains(t, "conv"):
			name, what = "projection", "projects a block's input where shapes differ"
		case t == "zero":
			name, what = "where_equal", "adds a block's input only where shapes agree"
		case t != "" && t != "identity":
			name, what = "parameter_free", "fits a block's input without parameters where shapes differ"
		default:
			continue
		}
		break
	}
	var b strings.Builder
	fmt.Fprintf(&b, "// %s %s.\nshortcut %s {\n", name, what, name)
	if arms["same"] == arms["else"] && arms["channels"] == "" {
		fmt.Fprintf(&b, "    all: %s\n", arms["else"])
	} else {
		for _, kind := range []string{"same", "channels", "else"} {
			if arms[kind] != "" {
				fmt.Fprintf(&b, "    %s: %s\n", kind, arms[kind])
			}
		}
	}
	b.WriteString("}\n")
	return name, b.String(), true
}
