//go:build !race

package qrlabels_test

// raceDetector slows everything down by a factor of ten.
const raceDetector = false
