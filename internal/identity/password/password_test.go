package password_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ricircolo/ricircolo/internal/identity/password"
)

// cheap makes hashing take microseconds.
var cheap = password.Params{Memory: 8, Passes: 1, Threads: 1}

func options() password.Options {
	return password.Options{
		Pepper: bytes.Repeat([]byte{1}, password.PepperBytes),
		Params: cheap, Slots: 2, Queue: 2, Wait: time.Second,
	}
}

func mustHasher(tb testing.TB, opts password.Options) *password.Hasher {
	tb.Helper()
	h, err := password.NewHasher(opts)
	if err != nil {
		tb.Fatalf("making the hasher: %v", err)
	}
	return h
}

func mustHash(tb testing.TB, h *password.Hasher, pass string) string {
	tb.Helper()
	hash, err := h.Hash(tb.Context(), pass)
	if err != nil {
		tb.Fatalf("hashing: %v", err)
	}
	return hash
}

func verify(tb testing.TB, h *password.Hasher, hash, pass string) (ok, stale bool) {
	tb.Helper()
	ok, stale, err := h.Verify(tb.Context(), hash, pass)
	if err != nil {
		tb.Fatalf("verifying: %v", err)
	}
	return ok, stale
}

func TestOnlyTheRightPasswordBelongsToAHash(t *testing.T) {
	h := mustHasher(t, options())
	hash := mustHash(t, h, "correct horse battery")
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=8,t=1,p=1$") {
		t.Errorf("got hash %q, want a PHC string with its parameters", hash)
	}
	if again := mustHash(t, h, "correct horse battery"); again == hash {
		t.Error("the same password has the same hash twice, want a salt")
	}
	if ok, stale := verify(t, h, hash, "correct horse battery"); !ok || stale {
		t.Errorf("right password: got ok %v, stale %v, want true, false", ok, stale)
	}
	for _, wrong := range []string{"", "correct horse batter", "Correct horse battery", "correct horse battery "} {
		if ok, _ := verify(t, h, hash, wrong); ok {
			t.Errorf("%q: got ok, want not", wrong)
		}
	}
}

func TestDefaultIsTheOWASPMinimum(t *testing.T) {
	opts := options()
	opts.Params = password.Params{}
	hash := mustHash(t, mustHasher(t, opts), "correct horse battery")
	if want := "$argon2id$v=19$m=19456,t=2,p=1$"; !strings.HasPrefix(hash, want) {
		t.Errorf("got hash %q, want %s…", hash, want)
	}
}

func TestHashIsOfNoUseWithoutThePepper(t *testing.T) {
	h := mustHasher(t, options())
	hash := mustHash(t, h, "correct horse battery")
	thief := options()
	thief.Pepper = bytes.Repeat([]byte{2}, password.PepperBytes)
	if ok, _ := verify(t, mustHasher(t, thief), hash, "correct horse battery"); ok {
		t.Error("the right guess was confirmed with another pepper")
	}
	// Control: with the pepper the same guess is confirmed.
	if ok, _ := verify(t, mustHasher(t, options()), hash, "correct horse battery"); !ok {
		t.Error("the right guess was not confirmed with the pepper")
	}
}

func TestOldParametersMakeAHashStale(t *testing.T) {
	hash := mustHash(t, mustHasher(t, options()), "correct horse battery")
	dearer := options()
	dearer.Params.Passes++
	if ok, stale := verify(t, mustHasher(t, dearer), hash, "correct horse battery"); !ok || !stale {
		t.Errorf("got ok %v, stale %v, want true, true", ok, stale)
	}
}

func TestAccentsAreTheSameHoweverTheyAreTyped(t *testing.T) {
	h := mustHasher(t, options())
	hash := mustHash(t, h, "perché non però")
	if ok, _ := verify(t, h, hash, "perche\u0301 non pero\u0300"); !ok {
		t.Error("decomposed accents: got not ok, want ok")
	}
}

// The time for nobody must be that for somebody: the same hashes are computed.
func TestNoAccountCostsAsMuchAsOne(t *testing.T) {
	var hashes atomic.Int32
	opts := options()
	opts.OnHash = func() { hashes.Add(1) }
	h := mustHasher(t, opts)
	hash := mustHash(t, h, "correct horse battery")
	for name, stored := range map[string]string{"account": hash, "no account": ""} {
		hashes.Store(0)
		if ok, stale := verify(t, h, stored, "wrong"); ok || stale {
			t.Errorf("%s: got ok %v, stale %v, want false, false", name, ok, stale)
		}
		if got := hashes.Load(); got != 1 {
			t.Errorf("%s: got %d hashes, want 1", name, got)
		}
	}
}

func TestStoredHashIsReadWithCare(t *testing.T) {
	h := mustHasher(t, options())
	good := mustHash(t, h, "correct horse battery")
	for name, bad := range map[string]string{
		"plain text":   "correct horse battery",
		"bcrypt":       "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"no version":   strings.Replace(good, "v=19", "v=16", 1),
		"4 GiB":        strings.Replace(good, "m=8", "m=4194304", 1),
		"no memory":    strings.Replace(good, "m=8", "m=0", 1),
		"many passes":  strings.Replace(good, "t=1", "t=4000000", 1),
		"no threads":   strings.Replace(good, "p=1", "p=0", 1),
		"short key":    good[:len(good)-8],
		"not base 64":  good[:len(good)-1] + "!",
		"another part": good + "$x",
	} {
		if _, _, err := h.Verify(t.Context(), bad, "correct horse battery"); err == nil || strings.Contains(err.Error(), bad) {
			t.Errorf("%s: got error %v, want one that does not show the hash", name, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, edit := range map[string]func(*password.Options){
		"no pepper":       func(o *password.Options) { o.Pepper = nil },
		"short pepper":    func(o *password.Options) { o.Pepper = o.Pepper[1:] },
		"no slots":        func(o *password.Options) { o.Slots = 0 },
		"too much memory": func(o *password.Options) { o.Params.Memory = 1 << 30 },
	} {
		opts := options()
		edit(&opts)
		if _, err := password.NewHasher(opts); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
}

// A flood: 2 hash, 2 wait, and everybody else is sent away at once.
func TestFloodIsShedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers = 200
		var hashing, most atomic.Int32
		finish := make(chan struct{})
		opts := options()
		opts.Wait = time.Hour
		opts.OnHash = func() {
			most.Store(max(most.Load(), hashing.Add(1)))
			<-finish
			hashing.Add(-1)
		}
		h := mustHasher(t, opts)
		var busy, done atomic.Int32
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				switch _, err := h.Hash(t.Context(), "correct horse battery"); {
				case errors.Is(err, password.ErrBusy):
					busy.Add(1)
				case err == nil:
					done.Add(1)
				default:
					t.Errorf("hashing: %v", err)
				}
			})
		}
		synctest.Wait() // nobody moves any more, and no time has passed
		if got, want := busy.Load(), int32(callers-4); got != want {
			t.Errorf("got %d sent away at once, want %d", got, want)
		}
		close(finish)
		wg.Wait()
		if got := most.Load(); got > 2 {
			t.Errorf("got %d hashes at once, want 2 at most", got)
		}
		if got := done.Load(); got != 4 {
			t.Errorf("got %d hashes, want those of the 4 who were let in", got)
		}
	})
}

func TestQueueIsLeftAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finish := make(chan struct{})
		opts := options()
		opts.OnHash = func() { <-finish }
		h := mustHasher(t, opts)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer close(finish)
		for range 2 {
			wg.Go(func() {
				if _, err := h.Hash(t.Context(), "correct horse battery"); err != nil {
					t.Errorf("hashing: %v", err)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		if _, err := h.Hash(t.Context(), "correct horse battery"); !errors.Is(err, password.ErrBusy) {
			t.Errorf("got %v, want ErrBusy", err)
		}
		if got := time.Since(began); got != opts.Wait {
			t.Errorf("waited %v, want %v", got, opts.Wait)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := h.Hash(ctx, "correct horse battery"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
}

func TestPolicy(t *testing.T) {
	const email = "anna.bianchi.reparto@ospedale.example"
	for _, c := range []struct{ password, code string }{
		{"quattro cavalli al galoppo", ""},
		{"àèìòùàèìòùq1", ""}, // 12 characters, 22 bytes
		{strings.Repeat("lungo ", 21) + "ok", ""},
		{"", "too-short"},
		{"elevenchars", "too-short"},
		{"àèìòùàèìòùq", "too-short"},
		{strings.Repeat("lungo ", 21) + "oks", "too-long"},
		{strings.Repeat("x", 1<<20), "too-long"},
		{email, "like-email"},
		{"Anna.Bianchi.Reparto@Ospedale.example", "like-email"},
		{"my " + email, "like-email"},
		{"anna.bianchi.reparto", "like-email"},
		{"password1234", "too-common"},
		{"PassWord1234", "too-common"},
		{"qwertyuiop123", "too-common"},
		{"aaaaaaaaaaaaaa", "too-common"},
		{"abababababab", "too-common"},
		{"ciaociaociaoc", "too-common"},
	} {
		got := ""
		if fault := password.Check(c.password, email); fault != nil {
			got = fault.Code
		}
		if got != c.code {
			t.Errorf("%.40q: got %q, want %q", c.password, got, c.code)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	opts := options()
	opts.Params = password.DefaultParams()
	h := mustHasher(b, opts)
	b.ReportAllocs()
	for b.Loop() {
		mustHash(b, h, "correct horse battery")
	}
}
