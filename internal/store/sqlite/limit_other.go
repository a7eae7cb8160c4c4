//go:build !unix

package sqlite

import "math"

// fileSizeLimit is in bytes; other systems have no such limit.
func fileSizeLimit() int64 { return math.MaxInt64 }
