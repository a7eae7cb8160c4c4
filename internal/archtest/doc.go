// Package archtest owns the test of the architecture: which package may import
// which, what lies where, and how large files and functions may get. It has
// nothing but tests.
//
// It reads the source files themselves and not `go list`, so that files behind
// build tags count as well. Imports are checked one by one; since every package
// of ours has a row, nothing forbidden is reached in a roundabout way either.
package archtest
