package main

import (
	"fmt"
	"strings"

	"github.com/resc-lang/resc/dsl"
)

type explainCmd struct {
	Code string `arg:"" optional:"" help:"The word in brackets behind an error; without it, all are listed."`
}

// Run explains a code, or lists all.
func (c *explainCmd) Run(a *app) error {
	if c.Code == "" {
		for _, info := range dsl.Codes() {
			fmt.Fprintf(a.stdout, "%-18s %s\n", info.Code, info.Title)
		}
		return nil
	}
	code := dsl.Code(strings.Trim(c.Code, "[]"))
	info, ok := code.Info()
	if !ok {
		var codes []string
		for _, i := range dsl.Codes() {
			codes = append(codes, string(i.Code))
		}
		if near := dsl.Suggest(string(code), codes); near != "" {
			return usagef("there is no code %s; did you mean %s?", code, near)
		}
		return usagef("there is no code %s; resc explain lists them", code)
	}
	fmt.Fprintf(a.stdout, "%s: %s\n\n%s\n", info.Code, info.Title, info.Explanation)
	if info.Example != "" {
		fmt.Fprintf(a.stdout, "\nFor example:\n\n%s", indented(info.Example))
	}
	return nil
}

func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}
