package typeface

// Completed adds the tables to a subset that readers of whole fonts want: those of
// the regular font.
func Completed(file []byte) []byte {
	tables, err := directory(file)
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"cmap", "name", "post", "OS/2"} {
		tables[name] = Regular().tables[name]
	}
	return assemble(tables)
}
