//go:build !unix

package mapped

import "os"

// mapFile is not to be had here.
func mapFile(*os.File, int64) ([]byte, func() error, error) { return nil, nil, errNoMap }
