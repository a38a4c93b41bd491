package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"golang.org/x/tools/txtar"

	"github.com/resc-lang/resc/internal/docs"
	"github.com/resc-lang/resc/runtime/kernel"
)

// TestDocsCommands parses every command of the documentation that runs resc, and
// looks up the verbs and flags that its sentences name.
func TestDocsCommands(t *testing.T) {
	pages, err := docs.Pages("../..")
	if err != nil {
		t.Fatal(err)
	}
	parsed, named := 0, 0
	for _, p := range pages {
		for _, b := range p.Blocks() {
			for _, c := range b.Commands() {
				if args, ok := c.Resc(); ok {
					parsed++
					if _, err := commandLine(t).Parse(args); err != nil {
						t.Errorf("%s:%d: %s: %v", p.Path, c.Line, c.Text, err)
					}
				}
			}
		}
		for _, s := range p.Spans() {
			if args, ok := docs.Resc(s.Text); ok && len(args) > 0 {
				named++
				if err := known(commandLine(t), args); err != nil {
					t.Errorf("%s:%d: `%s`: %v", p.Path, s.Line, s.Text, err)
				}
			}
		}
	}
	if parsed < 20 || named < 20 {
		t.Errorf("only %d commands in blocks and %d in sentences were found", parsed, named)
	}
}

// commandLine is the parser of resc's command line.
func commandLine(t *testing.T) *kong.Kong {
	t.Helper()
	p, err := kong.New(new(cli), kong.Name("resc"), kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// known looks up a verb and the flags behind it.
func known(p *kong.Kong, args []string) error {
	i := slices.IndexFunc(p.Model.Children, func(n *kong.Node) bool { return n.Name == args[0] })
	if i < 0 {
		return fmt.Errorf("resc has no verb %s", args[0])
	}
	for _, a := range args[1:] {
		flag, _, _ := strings.Cut(a, "=")
		if strings.HasPrefix(flag, "-") && !slices.ContainsFunc(p.Model.Children[i].Flags, func(f *kong.Flag) bool {
			return flag == "--"+f.Name || flag == "-"+string(f.Short)
		}) {
			return fmt.Errorf("resc %s has no flag %s", args[0], flag)
		}
	}
	return nil
}

// shown is what a command of the documentation needs whose output is shown.
type shown struct {
	links   map[string]string               // names of files, and where they are from the root
	source  func(pages []*docs.Page) string // makes the .res file that the command names last
	weights []string                        // as for the script command of that name
	long    bool
}

// scriptFile is where the network is that the page about verify shows.
const scriptFile = "cmd/resc/testdata/script/verify.txtar"

// shownCommands is every command of the documentation whose output is shown.
var shownCommands = map[string]shown{
	"run std/cifar_resnet examples/photos/cat.png": {links: map[string]string{"examples": "examples"}},
	"report std/cifar_resnet":                      {},
	"report std/resnet50":                          {},
	"weights std/cifar_resnet resnet32.th":         {links: map[string]string{"resnet32.th": "../shared/data/checkpoints/resnet32-d509ac18.th"}},
	"weights examples/checkpoints/akamaster.res resnet20-12fca82f.th": {links: map[string]string{
		"examples": "examples", "resnet20-12fca82f.th": "../shared/data/checkpoints/resnet20-12fca82f.th"}},
	"eval std/cifar_resnet cifar/labels.csv": {links: map[string]string{"cifar": "../shared/data/cifar"}},
	"verify net.res --weights net.safetensors --reference net.npz": {
		links:   map[string]string{"net.res": scriptFile, "net.npz": "internal/reference/testdata/trace.npz"},
		weights: []string{"std/cifar_resnet", "net.safetensors", "depth=8", "shortcut=B"}},
	"check pad.res": {source: func([]*docs.Page) string {
		return "model m {\n    input image [3, 32, 32]\n\n    conv1: conv 2x2, 8 -> bn -> relu\n}\n"
	}},
	"check small.res": {source: withIdentity},
	"run std/resnet50 --weights m.pth cat.png": {
		links: map[string]string{"cat.png": "examples/photos/cat.png"}, weights: []string{"std/resnet34", "m.pth"}, long: true},
}

// withIdentity is the first example of the page about the language, with a shortcut
// that is impossible.
func withIdentity(pages []*docs.Page) string {
	i := slices.IndexFunc(pages, func(p *docs.Page) bool { return p.Path == "docs/language.md" })
	for _, b := range pages[i].Blocks() {
		if b.Language == "res" {
			return strings.Replace(b.Text(), ", /2\n", ", /2, shortcut identity\n", 1)
		}
	}
	return ""
}

// TestDocsOutput runs the commands whose output the documentation shows, and
// compares.
func TestDocsOutput(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := docs.Pages(root)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, p := range pages {
		for _, b := range p.Blocks() {
			for _, c := range b.Commands() {
				args, ok := c.Resc()
				if !ok || c.Output == nil {
					continue
				}
				line := strings.Join(args, " ")
				s, ok := shownCommands[line]
				if found[line] = true; !ok {
					t.Errorf("%s:%d: shownCommands does not have the command", p.Path, c.Line)
					continue
				}
				t.Run(line, func(t *testing.T) {
					if s.long && testing.Short() {
						t.Skip("weights of an ImageNet network are not for a short test")
					}
					dir := t.TempDir()
					s.files(t, root, dir)
					if s.source != nil {
						if err := os.WriteFile(filepath.Join(dir, args[len(args)-1]), []byte(s.source(pages)), 0o600); err != nil {
							t.Fatal(err)
						}
					}
					got := runResc(dir, args)
					if problem := differs(c.Output, strings.Split(got, "\n")); problem != "" {
						t.Errorf("%s:%d: %s; it prints\n%s", p.Path, c.Line, problem, got)
					}
				})
			}
		}
	}
	for line := range shownCommands {
		if !found[line] {
			t.Errorf("no page shows the output of %s", line)
		}
	}
}

// files puts the links and the weights that the command needs into a folder.
func (s shown) files(t *testing.T, root, dir string) {
	for name, from := range s.links {
		to := filepath.Join(dir, name)
		switch _, err := os.Stat(filepath.Join(root, from)); {
		case err != nil && strings.HasPrefix(from, "../"):
			t.Skipf("a published file is not here: %v", err)
		case from == scriptFile:
			a, err := txtar.ParseFile(filepath.Join(root, from))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range a.Files {
				if f.Name == name {
					err = os.WriteFile(to, f.Data, 0o600)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		default:
			if err := os.Symlink(filepath.Join(root, from), to); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s.weights != nil {
		if err := fixtureWeights(s.weights[0], filepath.Join(dir, s.weights[1]), s.weights[2:]); err != nil {
			t.Fatal(err)
		}
	}
}

// shownTier is the tier of kernels whose choices the documentation shows. Every
// processor with AVX-512 can run as it.
const shownTier = "avx512"

var hasShownTier = strings.HasPrefix(kernel.Tier(), shownTier)

// runResc returns what resc prints in a folder, errors too.
func runResc(dir string, args []string) string {
	c := exec.Command("resc", args...)
	c.Dir, c.Env = dir, append(os.Environ(), "NO_COLOR=1")
	if hasShownTier {
		c.Env = append(c.Env, "RESC_TIER="+shownTier)
	}
	out, _ := c.CombinedOutput() // the exit status may be 1
	return string(out)
}

// differs compares the lines that are shown with those that are printed. A line …
// stands for any number of lines, and … at the end of a line for its rest.
func differs(want, got []string) string {
	shownTable, table := &table{}, &table{}
	skip := false
	for _, w := range want {
		if w == "…" {
			skip = true
			continue
		}
		begin, open := strings.CutSuffix(w, "…")
		wanted := shownTable.line(begin)
		for {
			if len(got) == 0 {
				return fmt.Sprintf("the line %q is not printed", w)
			}
			g := table.line(got[0])
			got = got[1:]
			if g == wanted || open && strings.HasPrefix(g, wanted) {
				break
			}
			if !skip {
				return fmt.Sprintf("the line %q is %q", w, g)
			}
		}
		skip = false
	}
	if left := strings.TrimSpace(strings.Join(got, "\n")); left != "" && !skip {
		return fmt.Sprintf("more is printed: %q", left)
	}
	return ""
}

// ofTier is the columns of tables that depend on the tier, and ofTierRow the row of
// a report.
var ofTier, ofTierRow = []string{"computed by", "absolute", "relative", "ulp"}, "weights"

// table reads lines of text that may be a table's.
type table struct{ columns []string }

// line is a line with one blank between words, and without the cells that may
// differ on this processor.
func (t *table) line(line string) string {
	cells := strings.FieldsFunc(strings.ReplaceAll(strings.TrimRight(line, " "), "  ", "\x00"), func(r rune) bool { return r == 0 })
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	if slices.ContainsFunc(cells, func(c string) bool { return slices.Contains(ofTier, c) }) {
		t.columns = cells
	} else if !hasShownTier {
		for i := range cells {
			inTable := len(cells) >= len(t.columns) && i < len(t.columns) // a row may go on behind the last heading
			if inTable && slices.Contains(ofTier, t.columns[i]) || i == 1 && cells[0] == ofTierRow {
				cells[i] = "*"
			}
		}
	}
	return strings.Join(strings.Fields(strings.Join(cells, " ")), " ")
}
