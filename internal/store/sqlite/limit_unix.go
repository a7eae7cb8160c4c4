//go:build unix

package sqlite

import (
	"math"
	"syscall"
)

// fileSizeLimit is RLIMIT_FSIZE in bytes: a file cannot grow past it.
func fileSizeLimit() int64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil || limit.Cur > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(limit.Cur)
}
