package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// newFile is a file in the making: under its name it is there whole or not at
// all.
type newFile struct {
	*os.File
	name string
	kept bool
}

// createFile finds out whether the file can be written, which is done beside
// it until keep.
func createFile(name string, replace bool) (*newFile, error) {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is there and is no plain file: name another one, and copy it there when it is written", name)
	case !replace:
		return nil, fmt.Errorf("%s is there already: name another file, or replace it with --force", name)
	}
	beside := filepath.Join(filepath.Dir(name), ".ricircolo-"+rand.Text()+".part")
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("%s can't be written, name a file in another folder: %w", name, err)
	}
	return &newFile{File: f, name: name}, nil
}

// keep gives the file its name.
func (f *newFile) keep() error {
	err := errors.Join(f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), f.name)
	}
	f.kept = err == nil
	return err
}

// discard takes away what was not kept.
func (f *newFile) discard() {
	if !f.kept {
		_ = f.Close() // fails if keep has done so
		_ = os.Remove(f.Name())
	}
}
