package identity_test

import (
	"testing"

	"github.com/ricircolo/ricircolo/internal/identity"
)

// A token that came before: the usual request.
func BenchmarkAuthenticateCached(b *testing.B) {
	k := newKit(b)
	k.person("anna@ward.example", staffOf("hospital"))
	raw := k.login("anna@ward.example").AccessToken
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Authenticate(b.Context(), raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAuthenticateCachedParallel(b *testing.B) {
	k := newKit(b)
	k.person("anna@ward.example", staffOf("hospital"))
	raw := k.login("anna@ward.example").AccessToken
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := k.Authenticate(b.Context(), raw); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// A known token after the state of its sign-in has become too old: two reads.
func BenchmarkAuthenticateStale(b *testing.B) {
	k := newKit(b)
	k.person("anna@ward.example", staffOf("hospital"))
	raw := k.login("anna@ward.example").AccessToken
	now := k.clock.now()
	b.ReportAllocs()
	for b.Loop() {
		if k.clock.advance(3e9); k.clock.now().Sub(now) > identity.AccessLifetime/2 {
			k.clock.ms.Store(now.UnixMilli())
		}
		if _, err := k.Authenticate(b.Context(), raw); err != nil {
			b.Fatal(err)
		}
	}
}

// A token that never came before, in a process with nothing in its caches.
func BenchmarkAuthenticateUncached(b *testing.B) {
	k := newKit(b)
	k.person("anna@ward.example", staffOf("hospital"))
	raw := k.login("anna@ward.example").AccessToken
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		s := k.another(nil)
		b.StartTimer()
		if _, err := s.Authenticate(b.Context(), raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefresh(b *testing.B) {
	k := newKit(b)
	k.person("anna@ward.example", staffOf("hospital"))
	raw := k.login("anna@ward.example").RefreshToken
	b.ReportAllocs()
	for b.Loop() {
		tokens, err := k.Refresh(b.Context(), raw)
		if err != nil {
			b.Fatal(err)
		}
		raw = tokens.RefreshToken
	}
}
