// Package token owns the access token: what it claims, how it is signed and
// what makes one acceptable. It knows claims and keys, neither people nor HTTP.
//
// A token says who signed in (sub), under which sign-in (sid) and in which lab;
// it does not say what they may do, so that taking away a role needs no waiting
// for old tokens to expire.
package token

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// Lifetime is how long a token is valid.
	Lifetime = 15 * time.Minute
	// Leeway is the difference between two servers' clocks that is forgiven.
	Leeway = 30 * time.Second
	// MaxBytes is the length of the longest token that is looked at.
	MaxBytes = 4 << 10

	// mediaType keeps other tokens signed with the same key (RFC 9068, section
	// 4) from being taken for access tokens.
	mediaType = "at+jwt"
)

// ErrInvalid is matched by every error of Verify. The text behind it is for the
// log: telling the bearer which check failed helps only forgers.
var ErrInvalid = errors.New("token is not valid")

// Claims is what an access token says. The registered claims iss, aud, sub,
// exp, iat and jti are always there.
type Claims struct {
	jwt.RegisteredClaims
	Session string `json:"sid"` // id of the sign-in
	Lab     string `json:"lab"`
}

// Validate checks what the parser's options do not. The parser calls it.
func (c *Claims) Validate() error {
	if c.Subject == "" || c.Session == "" || c.Lab == "" || c.ID == "" || c.IssuedAt == nil {
		return errors.New("one of sub, sid, lab, jti and iat is missing")
	}
	return nil
}

// Codec signs and verifies access tokens of one issuer for one audience. It is
// safe for concurrent use.
type Codec struct {
	keys             *Keys
	issuer, audience string
	now              func() time.Time
	parser           *jwt.Parser
}

// NewCodec returns a codec. issuer and audience must not be empty: the parser
// would take that for "any".
func NewCodec(keys *Keys, issuer, audience string, now func() time.Time) (*Codec, error) {
	if keys == nil || issuer == "" || audience == "" || now == nil {
		return nil, errors.New("token codec needs keys, an issuer, an audience and a clock")
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithExpirationRequired(),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(audience),
		jwt.WithLeeway(Leeway),
		jwt.WithTimeFunc(now),
		jwt.WithStrictDecoding(),
	)
	return &Codec{keys: keys, issuer: issuer, audience: audience, now: now, parser: parser}, nil
}

// Sign returns a token for a subject's sign-in and when it expires: after
// Lifetime, but not later than notAfter.
func (c *Codec) Sign(subject, session, lab string, notAfter time.Time) (raw string, expires time.Time, err error) {
	now := c.now()
	expires = now.Add(Lifetime)
	if notAfter.Before(expires) {
		expires = notAfter
	}
	expires = expires.Truncate(jwt.TimePrecision)
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, &Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    c.issuer,
			Audience:  jwt.ClaimStrings{c.audience},
			Subject:   subject,
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(expires),
			ID:        rand.Text(),
		},
		Session: session,
		Lab:     lab,
	})
	t.Header["typ"] = mediaType
	t.Header["kid"] = c.keys.signerID
	raw, err = t.SignedString(c.keys.signer)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("signing token: %w", err)
	}
	return raw, expires, nil
}

// Verify returns the claims of a token, or an error that matches ErrInvalid.
// Nothing of the result shares memory with raw.
func (c *Codec) Verify(raw string) (Claims, error) {
	if len(raw) > MaxBytes {
		return Claims{}, fmt.Errorf("%w: longer than %d bytes", ErrInvalid, MaxBytes)
	}
	var claims Claims
	if _, err := c.parser.ParseWithClaims(raw, &claims, c.key); err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return claims, nil
}

// key chooses the key by the token's header. The id is looked up in a map and
// used for nothing else: never as a file name, a query or an address.
func (c *Codec) key(t *jwt.Token) (any, error) {
	if typ, _ := t.Header["typ"].(string); typ != mediaType {
		return nil, errors.New("typ is not " + mediaType)
	}
	if _, critical := t.Header["crit"]; critical {
		return nil, errors.New("crit names extensions, and none is known") // RFC 7515, section 4.1.11
	}
	id, _ := t.Header["kid"].(string)
	public, known := c.keys.verifier[id]
	if !known {
		return nil, errors.New("kid is not in the key set")
	}
	return public, nil
}
