package token_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/ricircolo/ricircolo/internal/identity/token"
)

const (
	issuer   = "https://ricircolo.example"
	audience = "ricircolo"
)

var start = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)

// bench is a codec, its private key as an attacker would love to have it, and
// its clock.
type bench struct {
	codec   *token.Codec
	keys    *token.Keys
	private ed25519.PrivateKey
	now     time.Time
}

func newBench(tb testing.TB) *bench {
	tb.Helper()
	text, private := mustKey(tb)
	keys, err := token.ParseKeys(text)
	if err != nil {
		tb.Fatalf("parsing the key: %v", err)
	}
	b := &bench{keys: keys, private: private, now: start}
	b.codec, err = token.NewCodec(keys, issuer, audience, func() time.Time { return b.now })
	if err != nil {
		tb.Fatalf("making the codec: %v", err)
	}
	return b
}

func mustKey(tb testing.TB) ([]byte, ed25519.PrivateKey) {
	tb.Helper()
	text, err := token.Generate()
	if err != nil {
		tb.Fatalf("generating a key: %v", err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		tb.Fatalf("reading the key back: %v", err)
	}
	return text, key.(ed25519.PrivateKey)
}

// claims are those of a token that would be accepted.
func (b *bench) claims() *token.Claims {
	return &token.Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: "u1", ID: "j1",
			IssuedAt: jwt.NewNumericDate(b.now), ExpiresAt: jwt.NewNumericDate(b.now.Add(time.Minute)),
		},
		Session: "s1", Lab: "mirandola",
	}
}

// forge signs a token that edit has changed.
func (b *bench) forge(tb testing.TB, method jwt.SigningMethod, key any, edit func(*jwt.Token, *token.Claims)) string {
	tb.Helper()
	claims := b.claims()
	t := jwt.NewWithClaims(method, claims)
	t.Header["typ"], t.Header["kid"] = "at+jwt", b.keys.KeyID()
	if edit != nil {
		edit(t, claims)
	}
	raw, err := t.SignedString(key)
	if err != nil {
		tb.Fatalf("signing: %v", err)
	}
	return raw
}

func TestSignedTokenIsAccepted(t *testing.T) {
	b := newBench(t)
	raw, expires, err := b.codec.Sign("u1", "s1", "mirandola", start.Add(time.Hour))
	if err != nil {
		t.Fatalf("signing: %v", err)
	}
	if want := start.Add(15 * time.Minute); !expires.Equal(want) {
		t.Errorf("token expires at %v, want %v", expires, want)
	}
	claims, err := b.codec.Verify(raw)
	if err != nil {
		t.Fatalf("verifying: %v", err)
	}
	if claims.Subject != "u1" || claims.Session != "s1" || claims.Lab != "mirandola" || claims.ID == "" {
		t.Errorf("got claims %+v, want those that were signed and a jti", claims)
	}
	b.now = expires.Add(token.Leeway - time.Second)
	if _, err := b.codec.Verify(raw); err != nil {
		t.Errorf("verifying within the leeway: %v", err)
	}
	b.now = expires.Add(token.Leeway)
	if _, err := b.codec.Verify(raw); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("verifying after the leeway: got %v, want ErrInvalid", err)
	}
}

func TestTokenDoesNotOutliveTheSession(t *testing.T) {
	b := newBench(t)
	_, expires, err := b.codec.Sign("u1", "s1", "mirandola", start.Add(time.Minute))
	if err != nil || !expires.Equal(start.Add(time.Minute)) {
		t.Errorf("got expiry %v and error %v, want %v", expires, err, start.Add(time.Minute))
	}
}

// control is a verifier that lacks one protection.
type control func(raw string) error

// lacking is Verify with another choice of the key (nil: the right one) or
// other options (none: the right ones).
func (b *bench) lacking(key jwt.Keyfunc, opts ...jwt.ParserOption) control {
	if key == nil {
		key = func(*jwt.Token) (any, error) { return b.private.Public(), nil }
	}
	if len(opts) == 0 {
		opts = b.options()
	}
	return func(raw string) error {
		_, err := jwt.NewParser(opts...).ParseWithClaims(raw, &token.Claims{}, key)
		return err
	}
}

// unverified reads the claims and leaves the signature alone.
func unverified(raw string) error {
	_, _, err := jwt.NewParser().ParseUnverified(raw, &token.Claims{})
	return err
}

// registeredOnly checks no claims but the registered ones.
func (b *bench) registeredOnly(raw string) error {
	_, err := jwt.NewParser(b.options()...).ParseWithClaims(raw, &jwt.RegisteredClaims{}, func(*jwt.Token) (any, error) {
		return b.private.Public(), nil
	})
	return err
}

// options are all options that Verify uses.
func (b *bench) options() []jwt.ParserOption {
	return []jwt.ParserOption{
		jwt.WithExpirationRequired(), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithTimeFunc(func() time.Time { return b.now }), jwt.WithStrictDecoding(),
		jwt.WithValidMethods([]string{"EdDSA"}),
	}
}

// Every attack comes with the verifier it works on: a row whose control fails
// would prove nothing.
func TestForgedTokensAreRefused(t *testing.T) {
	b := newBench(t)
	eddsa := jwt.SigningMethodEdDSA
	public := b.private.Public().(ed25519.PublicKey)
	_, stranger := mustKey(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	clock := jwt.WithTimeFunc(func() time.Time { return b.now })
	keyOf := func(k any) jwt.Keyfunc { return func(*jwt.Token) (any, error) { return k, nil } }
	signed := func(edit func(*jwt.Token, *token.Claims)) string { return b.forge(t, eddsa, b.private, edit) }
	strangerFile := filepath.Join(t.TempDir(), "stranger.pub")
	if err := os.WriteFile(strangerFile, stranger.Public().(ed25519.PublicKey), 0o600); err != nil {
		t.Fatal(err)
	}

	for _, attack := range []struct {
		name    string
		raw     string
		control control
	}{
		{"alg none",
			b.forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil),
			b.lacking(keyOf(jwt.UnsafeAllowNoneSignatureType), clock)},
		{"HS256 with the public key as the secret",
			b.forge(t, jwt.SigningMethodHS256, []byte(public), nil),
			b.lacking(keyOf([]byte(public)), clock)},
		{"HS512 with the public key as the secret",
			b.forge(t, jwt.SigningMethodHS512, []byte(public), nil),
			b.lacking(keyOf([]byte(public)), clock)},
		{"RS256 with a key of the forger's",
			b.forge(t, jwt.SigningMethodRS256, rsaKey, nil),
			b.lacking(keyOf(rsaKey.Public()), clock)},
		{"no exp",
			signed(func(_ *jwt.Token, c *token.Claims) { c.ExpiresAt = nil }),
			b.lacking(nil, clock)},
		{"exp in 10 years, signed with another key",
			b.forge(t, eddsa, stranger, func(_ *jwt.Token, c *token.Claims) { c.ExpiresAt = jwt.NewNumericDate(b.now.AddDate(10, 0, 0)) }),
			b.lacking(keyOf(stranger.Public()))},
		{"expired",
			signed(func(_ *jwt.Token, c *token.Claims) { c.ExpiresAt = jwt.NewNumericDate(b.now.Add(-time.Minute)) }),
			b.lacking(nil, jwt.WithoutClaimsValidation())},
		{"wrong issuer",
			signed(func(_ *jwt.Token, c *token.Claims) { c.Issuer = "https://elsewhere.example" }),
			b.lacking(nil, clock, jwt.WithAudience(audience))},
		{"wrong audience",
			signed(func(_ *jwt.Token, c *token.Claims) { c.Audience = jwt.ClaimStrings{"finder"} }),
			b.lacking(nil, clock, jwt.WithIssuer(issuer))},
		{"no audience",
			signed(func(_ *jwt.Token, c *token.Claims) { c.Audience = nil }),
			b.lacking(nil, clock, jwt.WithIssuer(issuer))},
		{"a token of another type",
			signed(func(t *jwt.Token, _ *token.Claims) { t.Header["typ"] = "JWT" }), b.lacking(nil)},
		{"an unknown critical extension",
			signed(func(t *jwt.Token, _ *token.Claims) { t.Header["crit"] = []string{"b64"} }), b.lacking(nil)},
		{"no kid",
			signed(func(t *jwt.Token, _ *token.Claims) { delete(t.Header, "kid") }), b.lacking(nil)},
		{"unknown kid",
			signed(func(t *jwt.Token, _ *token.Claims) { t.Header["kid"] = "k0" }), b.lacking(nil)},
		{"kid that is a path to the forger's key",
			b.forge(t, eddsa, stranger, func(t *jwt.Token, _ *token.Claims) { t.Header["kid"] = "../../../../" + strangerFile }),
			b.lacking(func(t *jwt.Token) (any, error) {
				text, err := os.ReadFile(filepath.Join("/var/lib/keys", t.Header["kid"].(string)))
				return ed25519.PublicKey(text), err
			})},
		{"longer than 4 KiB",
			signed(func(_ *jwt.Token, c *token.Claims) { c.ID = strings.Repeat("x", 4<<10) }), b.lacking(nil)},
		{"changed payload",
			tamper(t, signed(nil)), unverified},
		{"bits changed that base 64 does not use",
			malleate(t, signed(nil)), b.lacking(nil, clock)},
		{"no session",
			signed(func(_ *jwt.Token, c *token.Claims) { c.Session = "" }), b.registeredOnly},
	} {
		t.Run(attack.name, func(t *testing.T) {
			if _, err := b.codec.Verify(attack.raw); !errors.Is(err, token.ErrInvalid) {
				t.Errorf("got %v, want ErrInvalid", err)
			}
			if err := attack.control(attack.raw); err != nil {
				t.Errorf("the control refuses the token too, so this attack shows nothing: %v", err)
			}
		})
	}
}

// tamper makes another person the subject of a token.
func tamper(tb testing.TB, raw string) string {
	tb.Helper()
	parts := strings.Split(raw, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		tb.Fatal(err)
	}
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), `"u1"`, `"u2"`, 1)))
	return strings.Join(parts, ".")
}

// malleate sets a bit in the last character of a token that stands for no bit
// of the signature.
func malleate(tb testing.TB, raw string) string {
	tb.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, raw[len(raw)-1])
	if last%4 != 0 {
		tb.Fatalf("last character %q has unused bits set", raw[len(raw)-1])
	}
	return raw[:len(raw)-1] + alphabet[last+1:last+2]
}

func TestOldKeysVerifyAndTheFirstSigns(t *testing.T) {
	oldText, oldKey := mustKey(t)
	newText, _ := mustKey(t)
	both, err := token.ParseKeys(append(newText, oldText...))
	if err != nil {
		t.Fatalf("parsing two keys in one text: %v", err)
	}
	old, err := token.ParseKeys(oldText)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{keys: old, private: oldKey, now: start}
	codec, err := token.NewCodec(both, issuer, audience, func() time.Time { return start })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := codec.Verify(b.forge(t, jwt.SigningMethodEdDSA, oldKey, nil)); err != nil {
		t.Errorf("token of the old key: %v", err)
	}
	if both.KeyID() == old.KeyID() {
		t.Error("the old key signs, want the first")
	}
}

func TestKeySetIsPublished(t *testing.T) {
	b := newBench(t)
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	if err := json.Unmarshal(b.keys.JWKS(), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("got key set %s and error %v, want one key", b.keys.JWKS(), err)
	}
	want := map[string]string{
		"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": b.keys.KeyID(),
		"x": base64.RawURLEncoding.EncodeToString(b.private.Public().(ed25519.PublicKey)),
	}
	for member, value := range want {
		if got := set.Keys[0][member]; got != value {
			t.Errorf("%s: got %q, want %q", member, got, value)
		}
	}
	if len(set.Keys[0]) != len(want) {
		t.Errorf("got members %v, want no others than %v", set.Keys[0], want)
	}
}

// The vector is that of RFC 8037, appendix A: its key and its thumbprint.
func TestKeyIDIsTheThumbprint(t *testing.T) {
	seed, err := base64.RawURLEncoding.DecodeString("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := token.ParseKeys(mustPEM(t, ed25519.NewKeyFromSeed(seed)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := keys.KeyID(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; got != want {
		t.Errorf("got key id %s, want %s", got, want)
	}
}

func TestKeysThatAreNotEd25519AreRefused(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text, private := mustKey(t)
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	for name, texts := range map[string][][]byte{
		"nothing":        nil,
		"empty text":     {nil},
		"text without":   {[]byte("no key here")},
		"RSA":            {mustPEM(t, rsaKey)},
		"public key":     {pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})},
		"broken":         {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})},
		"one twice":      {text, text},
		"good and empty": {text, []byte("\n")},
	} {
		if _, err := token.ParseKeys(texts...); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
	if _, err := token.LoadKeys(filepath.Join(t.TempDir(), "missing.pem")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: got %v, want os.ErrNotExist", err)
	}
}

func mustPEM(tb testing.TB, key crypto.PrivateKey) []byte {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func FuzzVerify(f *testing.F) {
	b := newBench(f)
	f.Add(b.forge(f, jwt.SigningMethodEdDSA, b.private, nil)[1:])
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("...")
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := b.codec.Verify(raw); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%q: got %v, want ErrInvalid", raw, err)
		}
	})
}
