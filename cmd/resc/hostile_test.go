package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/escape"
	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/internal/npy"
	"github.com/resc-lang/resc/internal/onnx"
	"github.com/resc-lang/resc/runtime/kernel"
	"github.com/resc-lang/resc/runtime/packed"
)

// forged begins the line that a hostile text would add to what resc prints.
const forged = "FORGED"

// hostile is what a name may hold that a terminal acts on: its title, a colour by C1, the
// order of what is shown, a line, what is no UTF-8. It begins as a formula does.
const hostile = "=\x1b]0;title\a\u009b31m\u202e\u2066\u200f\ufeff\x7f\r\n" + forged + "\tx\r\xff"

// hostileText is the same without what is no UTF-8.
var hostileText = strings.ToValidUTF8(hostile, "")

// hostileNetwork has a tab, which alone of all this a source can hold, wherever it can.
const hostileNetwork = `// tiny	FORGED is a network.
model tiny {
    input image [3, 8, 8]
    preprocess resize 8 -> crop 8
    labels ["=a	FORGED", "b"]
    published top1-error 1, source "a	FORGED"
    conv1: conv 3x3, 4 -> relu // a	FORGED
    avgpool
    fc: linear 2
}
`

// hostileFiles writes files with hostile names into a folder.
type hostileFiles struct {
	t   *testing.T
	dir string
}

// file writes a file and returns its path.
func (h *hostileFiles) file(name string, data []byte) string {
	h.t.Helper()
	path := filepath.Join(h.dir, hostile+name)
	h.check(os.MkdirAll(filepath.Dir(path), 0o777))
	h.check(os.WriteFile(path, data, 0o666))
	return path
}

func (h *hostileFiles) written(name string, write func(io.Writer) error) string {
	h.t.Helper()
	var b bytes.Buffer
	h.check(write(&b))
	return h.file(name, b.Bytes())
}

func (h *hostileFiles) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// weights are a program's, or as many of hostile names.
func weights(p *compiler.Program, rename bool) []fixture.Weight {
	var ws []fixture.Weight
	for _, w := range p.Weights() {
		if rename {
			w.Name = hostileText + w.Name
		}
		ws = append(ws, fixture.Weight{Name: w.Name, Shape: w.Shape})
	}
	return ws
}

// torchFile is a checkpoint of PyTorch's with a tensor and a string of hostile names.
func torchFile(t *testing.T) []byte {
	text := func(s string) string {
		return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
	}
	tensor := "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + "K\x04tQK\x00K\x04\x85K\x01\x85\x89NtR"
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range map[string]string{
		"x/data.pkl": "\x80\x02}" + text(hostileText) + tensor + "s" + text(hostileText+"epoch") + text(hostileText) + "s.",
		"x/data/0":   strings.Repeat("\x00", 16),
	} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, data)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hostileONNX is a program as ONNX with hostile names, and with an operator that cannot be
// said if unknown is set.
func hostileONNX(t *testing.T, p *compiler.Program, unknown bool) func(io.Writer) error {
	path := filepath.Join(t.TempDir(), "m.onnx")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.WriteONNX(f, fixture.Checkpoint(weights(p, false)), "v0.0.0"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	m, err := onnx.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	g := &m.Graph
	rename := func(names []string) {
		for i := range names {
			if names[i] != "" {
				names[i] = hostileText + names[i]
			}
		}
	}
	for _, n := range g.Nodes {
		n.Name = hostileText + n.Name
		rename(n.Inputs)
		rename(n.Outputs)
		if unknown {
			n.Op += hostileText
		}
	}
	for _, x := range g.Initializers {
		x.Name = hostileText + x.Name
	}
	for _, values := range [][]onnx.Value{g.Inputs, g.Outputs} {
		for i := range values {
			values[i].Name = hostileText + values[i].Name
		}
	}
	g.Name, m.Producer, m.Doc = hostileText, hostileText, hostileText
	return func(w io.Writer) error { return onnx.Write(w, m.Model) }
}

// hostileCommands are command lines of every verb, about files that are hostile in all
// that they may be. Each prints something of them, but for those of verbs that take
// nothing from outside.
func hostileCommands(t *testing.T, h *hostileFiles) [][]string {
	net := h.file("net.res", []byte(hostileNetwork))
	p := compiled(t, net)
	var picture bytes.Buffer
	h.check(png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 8, 8))))
	cat := h.file("cat.png", picture.Bytes())
	broken := h.file("broken.png", picture.Bytes()[:40])
	labelled := filepath.Join(h.dir, hostile+"data")
	for _, class := range []string{"a", "b"} {
		folder := filepath.Join(labelled, hostile+class)
		h.check(os.MkdirAll(folder, 0o777))
		h.check(os.WriteFile(filepath.Join(folder, hostile+"cat.png"), picture.Bytes(), 0o666))
		h.check(os.WriteFile(filepath.Join(folder, hostile+"broken.png"), picture.Bytes()[:40], 0o666))
	}
	rows := func(rows ...[]string) func(io.Writer) error {
		return func(w io.Writer) error { return csv.NewWriter(w).WriteAll(rows) }
	}
	list := h.written("list.csv", rows([]string{filepath.Base(cat), "q" + hostileText}, []string{filepath.Base(cat), "=a\tFORGED"}))
	classMap := h.written("map.csv", rows([]string{hostile + "a", hostileText}))
	twice := h.written("twice.csv", rows([]string{hostileText, "a"}, []string{hostileText, "b"}))

	fits := h.written("fits.safetensors", func(w io.Writer) error { return fixture.Write(w, weights(p, false)) })
	other := h.written("other.safetensors", func(w io.Writer) error { return fixture.Write(w, weights(p, true)) })
	pth := h.file("m.pth", torchFile(t))
	archive := func(names ...string) func(io.Writer) error {
		return func(w io.Writer) error {
			arrays := []npy.Named{{Name: "input", Shape: []int{1, 3, 8, 8}, Values: make([]float32, 192)}}
			for _, name := range names {
				arrays = append(arrays, npy.Named{Name: name, Shape: []int{1, 4, 8, 8}, Values: make([]float32, 256)})
			}
			return npy.WriteArchive(w, arrays)
		}
	}
	npz := h.written("m.npz", archive(hostileText))
	differs := h.written("trace.npz", archive(hostileText, "conv1"))
	resw := h.written("m.resw", func(w io.Writer) error {
		return packed.Write(w, packed.Index{Model: hostileText, Memory: hostileText, Tier: kernel.Tier(), Pack: kernel.PackVersion, Fingerprint: hostileText,
			Sections: []packed.Section{{Layer: hostileText, Kind: packed.Packed}}}, [][][]byte{{[]byte("1234")}})
	})
	tier := h.written("tier.resw", func(w io.Writer) error { return packed.Write(w, packed.Index{Tier: hostileText}, nil) })
	known := h.written("known.onnx", hostileONNX(t, p, false))
	unknown := h.written("unknown.onnx", hostileONNX(t, p, true))
	control := h.file("control.res", []byte("model m {\n    input image [3, 8, 8] // é\t\x1b]0;title\a\n    relu\n}\n"))
	order := h.file("order.res", []byte("model m {\n    input image [3, 8, 8] // \u202e\n    relu\n}\n"))
	bytesOnly := h.file("bytes.res", []byte("model m {\n    input image [3, 8, 8] // \xff\n    relu\n}\n"))
	imports := h.file("imports.res", []byte("import \"a\tFORGED\"\nmodel m {\n    input image [3, 8, 8]\n    relu\tFORGED\n}\n"))
	unformatted := h.file("unformatted.res", []byte("model m {\n  input image [3, 8, 8]\n  relu\n}\n"))
	away := func(name string) string { return filepath.Join(h.dir, hostile+"absent", name) }
	out := func(name string) string { return filepath.Join(h.dir, "out"+hostile+name) }

	return [][]string{
		{"run", net, cat, broken, "--weights", fits}, {"run", net, cat, "--weights", fits, "--format", "json"}, {"run", net, cat, broken, "--weights", fits, "--format", "csv"},
		{"run", net, cat, "--weights", other}, {"run", net, cat, "--weights", resw}, {"run", net, cat, "--weights", tier}, {"run", net, cat, "--weights", pth},
		{"run", net, cat}, {"run", net, "--input", away("x.npy")}, {"run", net, cat, "--weights", fits, "--output", away("y.npy")}, {"run", net, cat, "--output", hostile},
		{"run", net, cat, "--outputs", hostile, "--output", out("y.npz")}, {"run", net, cat, "--shape", hostile}, {"run", net, cat, "--set", hostile},
		{"eval", net, labelled, "--weights", fits}, {"eval", net, labelled, "--weights", fits, "--format", "json"}, {"eval", net, labelled, "--weights", fits, "--format", "html"},
		{"eval", net, list, "--weights", fits}, {"eval", net, labelled, "--weights", fits, "--class-map", classMap}, {"eval", net, labelled, "--weights", fits, "--class-map", twice},
		{"build", net, "-o", out("dir"), "--package", "tiny"}, {"build", net, "-o", out("dir"), "--package", "tiny", "--check", "--set", "a=" + hostile}, {"build", net, "-o", away("dir"), "--package", "tiny", "--check"},
		{"build", net, "-o", out("dir")}, {"build", net, "--package", hostile}, {"build", net, "-o", out("other"), "--embed", pth},
		{"pack", net, "--weights", tier, "-o", out("m.resw")}, {"pack", net, "--weights", fits, "-o", away("m.resw")}, {"pack", net, "--weights", resw, "-o", out("m.resw")},
		{"check", control}, {"check", control, "--format", "json"}, {"check", order}, {"check", bytesOnly}, {"check", imports}, {"check", imports, "--format", "json"}, {"check", away("x.res")}, {"check", net, "--set", "a=" + hostile},
		{"fmt", "-l", unformatted}, {"fmt", "-d", unformatted}, {"fmt", control}, {"fmt", order}, {"fmt", away("x.res")}, {"fmt", "-w", "std/" + hostile},
		{"report", net}, {"report", net, "--format", "json"}, {"report", net, "-o", away("r")}, {"report", imports}, {"report", net, "--memory", hostile},
		{"verify", net, "--weights", fits, "--reference", differs}, {"verify", net, "--weights", fits, "--reference", differs, "--format", "json"},
		{"verify", net, "--weights", fits, "--reference", npz}, {"verify", net, "--weights", fits, "--reference", known, "--shape", hostile}, {"verify", net, "--reference", net},
		{"weights", net, other}, {"weights", net, other, "--format", "json"}, {"weights", net, pth}, {"weights", net, pth, "--format", "json"}, {"weights", net, known},
		{"weights", net, resw}, {"weights", net, fits},
		{"convert", pth, "-o", out("c.safetensors")}, {"convert", npz, "-o", away("c.safetensors")}, {"convert", away("c"), "--model", net, "-o", out("c.safetensors")}, {"convert", resw, "-o", out("c")},
		{"bench", net, "--runs", "1", "--profile", "--threads", "1"}, {"bench", net, "--runs", "1", "--profile", "--format", "json", "--threads", "1"}, {"bench", net, "--weights", resw},
		{"export", net, "--weights", resw, "-o", out("m.onnx")}, {"export", net, "--made-up", "-o", away("m.onnx")},
		{"import", known, "-o", out("imported")}, {"import", unknown, "-o", out("imported")}, {"import", net, "-o", out("imported")},
		{"show", net}, {"show", control}, {"show", order}, {"show", bytesOnly}, {"show", away("net.res")}, {"show", hostile},
		{"explain", hostile}, {"completion", hostile}, {"help", hostile}, {"list", hostile}, {"version", hostile}, {hostile}, {"--x" + hostile[1:]},
	}
}

// compiled compiles a file.
func compiled(t *testing.T, path string) *compiler.Program {
	t.Helper()
	src, err := compiler.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	p, ds := compiler.Compile(src, compiler.Options{})
	if p == nil {
		t.Fatal(ds[0])
	}
	return p
}

// TestHostileText runs every verb on hostile files and arguments. Nothing that a terminal
// acts on and no line of theirs may come out.
func TestHostileText(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files cannot have such names")
	}
	h := &hostileFiles{t, t.TempDir()}
	commands := hostileCommands(t, h)
	verbs := map[string]int{}
	for _, args := range commands {
		verbs[args[0]]++
		var stdout, stderr bytes.Buffer
		status := run(args, &stdout, &stderr)
		command := fmt.Sprintf("%q", args)
		if status == exitInternal {
			t.Errorf("%s: %s", command, stderr.String())
		}
		seen := stdout.String() + stderr.String()
		if args[0] != "build" && !strings.Contains(seen, forged) && !strings.Contains(seen, `\u202e`) && !strings.Contains(seen, `\x`) {
			t.Errorf("%s: nothing hostile was printed:\n%s", command, seen)
		}
		for _, text := range []string{stdout.String(), stderr.String()} {
			for line := range strings.Lines(text) {
				line = strings.TrimSuffix(line, "\n")
				if !utf8.ValidString(line) || strings.ContainsFunc(strings.ReplaceAll(line, "\t", ""), escape.Hidden) {
					t.Errorf("%s: %q", command, line)
				}
				if strings.HasPrefix(strings.TrimLeft(line, " \t\"'/"), forged) {
					t.Errorf("%s: a forged line %q", command, line)
				}
			}
		}
		switch i := slices.Index(args, "--format"); {
		case i >= 0 && args[i+1] == "json":
			if !json.Valid(stdout.Bytes()) {
				t.Errorf("%s: invalid JSON: %s", command, seen)
			}
		case i >= 0 && args[i+1] == "csv":
			rows, err := csv.NewReader(&stdout).ReadAll()
			if err != nil || len(rows) != 3 || rows[1][2] != `'=a\tFORGED` && rows[2][2] != `'=a\tFORGED` {
				t.Errorf("%s: %q, %v", command, rows, err)
			}
		}
	}
	for _, node := range commandLine(t).Model.Leaves(true) {
		if verbs[node.Name] == 0 {
			t.Errorf("no hostile command of resc %s", node.Name)
		}
	}
	t.Logf("%d commands of %d verbs", len(commands), len(verbs))
	h.emitted(filepath.Join(h.dir, "out"+hostile+"dir"))
}

// emitted checks the package that resc build wrote of the hostile network.
func (h *hostileFiles) emitted(dir string) {
	h.t.Helper()
	entries, err := os.ReadDir(dir)
	h.check(err)
	if len(entries) < 4 {
		h.t.Errorf("%d files were emitted", len(entries))
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		h.check(err)
		if string(data) != escape.Text(string(data)) {
			h.t.Errorf("%s: %q", e.Name(), data)
		}
		if !generated.Match(data) {
			h.t.Errorf("%s begins %.80q", e.Name(), data)
		}
		if _, err := parser.ParseFile(token.NewFileSet(), e.Name(), data, parser.AllErrors); err != nil {
			h.t.Error(err)
		}
	}
}
