//go:build race

package rest

// raceFactor is how much more memory the race detector may take.
const raceFactor = 3
