package config

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Store names the engine that keeps the labs, and where: nothing for the SQLite
// file of the data folder, sqlite:DIR for that of another folder, or the
// connection string of a MongoDB database. Whatever is done to the value, its
// password is not printed.
type Store struct{ text string }

// NewStore is UnmarshalText.
func NewStore(text string) Store { return Store{text} }

const sqliteScheme = "sqlite:"

var mongoScheme = regexp.MustCompile(`^mongodb(\+srv)?://[^/?]`)

// IsSet reports whether a store was named.
func (s Store) IsSet() bool { return s.text != "" }

// MongoDB reports whether the store is a MongoDB database; Reveal is then its
// connection string.
func (s Store) MongoDB() bool { return mongoScheme.MatchString(s.text) }

// Folder is the data folder of an SQLite store that was named by sqlite:DIR.
func (s Store) Folder() (dir string, named bool) {
	if dir, named = strings.CutPrefix(s.text, sqliteScheme); !named {
		return "", false
	}
	return dir, dir != ""
}

// Reveal is the text, with the password.
func (s Store) Reveal() string { return s.text }

// secretOptions are options of a connection string that may hold a secret.
var secretOptions = regexp.MustCompile(`(?i)([?&](?:[a-z]*password|authmechanismproperties)=)[^&]*`)

// String is the text with the password as ***. What is not a connection string
// as it should be is hidden up to its last @.
func (s Store) String() string {
	scheme, rest, found := strings.Cut(s.text, "://")
	if !found {
		scheme, rest = "", s.text
	} else {
		scheme += "://"
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, _, secret := strings.Cut(rest[:at], ":")
		if secret {
			user += ":***"
		}
		rest = user + rest[at:]
	}
	return scheme + secretOptions.ReplaceAllString(rest, "$1***")
}

// Format prints String for every verb.
func (s Store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText gives String, for JSON and for the log.
func (s Store) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes any text.
func (s *Store) UnmarshalText(text []byte) error {
	s.text = string(text)
	return nil
}

// AfterApply is called by kong. It refuses a password on the command line,
// which all users of the machine can read.
func (s Store) AfterApply(ctx *kong.Context, from *kong.Path) error {
	if s.String() == s.text || !slices.Contains(ctx.Path, from) { // from the environment
		return nil
	}
	return errors.New("a password on the command line is readable by all users of this machine: give the connection string as an environment variable, which --help names")
}

const wantMongoDB = "want mongodb://HOST:PORT/DATABASE or mongodb+srv://HOST/DATABASE"

func (s Store) validate(v *validator) {
	v.fault(s.IsSet() && !s.MongoDB(), "Store", "%s; leave it out for the SQLite file in the data folder", wantMongoDB)
}

// Check returns what is wrong with a store that has to be named, sqlite:DIR or
// a database.
func (s Store) Check() error {
	if _, folder := s.Folder(); folder || s.MongoDB() {
		return nil
	}
	return fmt.Errorf("%q is no store: want sqlite:DIR, the data folder that has it, or mongodb://HOST:PORT/DATABASE or mongodb+srv://HOST/DATABASE", s)
}
