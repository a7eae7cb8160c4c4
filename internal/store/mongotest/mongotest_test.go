package mongotest

import "testing"

func TestWithin(t *testing.T) {
	for server, want := range map[string]string{
		"mongodb://a:1":                 "mongodb://a:1/x",
		"mongodb://a:1/":                "mongodb://a:1/x",
		"mongodb://a:1/y":               "mongodb://a:1/x",
		"mongodb://a:1,b:2/?w=1":        "mongodb://a:1,b:2/x?w=1",
		"mongodb://a:1?w=1":             "mongodb://a:1/x?w=1",
		"mongodb+srv://u:p@a/y?ssl=on/": "mongodb+srv://u:p@a/x?ssl=on/",
	} {
		if got := within(server, "x"); got != want {
			t.Errorf("%s: got %s, want %s", server, got, want)
		}
	}
}
