//go:build !linux

package sqlite_test

import (
	"errors"
	"io"
)

func childLimited(io.Writer, []string) error { return errors.ErrUnsupported }
