package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"

	"github.com/google/uuid"
)

// refreshToken is a refresh token taken apart. As text it is refreshPrefix and,
// in URL-safe base 64: session id (16 bytes), generation (4), secret (32), tag
// (16).
//
// The secret of the first generation is random, that of each next is derived
// from the one before: whoever lost the reply to a refresh can be given the
// same successor again although the store holds only hashes. Neither the store
// nor the server's key is enough to make a token that is current.
//
// The tag shows that this server issued the token, even when the store has long
// forgotten that generation. So every former token of a family is recognised as
// used without keeping their hashes, and nobody can end another's sign-in by
// making former tokens up.
type refreshToken struct {
	session    uuid.UUID
	generation uint32
	secret     [32]byte
}

const (
	refreshPrefix = "rrt_" // lets scanners for leaked secrets know it
	tagBytes      = 16
	refreshBytes  = 16 + 4 + 32 + tagBytes
)

// hash is what the store keeps of a token.
func (t refreshToken) hash() string {
	sum := sha256.Sum256(t.secret[:])
	return hex.EncodeToString(sum[:])
}

// body is the part that the tag covers.
func (t refreshToken) body() []byte {
	b := make([]byte, 0, refreshBytes)
	b = append(b, t.session[:]...)
	b = binary.BigEndian.AppendUint32(b, t.generation)
	return append(b, t.secret[:]...)
}

// next is the token of the next generation.
func (k secrets) next(t refreshToken) refreshToken {
	return refreshToken{
		session:    t.session,
		generation: t.generation + 1,
		secret:     [32]byte(hmacSum(k.successor, t.body())),
	}
}

func (k secrets) formatRefresh(t refreshToken) string {
	b := t.body()
	b = append(b, hmacSum(k.tag, b)[:tagBytes]...)
	return refreshPrefix + base64.RawURLEncoding.EncodeToString(b)
}

var errRefreshForm = errors.New("refresh token was not issued here")

func (k secrets) parseRefresh(raw string) (refreshToken, error) {
	if len(raw) != len(refreshPrefix)+base64.RawURLEncoding.EncodedLen(refreshBytes) || raw[:len(refreshPrefix)] != refreshPrefix {
		return refreshToken{}, errRefreshForm
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(raw[len(refreshPrefix):])
	if err != nil {
		return refreshToken{}, errRefreshForm
	}
	body, tag := b[:refreshBytes-tagBytes], b[refreshBytes-tagBytes:]
	if !hmac.Equal(tag, hmacSum(k.tag, body)[:tagBytes]) {
		return refreshToken{}, errRefreshForm
	}
	return refreshToken{
		session:    uuid.UUID(body[:16]),
		generation: binary.BigEndian.Uint32(body[16:20]),
		secret:     [32]byte(body[20:]),
	}, nil
}

func hmacSum(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}
