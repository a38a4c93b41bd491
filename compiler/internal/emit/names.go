package emit

import (
	"fmt"
	"go/token"
	"go/types"
	"strings"
	"unicode"
)

// camel turns a dotted path into a Go identifier that is not exported:
// "downsample.0" becomes downsample0. Where two digits would meet, an underscore
// keeps them apart.
func camel(path string) string {
	var b strings.Builder
	for i, part := range strings.FieldsFunc(path, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if i == 0 {
			b.WriteString(lowerFirst(part))
			continue
		}
		if last := b.String(); isDigit(part[0]) && isDigit(last[len(last)-1]) {
			b.WriteByte('_')
		}
		b.WriteString(upperFirst(part))
	}
	name := b.String()
	if name == "" || isDigit(name[0]) {
		name = "x" + name
	}
	return name
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// names hands out identifiers that are unique in one scope of emitted code.
type names map[string]bool

// newNames returns names in which Go's keywords, its predeclared identifiers
// and the given ones are taken.
func newNames(taken ...string) names {
	n := names{}
	for _, t := range taken {
		n[t] = true
	}
	return n
}

// weightsSuffix ends the name of the type of a block's weights.
const weightsSuffix = "Weights"

// takeBlock is take for a function and the type of its weights.
func (n names) takeBlock(want string) string {
	name := n.take(want)
	for n[name+weightsSuffix] {
		name = n.take(want)
	}
	n[name+weightsSuffix] = true
	return name
}

// take returns want, or want with the smallest number behind it that is free.
func (n names) take(want string) string {
	name := want
	for i := 2; n[name] || token.IsKeyword(name) || types.Universe.Lookup(name) != nil; i++ {
		name = fmt.Sprintf("%s_%d", want, i)
	}
	n[name] = true
	return name
}
