package tracking

type cubeCache struct{}

func newCubeCache() *cubeCache { return &cubeCache{} }
