package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/resc-lang/resc/runtime/kernel"
)

type versionCmd struct{}

// Run prints the version, the toolchain and the platform, the source's revision where
// it is known, and the kernels.
func (c *versionCmd) Run(a *app) error {
	text := fmt.Sprintf("resc %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if r := revision(); r != "" {
		text += "revision " + r + "\n"
	}
	text += "kernels " + kernels(kernel.Tier(), kernel.Tiers()) + "\n"
	_, err := fmt.Fprint(a.stdout, text)
	return err
}

// kernels says which tier is in force, and which others can run, best first.
func kernels(tier string, available []string) string {
	others := slices.DeleteFunc(slices.Clone(available), func(t string) bool { return t == tier })
	if len(others) == 0 {
		return tier
	}
	slices.Reverse(others)
	return fmt.Sprintf("%s (RESC_TIER can choose %s)", tier, strings.Join(others, ", "))
}

// release is the version of this source tree, the first of CHANGELOG.md.
const release = "v0.2.0"

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

// revision is the commit that resc was built from, "" where the build does not know.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	setting := func(key string) string {
		i := slices.IndexFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == key })
		if i < 0 {
			return ""
		}
		return info.Settings[i].Value
	}
	r := setting("vcs.revision")
	if r != "" && setting("vcs.modified") == "true" {
		r += " with changes"
	}
	return r
}

// tagged says whether a version is a release, not a commit between two.
func tagged(v string) bool {
	return len(v) > 1 && len(v) < len("v0.0.0-2") && v[0] == 'v' && v != "v0.0.0"
}
