package compiler

import (
	"testing"

	"github.com/resc-lang/resc/dsl"
)

// BenchmarkResNet152 takes std/resnet152 from text to Go.
func BenchmarkResNet152(b *testing.B) {
	src, err := Load("std/resnet152")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p, ds := Compile(src, Options{})
		if ds.HasErrors() {
			b.Fatal(ds[0])
		}
		if _, err := p.Emit("resnet152", "v0.0.0"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkProof proves ResNet-152's shapes for every height and width from 1 to
// 4096.
func BenchmarkProof(b *testing.B) {
	src := dsl.NewSource("range.res", `model range(shortcut = B) {
    input image [3, 1..4096, 1..4096]
    conv1: conv 7x7, 64, /2 -> bn -> relu
    maxpool 3x3, /2
    stage layer1 = 3 x bottleneck(64)
    stage layer2 = 8 x bottleneck(128), /2
    stage layer3 = 36 x bottleneck(256), /2
    stage layer4 = 3 x bottleneck(512), /2
    avgpool
    fc: linear 1000
}
`)
	for b.Loop() {
		if ds := Check(src, Options{}); ds.HasErrors() {
			b.Fatal(ds[0])
		}
	}
}
