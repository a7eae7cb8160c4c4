//go:build !race

package print_test

// raceDetector makes work on pixels ten times slower.
const raceDetector = false
