package password

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The length of a password, in characters.
const (
	MinLength = 12
	MaxLength = 128

	// maxBytes is checked first, so that nothing long is ever normalised.
	maxBytes = 4 * MaxLength
)

// common lists passwords of 12 characters and more that appear again and again
// in published leaks, or that people here are likely to think of; one a line,
// in lower case.
//
//go:embed common.txt
var common string

// Fault says why a password is refused.
type Fault struct {
	Code   string // "too-short", "too-long", "like-email" or "too-common"
	Detail string // a sentence for the person choosing it
}

// Check returns what speaks against a password for the account with an e-mail
// address, or nil. There are no rules about kinds of characters: they make
// passwords worse.
func Check(password, email string) *Fault {
	if len(password) > maxBytes {
		return tooLong()
	}
	lower := strings.ToLower(normalise(password))
	switch n := utf8.RuneCountInString(lower); {
	case n < MinLength:
		return &Fault{"too-short", fmt.Sprintf("Use at least %d characters.", MinLength)}
	case n > MaxLength:
		return tooLong()
	}
	email = strings.ToLower(email)
	local, _, _ := strings.Cut(email, "@")
	if email != "" && (strings.Contains(lower, email) || lower == local) {
		return &Fault{"like-email", "Do not use your e-mail address as the password."}
	}
	if monotonous(lower) || slices.Contains(strings.Fields(common), lower) {
		return &Fault{"too-common", "This password is among the first to be guessed. Choose another one."}
	}
	return nil
}

// TooLong reports whether a password cannot belong to any account, which saves
// normalising and hashing it.
func TooLong(password string) bool { return len(password) > maxBytes }

func tooLong() *Fault {
	return &Fault{"too-long", fmt.Sprintf("Use at most %d characters.", MaxLength)}
}

// monotonous reports whether a password is a pattern of at most four
// characters said again and again, like "abababababab".
func monotonous(s string) bool {
	for period := 1; period <= 4 && period < len(s); period++ {
		if s[period:] == s[:len(s)-period] {
			return true
		}
	}
	return false
}

// normalise makes "è" typed on one phone equal to "è" typed on another, which
// may send it as two characters.
func normalise(password string) string { return norm.NFKC.String(password) }
