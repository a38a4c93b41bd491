package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/internal/golden"
	"github.com/resc-lang/resc/internal/npy"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"resc": main})
}

// TestScripts runs each script of testdata/script with resc on its path. The
// scripts that build Go modules outside of this one are not for a short test.
func TestScripts(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	env := goEnv(t, "GOMODCACHE", "GOCACHE", "GOPROXY", "GOSUMDB", "GOFLAGS", "GOTOOLCHAIN", "GOROOT")
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       golden.Update(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, env...)
			e.Setenv("PROJECT", root)
			e.Setenv("RESC_ORT", os.Getenv("RESC_ORT"))
			e.Setenv("PATH", e.Getenv("PATH")+string(os.PathListSeparator)+os.Getenv("PATH"))
			return nil
		},
		Condition: func(c string) (bool, error) {
			return c == "long" && !testing.Short() || c == "ort" && os.Getenv("RESC_ORT") != "", nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"damage":  damage,
			"weights": writeWeights,
			"input":   writeInput,
		},
	})
}

// goEnv is the Go settings that scripts need, whose home is elsewhere.
func goEnv(t *testing.T, names ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var env []string
	for i, line := range strings.Split(strings.TrimRight(string(out), "\n"), "\n") {
		env = append(env, names[i]+"="+line)
	}
	return env
}

// writeWeights is the script command "weights MODEL FILE [NAME=VALUE…]":
// deterministic weights of a model with parameters.
func writeWeights(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: weights MODEL FILE [NAME=VALUE...]")
	}
	name := args[0]
	if !strings.HasPrefix(name, "std/") {
		name = ts.MkAbs(name)
	}
	ts.Check(fixtureWeights(name, ts.MkAbs(args[1]), args[2:]))
}

// fixtureWeights writes deterministic weights of a model with parameters, each
// NAME=VALUE.
func fixtureWeights(model, path string, parameters []string) error {
	set := make(map[string]string)
	for _, s := range parameters {
		name, value, _ := strings.Cut(s, "=")
		set[name] = value
	}
	src, err := compiler.Load(model)
	if err != nil {
		return err
	}
	p, ds := compiler.Compile(src, compiler.Options{Set: set})
	if ds.HasErrors() {
		return ds[0]
	}
	var ws []fixture.Weight
	for _, w := range p.Weights() {
		ws = append(ws, fixture.Weight{Name: w.Name, Shape: w.Shape})
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(fixture.Write(f, ws), f.Close())
}

// writeInput is the script command "input FILE": two images of 32 by 32.
func writeInput(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: input FILE")
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	shape := []int{2, 3, 32, 32}
	ts.Check(npy.WriteFloat32(f, shape, fixture.Fill(fixture.InputName, shape)))
	ts.Check(f.Close())
}

// damage is the script command "damage FILE COPY cut|PLACE": a copy without its
// last byte, or with another byte at a place.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || neg {
		ts.Fatalf("usage: damage FILE COPY cut|PLACE")
	}
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	if args[2] == "cut" {
		data = data[:len(data)-1]
	} else {
		place, err := strconv.Atoi(args[2])
		ts.Check(err)
		data[place] ^= 1
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o666))
}
