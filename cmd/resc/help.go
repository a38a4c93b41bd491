package main

import (
	"slices"

	"github.com/resc-lang/resc/dsl"
)

type helpCmd struct {
	Verb string `arg:"" optional:"" help:"The verb; without it, all are listed."`
}

// Run prints what --help of the verb prints.
func (c *helpCmd) Run(a *app) error {
	args := []string{"--help"}
	if c.Verb != "" {
		verbs := a.verbs()
		if !slices.Contains(verbs, c.Verb) {
			if near := dsl.Suggest(c.Verb, verbs); near != "" {
				return usagef("there is no verb %s; did you mean %s?", c.Verb, near)
			}
			return usagef("there is no verb %s; resc help lists them", c.Verb)
		}
		args = []string{c.Verb, "--help"}
	}
	_, _ = a.parser.Parse(args) // which prints the help, and then misses arguments
	return nil
}

// verbs lists the names of the verbs.
func (a *app) verbs() []string {
	var verbs []string
	for _, node := range a.parser.Model.Leaves(true) {
		verbs = append(verbs, node.Name)
	}
	return verbs
}
