package identity_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/problem"
)

func (k *kit) refreshRefused(raw string) {
	k.tb.Helper()
	_, err := k.Refresh(k.tb.Context(), raw)
	wantProblem(k.tb, err, problem.Unauthenticated, "refresh-invalid")
}

func TestRefreshRotates(t *testing.T) {
	k := newKit(t)
	k.person("anna@ward.example", staffOf("hospital"))
	tokens := k.login("anna@ward.example")
	seen := map[string]bool{tokens.RefreshToken: true}
	for range 20 {
		k.clock.advance(identity.AccessLifetime)
		next := k.refresh(tokens.RefreshToken)
		if seen[next.RefreshToken] {
			t.Fatal("a refresh token came twice")
		}
		if next.Caller != tokens.Caller {
			t.Fatalf("got caller %+v, want %+v", next.Caller, tokens.Caller)
		}
		k.accepted(k.Service, next.AccessToken, tokens.Caller)
		seen[next.RefreshToken] = true
		tokens = next
	}
}

// Whoever lost the reply gets the same successor, for 10 s.
func TestLostReplyToARefresh(t *testing.T) {
	k := newKit(t)
	k.person("anna@ward.example", staffOf("hospital"))
	first := k.login("anna@ward.example")
	lost := k.refresh(first.RefreshToken)
	k.clock.advance(identity.RefreshGrace)
	again := k.another(nil) // also by another server, which shares nothing but the store and the secret
	got, err := again.Refresh(t.Context(), first.RefreshToken)
	must(t, err)
	if got.RefreshToken != lost.RefreshToken {
		t.Error("the second reply has another refresh token, want the same")
	}
	k.accepted(k.Service, got.AccessToken, first.Caller)
	k.refresh(got.RefreshToken)
}

func TestReuseEndsTheFamilyOnce(t *testing.T) {
	for name, c := range map[string]struct {
		after     time.Duration
		rotations int // after the reused token was used
	}{
		"just after the grace":                         {identity.RefreshGrace + time.Millisecond, 1},
		"an hour later":                                {time.Hour, 1},
		"an hour and many tokens later":                {time.Hour, 7},
		"within the grace, but the successor was used": {time.Second, 2},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			k.person("anna@ward.example", staffOf("hospital"))
			k.person("bruno@ward.example", staffOf("hospital"))
			bruno := k.login("bruno@ward.example")
			elsewhere := k.login("anna@ward.example")
			first := k.login("anna@ward.example")
			last := first
			for range c.rotations {
				last = k.refresh(last.RefreshToken)
			}
			k.clock.advance(c.after)
			live := k.forge(last.Caller, nil)
			k.accepted(k.Service, live, last.Caller) // is now in the caches

			var wg sync.WaitGroup
			for range 10 { // thieves are in a hurry
				wg.Go(func() { k.refreshRefused(first.RefreshToken) })
			}
			wg.Wait()
			k.refused(k.Service, live)
			k.refreshRefused(last.RefreshToken)
			if got := k.trail.of(identity.FamilyRevoked, first.Caller.User); len(got) != 1 || got[0].by != first.Caller {
				t.Errorf("got records %+v, want one by the owner of the sign-in", got)
			}
			// Other sign-ins go on, also of the same person.
			k.refresh(elsewhere.RefreshToken)
			k.refresh(bruno.RefreshToken)
		})
	}
}

func TestParallelRefreshHasOneSuccessor(t *testing.T) {
	k := newKit(t)
	k.person("anna@ward.example", staffOf("hospital"))
	first := k.login("anna@ward.example")
	servers := []*identity.Service{k.Service, k.another(nil)}
	successors := make([]string, 50)
	var wg sync.WaitGroup
	for i := range successors {
		wg.Go(func() {
			tokens, err := servers[i%2].Refresh(t.Context(), first.RefreshToken)
			if err != nil {
				t.Errorf("refresh %d: %v", i, err)
			}
			successors[i] = tokens.RefreshToken
		})
	}
	wg.Wait()
	for i, got := range successors {
		if got != successors[0] {
			t.Fatalf("refresh %d has another successor than refresh 0", i)
		}
	}
	k.refresh(successors[0])
	if got := k.trail.of(identity.FamilyRevoked, first.Caller.User); len(got) != 0 {
		t.Errorf("got records %+v, want none", got)
	}
}

// A family can be ended only with a token that was issued: nobody can make one
// up from the id of a sign-in, which is in every access token.
func TestMadeUpTokensEndNoFamily(t *testing.T) {
	k := newKit(t)
	k.person("anna@ward.example", staffOf("hospital"))
	first := k.login("anna@ward.example")
	last := k.refresh(first.RefreshToken)
	k.clock.advance(time.Hour)
	const prefix = "rrt_"
	body, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(first.RefreshToken, prefix))
	must(t, err)
	for i := range body {
		changed := bytes.Clone(body)
		changed[i] ^= 1
		k.refreshRefused(prefix + base64.RawURLEncoding.EncodeToString(changed))
	}
	for _, raw := range []string{"", prefix, first.RefreshToken[1:], first.RefreshToken + "A", last.AccessToken, strings.Repeat("A", 1<<20)} {
		k.refreshRefused(raw)
	}
	k.refresh(last.RefreshToken)
	// Control: the token as it was issued does end the family.
	k.refreshRefused(first.RefreshToken)
	if got := k.trail.of(identity.FamilyRevoked, first.Caller.User); len(got) != 1 {
		t.Errorf("got %d records, want 1", len(got))
	}
}

// Even with the key for the tags a token cannot be made up: the secret of its
// generation is missing.
func TestTagsAreNotEnough(t *testing.T) {
	for name, c := range map[string]struct {
		steps      int
		sameSecret bool
	}{
		"current generation":                         {0, false},
		"the one before, within the grace":           {-1, false},
		"the next, with the current secret":          {1, true},
		"a former one, with the current secret":      {-1, true},
		"one far ahead, with the current secret":     {100, true},
		"far ahead, beyond what a counter can count": {-3, true},
	} {
		k := newKit(t)
		k.person("anna@ward.example", staffOf("hospital"))
		last := k.refresh(k.login("anna@ward.example").RefreshToken)
		last = k.refresh(last.RefreshToken)
		forged, err := k.ForgeRefresh(last.RefreshToken, c.steps, c.sameSecret)
		must(t, err)
		if tokens, err := k.Refresh(t.Context(), forged); !problem.Is(err, "refresh-invalid") {
			t.Errorf("%s: got %+v and error %v, want refresh-invalid", name, tokens, err)
		}
	}
}

func TestChangedSecretEndsAllSignIns(t *testing.T) {
	k := newKit(t)
	k.person("anna@ward.example", staffOf("hospital"))
	tokens := k.login("anna@ward.example")
	other := k.another(func(c *identity.Config) { c.TokenSecret = bytes.Repeat([]byte{9}, identity.SecretBytes) })
	_, err := other.Refresh(t.Context(), tokens.RefreshToken)
	wantProblem(t, err, problem.Unauthenticated, "refresh-invalid")
	k.refresh(tokens.RefreshToken) // control
}

func TestUnusedSignInsExpire(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	k.person("anna@ward.example", staffOf("hospital"))
	person := k.login("anna@ward.example")
	_, device := k.device(boss, "hospital")
	if want := k.clock.now().Add(identity.PersonIdle); !person.RefreshExpiresAt.Equal(want) {
		t.Errorf("person's token expires at %v, want %v", person.RefreshExpiresAt, want)
	}
	if want := k.clock.now().Add(identity.DeviceIdle); !device.RefreshExpiresAt.Equal(want) {
		t.Errorf("device's token expires at %v, want %v", device.RefreshExpiresAt, want)
	}
	k.clock.advance(identity.PersonIdle)
	k.refreshRefused(person.RefreshToken)
	k.clock.advance(identity.DeviceIdle - identity.PersonIdle - time.Millisecond)
	device = k.refresh(device.RefreshToken)
	k.clock.advance(identity.DeviceIdle)
	k.refreshRefused(device.RefreshToken)
}

func TestPeopleSignInAgainAfterAMonth(t *testing.T) {
	k := newKit(t)
	k.person("anna@ward.example", staffOf("hospital"))
	tokens := k.login("anna@ward.example")
	end := k.clock.now().Add(identity.PersonAbsolute)
	for k.clock.now().Add(24 * time.Hour).Before(end) {
		k.clock.advance(24 * time.Hour)
		tokens = k.refresh(tokens.RefreshToken)
	}
	if !tokens.RefreshExpiresAt.Equal(end) {
		t.Errorf("got expiry %v, want %v", tokens.RefreshExpiresAt, end)
	}
	k.clock.advance(24*time.Hour - time.Minute)
	tokens = k.refresh(tokens.RefreshToken)
	if tokens.ExpiresIn > time.Minute {
		t.Errorf("access token is good for %v, want no longer than the sign-in: %v", tokens.ExpiresIn, time.Minute)
	}
	k.clock.advance(time.Minute)
	k.refreshRefused(tokens.RefreshToken)
	k.refused(k.Service, tokens.AccessToken)
}

// A trail that cannot be written must not keep a stolen sign-in open; the
// record follows, once.
func TestReuseIsRecordedLaterIfItMust(t *testing.T) {
	k := newKit(t)
	k.person("anna@ward.example", staffOf("hospital"))
	first := k.login("anna@ward.example")
	last := k.refresh(first.RefreshToken)
	k.clock.advance(time.Minute)
	down := errors.New("disk full")
	k.trail.failWith(down)
	k.refreshRefused(first.RefreshToken)
	k.refused(k.Service, last.AccessToken)
	if _, err := k.Sweep(t.Context()); !errors.Is(err, down) {
		t.Errorf("sweeping: got %v, want the trail's error", err)
	}
	k.trail.failWith(nil)
	calls := k.trail.calls
	for range 3 {
		_, err := k.Sweep(t.Context())
		must(t, err)
	}
	if got := k.trail.calls - calls; got != 1 {
		t.Errorf("got %d calls of the auditor, want 1", got)
	}
	if got := k.trail.of(identity.FamilyRevoked, first.Caller.User); len(got) != 1 {
		t.Errorf("got records %+v, want one", got)
	}
}

func TestOldestSignInMakesRoom(t *testing.T) {
	k := newKit(t)
	k.person("anna@ward.example", staffOf("hospital"))
	var all []identity.Tokens
	for range 20 {
		all = append(all, k.login("anna@ward.example"))
		k.clock.advance(time.Second)
	}
	all[0] = k.refresh(all[0].RefreshToken) // used last, though the oldest
	k.accepted(k.Service, all[1].AccessToken, all[1].Caller)
	all = append(all, k.login("anna@ward.example"))
	for i, tokens := range all {
		if i == 1 {
			k.refused(k.Service, tokens.AccessToken)
		} else {
			k.accepted(k.Service, tokens.AccessToken, tokens.Caller)
		}
	}
}

// family is what a refresh family should do, in the simplest form: a list of
// all tokens it ever had.
type family struct {
	tokens    []string
	rotatedAt time.Time
	dead      bool
}

// Any sequence of refreshes with old and new tokens, and of waiting, has the
// outcome of the model.
func TestRefreshFollowsTheModel(t *testing.T) {
	k := newKit(t)
	k.person("anna@ward.example", staffOf("hospital"))
	rapid.Check(t, func(t *rapid.T) {
		start := k.login("anna@ward.example").RefreshToken
		f := &family{tokens: []string{start}, rotatedAt: k.clock.now()}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			k.clock.advance(rapid.SampledFrom([]time.Duration{0, time.Second, 10 * time.Second, time.Minute}).Draw(t, "wait"))
			back := min(rapid.IntRange(0, 3).Draw(t, "back"), len(f.tokens)-1)
			f.step(t, k, len(f.tokens)-1-back)
		}
	})
}

func (f *family) step(t *rapid.T, k *kit, i int) {
	last := len(f.tokens) - 1
	got, err := k.Refresh(t.Context(), f.tokens[i])
	switch {
	case f.dead:
		if !problem.Is(err, "refresh-invalid") {
			t.Fatalf("ended family: got %v, want refresh-invalid", err)
		}
	case i == last:
		if err != nil {
			t.Fatalf("current token: got %v, want none", err)
		}
		f.tokens, f.rotatedAt = append(f.tokens, got.RefreshToken), k.clock.now()
	case i == last-1 && k.clock.now().Sub(f.rotatedAt) <= identity.RefreshGrace:
		if err != nil || got.RefreshToken != f.tokens[last] {
			t.Fatalf("token before within the grace: got error %v, want the same successor", err)
		}
	default:
		if !problem.Is(err, "refresh-invalid") {
			t.Fatalf("used token: got %v, want refresh-invalid", err)
		}
		f.dead = true
	}
}
