// Command cifar compiles the paper's networks for CIFAR-10 at every depth and
// with each shortcut policy, and prints what they cost: the sweep behind the
// paper's table 6.
//
//	go run ./examples/cifar
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"text/tabwriter"

	"github.com/resc-lang/resc/compiler"
)

func main() {
	log.SetFlags(0)
	if err := sweep(); err != nil {
		log.Fatal(err)
	}
}

func sweep() error {
	src, err := compiler.Load("std/cifar_resnet")
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "depth\tshortcut\tparameters\tmultiply-adds\tarena bytes\terror %\t")
	for _, depth := range []int{20, 32, 44, 56, 110} {
		for _, policy := range []string{"A", "B", "C", "none"} {
			p, ds := compiler.Compile(src, compiler.Options{Set: map[string]string{"depth": strconv.Itoa(depth), "shortcut": policy}})
			if ds.HasErrors() {
				return ds[0]
			}
			r := p.Report()
			published := "-"
			for _, x := range r.Published {
				published = x.Value
			}
			fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t\n", depth, policy,
				compiler.Thousands(r.ParamCount), compiler.Thousands(r.MACs), compiler.Thousands(r.ArenaBytes), published)
		}
	}
	return t.Flush()
}
