package identity

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
)

// A one-time code has 26 characters, 130 bits: nobody finds one by trying.
const codeChars = 26

// Code is a one-time code for a person to show to another device.
type Code struct {
	Code      string // 26 characters of Crockford's base 32, in groups joined by "-"
	ExpiresAt time.Time
}

// crockford is the alphabet without I, L, O and U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// code derives the one-time code of a codeDoc, so that a repeated request gets
// the same answer although the store holds only the code's hash.
func (s *Service) code(purpose store.Kind, id, seed string, expiresAt int64) Code {
	sum := hmacSum(s.keys.code, []byte(string(purpose)+" "+id+" "+seed))
	text := base32.NewEncoding(crockford).EncodeToString(sum)[:codeChars]
	groups := []string{text[:5], text[5:10], text[10:15], text[15:20], text[20:]}
	return Code{Code: strings.Join(groups, "-"), ExpiresAt: time.UnixMilli(expiresAt).UTC()}
}

// newCode returns a one-time code and the document that lets it be used once.
func (s *Service) newCode(purpose store.Kind, id string, life time.Duration) (Code, codeDoc, error) {
	audit, err := newID()
	if err != nil {
		return Code{}, codeDoc{}, err
	}
	expiresAt := s.now().Add(life).UnixMilli()
	code := s.code(purpose, id, audit, expiresAt)
	return code, codeDoc{Purpose: purpose, Hash: hashCode(code.Code), ExpiresAt: expiresAt, AuditID: audit}, nil
}

// hashCode is the SHA-256 of a code as it was meant: with whatever case and
// separators, and with the letters that the alphabet leaves out because they
// are taken for digits.
func hashCode(code string) string {
	plain := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(code))
	sum := sha256.Sum256([]byte(plain))
	return hex.EncodeToString(sum[:])
}

// openCode finds a one-time code that may still be used and the id of the
// device or person it is for.
func (s *Service) openCode(r store.Reader, purpose store.Kind, hash string) (id string, d codeDoc, err error) {
	id, d, err = find[codeDoc](r, purpose, byCode, hash)
	if errors.Is(err, store.ErrNotFound) || err == nil && s.now().UnixMilli() >= d.ExpiresAt {
		return "", codeDoc{}, errCodeInvalid()
	}
	return id, d, err
}
