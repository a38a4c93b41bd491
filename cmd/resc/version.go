package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCmd struct{}

// Run prints the version, the toolchain and the platform.
func (c *versionCmd) Run(a *app) error {
	_, err := fmt.Fprintf(a.stdout, "resc %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// release is the version of this source tree.
const release = "v0.1.0"

// version is that of the module when resc was installed as one, and the source
// tree's otherwise. Emitted code names it, so that it holds no trace of a
// checkout's state.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range append(info.Deps, &info.Main) {
			if m.Path == "github.com/resc-lang/resc" && tagged(m.Version) {
				return m.Version
			}
		}
	}
	return release
}

// tagged says whether a version is a release, not a commit between two.
func tagged(v string) bool {
	return len(v) > 1 && len(v) < len("v0.0.0-2") && v[0] == 'v' && v != "v0.0.0"
}
