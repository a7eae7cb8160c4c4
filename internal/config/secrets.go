package config

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/alecthomas/kong"
)

// SecretSources says where the secrets come from: a file each or an environment
// variable each, or else a file that the server makes in the data folder. The
// pepper and the token secret are SecretBytes bytes in base64, such as
// `openssl rand -base64 32` prints.
type SecretSources struct {
	// PepperFile or Pepper is what passwords are mixed with. Changing it voids
	// all passwords.
	PepperFile string `name:"pepper-file" env:"RICIRCOLO_PEPPER_FILE" placeholder:"FILE" help:"File with the pepper of the passwords: 32 bytes in base64. Default: made in the data folder." group:"Secrets and tokens"`
	Pepper     Secret `name:"pepper" env:"RICIRCOLO_PEPPER" hidden:"" help:"The pepper itself, as an environment variable only." group:"Secrets and tokens"`

	// TokenSecretFile or TokenSecret is what refresh tokens and one-time codes
	// are derived from. Changing it ends all sign-ins.
	TokenSecretFile string `name:"token-secret-file" env:"RICIRCOLO_TOKEN_SECRET_FILE" placeholder:"FILE" help:"File with the secret of the refresh tokens: 32 bytes in base64. Default: made in the data folder." group:"Secrets and tokens"`
	TokenSecret     Secret `name:"token-secret" env:"RICIRCOLO_TOKEN_SECRET" hidden:"" help:"The token secret itself, as an environment variable only." group:"Secrets and tokens"`

	// SigningKeyFile or SigningKey are the Ed25519 keys of the access tokens:
	// the first one signs, all verify.
	SigningKeyFile string `name:"signing-key-file" env:"RICIRCOLO_SIGNING_KEY_FILE" placeholder:"FILE" help:"PEM file with the Ed25519 keys of the access tokens, the signing one first. Default: made in the data folder." group:"Secrets and tokens"`
	SigningKey     Secret `name:"signing-key" env:"RICIRCOLO_SIGNING_KEY" hidden:"" help:"The PEM text itself, as an environment variable only." group:"Secrets and tokens"`
}

func (s SecretSources) validate(v *validator) {
	v.fault(s.PepperFile != "" && s.Pepper.IsSet(), "PepperFile", "RICIRCOLO_PEPPER is set as well; give one of the two")
	v.fault(s.TokenSecretFile != "" && s.TokenSecret.IsSet(), "TokenSecretFile", "RICIRCOLO_TOKEN_SECRET is set as well; give one of the two")
	v.fault(s.SigningKeyFile != "" && s.SigningKey.IsSet(), "SigningKeyFile", "RICIRCOLO_SIGNING_KEY is set as well; give one of the two")
	v.secret("Pepper", s.Pepper)
	v.secret("TokenSecret", s.TokenSecret)
	v.fault(s.Pepper.IsSet() && s.Pepper == s.TokenSecret, "TokenSecret", "want another one than RICIRCOLO_PEPPER")
}

func (v *validator) secret(field string, s Secret) {
	if s.IsSet() {
		_, err := decodeSecret([]byte(s.text))
		v.fault(err != nil, field, "%v", err)
	}
}

// Secret is a secret text that is never printed, whatever is done to the value
// that holds it. The zero Secret is not set.
type Secret struct{ text string }

// NewSecret wraps a text.
func NewSecret(text string) Secret { return Secret{text} }

// IsSet reports whether there is a text.
func (s Secret) IsSet() bool { return s.text != "" }

// Reveal is the text.
func (s Secret) Reveal() string { return s.text }

// String is "[secret]", or empty if s is not set.
func (s Secret) String() string {
	if !s.IsSet() {
		return ""
	}
	return "[secret]"
}

// Format prints String for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText gives String, for JSON and for the log.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes any text.
func (s *Secret) UnmarshalText(text []byte) error {
	s.text = string(text)
	return nil
}

// BeforeApply is called by kong. It refuses a secret on the command line, which
// all users of the machine can read.
func (s Secret) BeforeApply(ctx *kong.Context, from *kong.Path) error {
	if !slices.Contains(ctx.Path, from) {
		return nil // from the environment
	}
	return errors.New("a secret on the command line is readable by all users of this machine: set it in the environment, or name a file")
}
