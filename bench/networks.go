package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/fixture"
)

// network is one row of the tables.
type network struct {
	name  string
	model string // as resc takes it; a file's path is from the module's root
	set   map[string]string
	side  int // of the image
}

// networks are those of the tables, in order.
var networks = []network{
	{name: "resnet18", model: "std/resnet18", side: 224},
	{name: "resnet34", model: "std/resnet34", side: 224},
	{name: "plain34", model: "std/plain34", side: 224},
	{name: "resnet50", model: "std/resnet50", side: 224},
	{name: "resnet101", model: "std/resnet101", side: 224},
	{name: "resnet152", model: "std/resnet152", side: 224},
	{name: "resnext50_32x4d", model: "std/resnext50_32x4d", side: 224},
	{name: "wide_resnet50_2", model: "std/wide_resnet50_2", side: 224},
	{name: "mobilenet_v2", model: "internal/reference/testdata/mobilenet_v2.res", side: 224},
	{name: "cifar_resnet20", model: "std/cifar_resnet", side: 32},
	{name: "cifar_resnet56", model: "std/cifar_resnet", set: map[string]string{"depth": "56"}, side: 32},
}

// find reads a list of networks' names; an empty one is all of them.
func find(list string) ([]network, error) {
	if list == "" {
		return networks, nil
	}
	var found []network
	for _, name := range strings.Split(list, ",") {
		i := slices.IndexFunc(networks, func(n network) bool { return n.name == name })
		if i < 0 {
			var names []string
			for _, n := range networks {
				names = append(names, n.name)
			}
			return nil, fmt.Errorf("there is no network %s; there are %s", name, strings.Join(names, ", "))
		}
		found = append(found, networks[i])
	}
	return found, nil
}

// shape is the input's.
func (n network) shape(batch int) []int { return []int{batch, 3, n.side, n.side} }

// args are the model and its settings, for a command line of resc.
func (n network) args() []string {
	args := []string{n.model}
	for name, value := range n.set {
		args = append(args, "--set", name+"="+value)
	}
	return args
}

// weights writes weights that follow from their names.
func (n network) weights(root, path string) error {
	model := n.model
	if strings.HasSuffix(model, ".res") {
		model = filepath.Join(root, model)
	}
	src, err := compiler.Load(model)
	if err != nil {
		return err
	}
	p, ds := compiler.Compile(src, compiler.Options{Set: n.set})
	if ds.HasErrors() {
		return fmt.Errorf("%s: %s", n.model, ds[0].Message)
	}
	var ws []fixture.Weight
	for _, w := range p.Weights() {
		ws = append(ws, fixture.Weight{Name: w.Name, Shape: w.Shape})
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := fixture.Write(f, ws); err != nil {
		return err
	}
	return f.Close()
}
