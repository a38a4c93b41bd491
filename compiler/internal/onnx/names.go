package onnx

import (
	"regexp"
	"strings"

	format "github.com/resc-lang/resc/internal/onnx"
)

// label is a path that the language can say.
var label = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$`)

// pathOfWeight is the path of a layer by its weight's name.
func pathOfWeight(w weight) (string, bool) {
	path, ok := strings.CutSuffix(w.tensor.Name, "."+w.entry)
	return path, ok && label.MatchString(path)
}

// repeated is the number that exporters put behind a name to make it unique.
var repeated = regexp.MustCompile(`_[0-9]+$`)

// pathOf is the path of a layer by its node's name: "layer1.0.conv1", as resc
// writes it, or "/layer1/layer1.0/conv1/Conv" as PyTorch does, where a child of a
// Sequential repeats its parent's name. Of a node that is named for its scope alone,
// it is that scope with the operator's name behind.
func pathOf(n *format.Node) string {
	if !strings.HasPrefix(n.Name, "/") {
		path := repeated.ReplaceAllString(n.Name, "")
		if path != n.Op && label.MatchString(path) { // Relu_7 says nothing
			return path
		}
		return ""
	}
	parts := strings.Split(n.Name[1:], "/")
	operator := repeated.ReplaceAllString(parts[len(parts)-1], "")
	var path []string
	for _, p := range parts[:len(parts)-1] {
		if len(path) > 0 && strings.HasPrefix(p, path[len(path)-1]+".") {
			path = path[:len(path)-1]
		}
		path = append(path, p)
	}
	if n.Op == "Add" || n.Op == "Mul" || n.Op == "Concat" {
		path = append(path, strings.ToLower(operator))
	}
	if joined := strings.Join(path, "."); label.MatchString(joined) {
		return joined
	}
	return ""
}
