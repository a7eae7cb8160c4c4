package qrlabels_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/ricircolo/ricircolo/qrlabels"
)

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// mustCode makes a random code.
func mustCode(tb testing.TB) qrlabels.Code {
	tb.Helper()
	c, err := qrlabels.NewCode(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// mustParse reads a code.
func mustParse(tb testing.TB, s string) qrlabels.Code {
	tb.Helper()
	c, err := qrlabels.ParseCode(s)
	if err != nil {
		tb.Fatalf("ParseCode(%q): %v", s, err)
	}
	return c
}

func TestNewCode(t *testing.T) {
	t.Run("is made of the alphabet and the check character", func(t *testing.T) {
		for range 1000 {
			c := mustCode(t)
			if got := c.String(); len(got) != qrlabels.CodeLength || strings.Trim(got, alphabet) != "" {
				t.Fatalf("got %q, want %d characters of %s", got, qrlabels.CodeLength, alphabet)
			}
			if got := mustParse(t, c.String()); got != c {
				t.Fatalf("reading %q gives %q", c, got)
			}
		}
	})
	t.Run("takes sixty bits from the source", func(t *testing.T) {
		none, err := qrlabels.NewCode(bytes.NewReader(make([]byte, 8)))
		if err != nil {
			t.Fatal(err)
		}
		for bit := range 60 {
			seed := make([]byte, 8)
			seed[7-bit/8] = 1 << (bit % 8)
			c, err := qrlabels.NewCode(bytes.NewReader(seed))
			if err != nil {
				t.Fatal(err)
			}
			if c.String()[:12] == none.String()[:12] {
				t.Errorf("bit %d makes no difference: %s", bit, c)
			}
		}
	})
	t.Run("fails with its source", func(t *testing.T) {
		broken := errors.New("no entropy")
		if c, err := qrlabels.NewCode(iotest.ErrReader(broken)); !errors.Is(err, broken) || !c.IsZero() {
			t.Errorf("got %q, %v, want no code and %v", c, err, broken)
		}
		if _, err := qrlabels.NewCode(bytes.NewReader(make([]byte, 7))); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("short source: got %v, want %v", err, io.ErrUnexpectedEOF)
		}
	})
}

// Ten million codes, and no two are the same. By the birthday bound (see the
// package's documentation) that fails by chance in 4 of 100,000 runs.
func TestTenMillionCodes(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("takes long with the race detector; the plain run has it")
	}
	const n, workers = 10_000_000, 8
	values := make([]uint64, n)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			random := bufio.NewReaderSize(rand.Reader, 1<<16)
			for i := w; i < n; i += workers {
				c, err := qrlabels.NewCode(random)
				if err != nil {
					t.Error(err)
					return
				}
				for _, digit := range []byte(c.String()[:12]) {
					values[i] = values[i]<<5 | uint64(strings.IndexByte(alphabet, digit))
				}
			}
		})
	}
	wg.Wait()
	slices.Sort(values)
	for i := 1; i < n; i++ {
		if values[i] == values[i-1] {
			t.Fatalf("code %x came twice", values[i])
		}
	}
}

// A wrong character, or two swapped ones, wherever they stand, are noticed. The
// check is linear, so that one code stands for all; some more are tried anyway.
func TestCodeCheck(t *testing.T) {
	codes := []qrlabels.Code{mustParse(t, "7K4M9QXP2RTBW")}
	for range 20 {
		codes = append(codes, mustCode(t))
	}
	substitutions, swaps := 0, 0
	for _, c := range codes {
		text := []byte(c.String())
		for i := range text {
			for _, wrong := range []byte(alphabet) {
				if wrong == text[i] {
					continue
				}
				bad := bytes.Clone(text)
				bad[i] = wrong
				wantCheckFault(t, string(bad))
				substitutions++
			}
			for j := range i {
				if text[i] == text[j] {
					continue
				}
				bad := bytes.Clone(text)
				bad[i], bad[j] = bad[j], bad[i]
				wantCheckFault(t, string(bad))
				swaps++
			}
		}
	}
	t.Logf("%d codes: %d wrong characters and %d swaps, all noticed", len(codes), substitutions, swaps)
}

// Every pair of different neighbours, at every place, is noticed when swapped.
func TestCodeCheckAllNeighbours(t *testing.T) {
	for place := range 11 {
		for _, a := range alphabet {
			for _, b := range alphabet {
				if a == b {
					continue
				}
				head := []byte("000000000000")
				head[place], head[place+1] = byte(a), byte(b)
				whole := complete(t, string(head))
				head[place], head[place+1] = byte(b), byte(a)
				wantCheckFault(t, string(head)+whole[12:])
			}
		}
	}
}

// complete adds the check character to twelve characters.
func complete(t *testing.T, head string) string {
	t.Helper()
	var whole []string
	for _, check := range alphabet {
		if c, err := qrlabels.ParseCode(head + string(check)); err == nil {
			whole = append(whole, c.String())
		}
	}
	if len(whole) != 1 {
		t.Fatalf("%s has %d check characters, want 1", head, len(whole))
	}
	return whole[0]
}

func wantCheckFault(t *testing.T, text string) {
	t.Helper()
	_, err := qrlabels.ParseCode(text)
	var fault *qrlabels.CodeError
	if !errors.As(err, &fault) || fault.Fault != qrlabels.CodeCheck {
		t.Errorf("ParseCode(%q): got %v, want a %s fault", text, err, qrlabels.CodeCheck)
	}
}

func TestParseCode(t *testing.T) {
	want := mustParse(t, complete(t, "1K4M9QX02RTB"))
	for _, s := range []string{
		want.String(),
		want.Grouped(),
		strings.ToLower(want.Grouped()),
		"  " + want.String() + "\n",
		"1 K 4 M 9 Q X 0 2 R T B " + want.String()[12:],
		"1K4M–9QX0—2RTB‑" + want.String()[12:], // dashes that a phone puts in
		"1K4M\u00a09QX0\u00a02RTB" + want.String()[12:],
		"IK4M9QXO2RTB" + want.String()[12:],
		"lk4m9qxo2rtb" + want.String()[12:],
		"Lk4m9qxO2rtb" + want.String()[12:],
	} {
		if got, err := qrlabels.ParseCode(s); err != nil || got != want {
			t.Errorf("ParseCode(%q): got %q, %v, want %q", s, got, err, want)
		}
	}
}

func TestParseCodeFaults(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       qrlabels.CodeError
	}{
		{"empty", "", qrlabels.CodeError{Fault: qrlabels.CodeTooShort}},
		{"only dashes", "---", qrlabels.CodeError{Fault: qrlabels.CodeTooShort}},
		{"one short", "7K4M9QXP2RTB", qrlabels.CodeError{Fault: qrlabels.CodeTooShort}},
		{"one long", "7K4M9QXP2RTBC0", qrlabels.CodeError{Fault: qrlabels.CodeTooLong}},
		{"very long", strings.Repeat("0", 1<<20), qrlabels.CodeError{Fault: qrlabels.CodeTooLong}},
		{"zeros", "0000000000000", qrlabels.CodeError{Fault: qrlabels.CodeCheck}},
		{"U", "7K4MU", qrlabels.CodeError{Fault: qrlabels.CodeCharacter, Position: 5, Rune: 'U'}},
		{"counted as typed", "7K4M-9Qù", qrlabels.CodeError{Fault: qrlabels.CodeCharacter, Position: 8, Rune: 'ù'}},
		{"full width digit", "７K4M", qrlabels.CodeError{Fault: qrlabels.CodeCharacter, Position: 1, Rune: '７'}},
		{"long s", "ſ", qrlabels.CodeError{Fault: qrlabels.CodeCharacter, Position: 1, Rune: 'ſ'}},
		{"not UTF-8", "7\xff", qrlabels.CodeError{Fault: qrlabels.CodeCharacter, Position: 2, Rune: '\uFFFD'}},
		{"NUL", "7K4M9QXP2RTB\x00", qrlabels.CodeError{Fault: qrlabels.CodeCharacter, Position: 13, Rune: 0}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, err := qrlabels.ParseCode(row.text)
			var got *qrlabels.CodeError
			if !errors.As(err, &got) || *got != row.want {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
			if !c.IsZero() {
				t.Errorf("got the code %q with an error", c)
			}
		})
	}
}

func TestCodeForms(t *testing.T) {
	c := mustParse(t, "7K4M9QXP2RTBW")
	if got, want := c.Grouped(), "7K4M-9QXP-2RTBW"; got != want {
		t.Errorf("Grouped: got %q, want %q", got, want)
	}
	type document struct {
		Label qrlabels.Code `json:"label,omitzero"`
	}
	text, err := json.Marshal(document{c})
	if got, want := string(text), `{"label":"7K4M9QXP2RTBW"}`; err != nil || got != want {
		t.Errorf("JSON: got %s, %v, want %s", got, err, want)
	}
	var back document
	if err := json.Unmarshal([]byte(`{"label":"7k4m-9qxp-2rtbw"}`), &back); err != nil || back.Label != c {
		t.Errorf("from JSON: got %q, %v, want %q", back.Label, err, c)
	}
	if text, err := json.Marshal(document{}); err != nil || string(text) != "{}" {
		t.Errorf("zero code with omitzero: got %s, %v, want {}", text, err)
	}
	if _, err := json.Marshal(qrlabels.Code{}); err == nil {
		t.Error("zero code: got JSON, want an error")
	}
	before := back.Label
	if err := back.Label.UnmarshalText([]byte("7K4M9QXP2RTBC")); err == nil || back.Label != before {
		t.Errorf("wrong code: got %q, %v, want it unchanged and an error", back.Label, err)
	}
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"7K4M-9QXP-2RTBW", "lk4m9qxo2rtbu", "7K4M9QXP2RTBC", "", "７", "7\xff", "0000000000000", strings.Repeat("—", 60)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := qrlabels.ParseCode(s)
		if err != nil {
			var fault *qrlabels.CodeError
			if !errors.As(err, &fault) || fault.Error() == "" || !c.IsZero() {
				t.Fatalf("ParseCode(%q): got %q, %v, want no code and a *CodeError", s, c, err)
			}
			return
		}
		for _, form := range []string{c.String(), c.Grouped(), strings.ToLower(c.Grouped())} {
			if again, err := qrlabels.ParseCode(form); err != nil || again != c {
				t.Errorf("ParseCode(%q) of %q: got %q, %v", form, s, again, err)
			}
		}
	})
}
