package docs

import (
	"strings"
	"unicode"
)

// Command is a command line of a block.
type Command struct {
	Line   int
	Text   string
	Output []string // what the block shows behind "$ COMMAND"; nil where it shows nothing
}

// Commands lists the lines of a block without a language that are typed into a
// shell: those behind "$ ", or, where there are none, those that begin with the
// name of a program.
func (b *Block) Commands() []*Command {
	if b.Language != "" {
		return nil
	}
	var commands []*Command
	var shown *Command
	for i := 0; i < len(b.Lines); i++ {
		line, prompt := strings.CutPrefix(b.Lines[i], "$ ")
		at := b.Line + i
		switch {
		case !prompt && shown != nil:
			shown.Output = append(shown.Output, b.Lines[i])
			continue
		case !prompt && !isCommand(line):
			continue
		}
		for strings.HasSuffix(line, `\`) && i+1 < len(b.Lines) {
			i++
			line = strings.TrimSuffix(line, `\`) + b.Lines[i]
		}
		c := &Command{Line: at, Text: line}
		if prompt {
			shown = c
		}
		commands = append(commands, c)
	}
	for _, c := range commands {
		for len(c.Output) > 0 && c.Output[len(c.Output)-1] == "" {
			c.Output = c.Output[:len(c.Output)-1] // in front of the next command
		}
	}
	return commands
}

// programs are what command lines of the documentation begin with.
var programs = map[string]bool{"resc": true, "go": true, "git": true, "cd": true, "npm": true, "pip": true, "python3": true, "trace.py": true, "//go:generate": true, ".ci/run": true}

func isCommand(line string) bool {
	words := Words(line)
	return len(words) > 0 && (programs[words[0]] || strings.HasPrefix(words[0], "./"))
}

// Resc returns the arguments of a command that runs resc, in whichever of its ways.
func (c *Command) Resc() (args []string, ok bool) { return Resc(c.Text) }

// Resc is the method of that name for a line.
func Resc(line string) (args []string, ok bool) {
	words := Words(line)
	for _, prefix := range []string{"//go:generate go tool resc", "go tool resc", "go run ./cmd/resc", "resc"} {
		if n := strings.Count(prefix, " ") + 1; len(words) >= n && strings.Join(words[:n], " ") == prefix {
			return words[n:], true
		}
	}
	return nil, false
}

// Words splits a command line at blanks, as a shell does: with quotes, up to a
// comment, and without the variables set in front.
func Words(line string) []string {
	var words []string
	var word strings.Builder
	var quote rune
	within := false
	flush := func() {
		if within {
			words = append(words, word.String())
		}
		word.Reset()
		within = false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, within = r, true
		case r == '#' && !within:
			return withoutVariables(words)
		case unicode.IsSpace(r):
			flush()
		default:
			word.WriteRune(r)
			within = true
		}
	}
	flush()
	return withoutVariables(words)
}

// withoutVariables cuts words of the form NAME=value off the front.
func withoutVariables(words []string) []string {
	for len(words) > 0 {
		name, _, ok := strings.Cut(words[0], "=")
		if !ok || name == "" || strings.ToUpper(name) != name || strings.ContainsAny(name, "-./") {
			break
		}
		words = words[1:]
	}
	return words
}
