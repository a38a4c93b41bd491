package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish,pwsh" help:"bash, zsh, fish or pwsh."`
}

// Run prints a script that completes verbs and flags.
func (c *completionCmd) Run(a *app) error {
	verbs := a.verbs()
	flags := map[string][]string{}
	for _, node := range a.parser.Model.Leaves(true) {
		flags[node.Name] = flagNames(node)
	}
	var b strings.Builder
	switch c.Shell {
	case "bash":
		bash(&b, verbs, flags)
	case "zsh":
		b.WriteString("#compdef resc\nautoload -U +X bashcompinit && bashcompinit\n")
		bash(&b, verbs, flags)
	case "fish":
		fmt.Fprintf(&b, "complete -c resc -n __fish_use_subcommand -f -a '%s'\n", strings.Join(verbs, " "))
		for _, v := range verbs {
			for _, f := range flags[v] {
				fmt.Fprintf(&b, "complete -c resc -n '__fish_seen_subcommand_from %s' -l %s\n", v, strings.TrimPrefix(f, "--"))
			}
		}
	case "pwsh":
		powershell(&b, verbs, flags)
	}
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}

// flagNames lists a verb's long flags.
func flagNames(node *kong.Node) []string {
	names := []string{"--help"}
	for _, f := range node.Flags {
		if f.Name != "help" {
			names = append(names, "--"+f.Name)
		}
	}
	return names
}

func bash(b *strings.Builder, verbs []string, flags map[string][]string) {
	b.WriteString("_resc() {\n    local word=${COMP_WORDS[COMP_CWORD]}\n    local words\n")
	fmt.Fprintf(b, "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='%s'\n    else\n        case ${COMP_WORDS[1]} in\n", strings.Join(verbs, " "))
	for _, v := range verbs {
		fmt.Fprintf(b, "            %s) words='%s' ;;\n", v, strings.Join(flags[v], " "))
	}
	b.WriteString("        esac\n    fi\n")
	b.WriteString("    if [[ $word == -* || $COMP_CWORD -eq 1 ]]; then\n        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n")
	b.WriteString("    elif [[ $word == std/* ]]; then\n        COMPREPLY=($(compgen -W \"$(resc list 2>/dev/null | cut -d' ' -f1)\" -- \"$word\"))\n")
	b.WriteString("    else\n        COMPREPLY=($(compgen -f -- \"$word\"))\n    fi\n}\ncomplete -o filenames -F _resc resc\n")
}

func powershell(b *strings.Builder, verbs []string, flags map[string][]string) {
	b.WriteString("Register-ArgumentCompleter -Native -CommandName resc -ScriptBlock {\n    param($word, $ast, $cursor)\n")
	b.WriteString("    $words = $ast.CommandElements | ForEach-Object { $_.ToString() }\n    $flags = @{\n")
	for _, v := range verbs {
		fmt.Fprintf(b, "        '%s' = @('%s')\n", v, strings.Join(flags[v], "', '"))
	}
	b.WriteString("    }\n    $candidates = if ($words.Count -le 2 -and -not $flags.ContainsKey($words[1])) { $flags.Keys } else { $flags[$words[1]] }\n")
	b.WriteString("    $candidates | Where-Object { $_ -like \"$word*\" } | Sort-Object | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }\n}\n")
}
