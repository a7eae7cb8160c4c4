package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ricircolo/ricircolo/internal/indicator/evaluate"
)

// evaluateCommand checks worked examples with the functions that the service
// computes its indicators with.
type evaluateCommand struct {
	File string `arg:"" type:"existingfile" help:"JSON file of worked examples."`
}

// Run evaluates the file. It fails if any example does.
func (c evaluateCommand) Run() error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	return evaluateFile(f, os.Stdout)
}

// evaluateFile prints each mismatch and then how many examples held.
func evaluateFile(from io.Reader, to io.Writer) error {
	report, err := evaluate.Read(from, evaluate.DefaultFactors)
	if err != nil {
		return err
	}
	for _, m := range report.Mismatches {
		fmt.Fprintln(to, m)
	}
	fmt.Fprintf(to, "%d passed, %d failed\n", report.Passed, report.Failed)
	if report.Failed > 0 {
		return errors.New("some examples failed")
	}
	return nil
}
