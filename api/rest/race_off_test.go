//go:build !race

package rest

const raceFactor = 1
