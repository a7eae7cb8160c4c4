package config

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// SecretBytes is the length of the pepper and of the token secret.
	SecretBytes = 32

	// SecretsFolder is where the secrets lie that nobody gave, inside the data
	// folder. Keep it out of the backups of the store.
	SecretsFolder = "secrets"

	// maxSecretFile is the largest file that is taken for a secret, in bytes.
	maxSecretFile = 64 << 10
)

// Secrets are the secrets themselves.
type Secrets struct {
	Pepper      []byte // SecretBytes bytes
	TokenSecret []byte // SecretBytes bytes
	SigningKeys []byte // one or more PEM blocks, not parsed here
}

// LoadSecrets reads the secrets from where SecretSources says, or from
// SecretsFolder. One that is missing is a fault: made anew, it would void all
// passwords or end all sign-ins. All faults are returned at once.
func (c Config) LoadSecrets() (Secrets, error) { return c.loadSecrets(nil, nil) }

// LoadOrCreateSecrets is LoadSecrets for a lab that is being set up: what is
// missing is made in SecretsFolder, readable by this user only. Call it only
// while the store is empty. newKey makes the PEM text of a signing key.
//
// Two processes that start at once get the same secrets, and after a crash a
// secret is there whole or not at all.
func (c Config) LoadOrCreateSecrets(newKey func() ([]byte, error)) (Secrets, error) {
	if err := makeSecretsFolder(c.secretsFolder()); err != nil {
		return Secrets{}, err
	}
	return c.loadSecrets(newSecret, newKey)
}

func (c Config) secretsFolder() string { return filepath.Join(c.Data, SecretsFolder) }

// loadSecrets makes a missing secret with newSecret or newKey, or not if nil.
func (c Config) loadSecrets(newSecret, newKey func() ([]byte, error)) (Secrets, error) {
	folder, instead := c.secretsFolder(), "restore it"
	if c.Store.MongoDB() {
		instead = "the database has a lab already, so copy the folder " + SecretsFolder + " from the server that made it"
	}
	pepper, err1 := source{
		env: "RICIRCOLO_PEPPER", given: c.Pepper, file: c.PepperFile, fallback: filepath.Join(folder, "pepper"),
		create: newSecret, loss: "a new one would void all passwords", instead: instead,
	}.readBase64()
	token, err2 := source{
		env: "RICIRCOLO_TOKEN_SECRET", given: c.TokenSecret, file: c.TokenSecretFile, fallback: filepath.Join(folder, "token-secret"),
		create: newSecret, loss: "a new one would end all sign-ins", instead: instead,
	}.readBase64()
	keys, _, err3 := source{
		env: "RICIRCOLO_SIGNING_KEY", given: c.SigningKey, file: c.SigningKeyFile, fallback: filepath.Join(folder, "signing-key.pem"),
		create: newKey, loss: "what it signed could not be verified with a new one", instead: instead,
	}.read()
	if err := errors.Join(err1, err2, err3); err != nil {
		return Secrets{}, err
	}
	return Secrets{pepper, token, keys}, nil
}

// source is where one secret may come from, in this order.
type source struct {
	env      string                 // the variable of given; with _FILE that of file
	given    Secret                 // the text itself
	file     string                 // a file that the operator named
	fallback string                 // the file in the secrets folder
	create   func() ([]byte, error) // makes the text of the fallback; nil if it must be there
	loss     string                 // what making it anew would do
	instead  string                 // of making it anew
}

// readBase64 returns the decoded secret.
func (s source) readBase64() ([]byte, error) {
	text, from, err := s.read()
	if err != nil {
		return nil, err
	}
	secret, err := decodeSecret(text)
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", from, err)
	}
	return secret, nil
}

// read returns the text of the secret, and the variable or file it is from.
func (s source) read() (text []byte, from string, err error) {
	if s.given.IsSet() {
		return []byte(s.given.Reveal()), s.env, nil
	}
	if s.file != "" {
		text, err = readSecretFile(s.file)
		return text, s.file, err
	}
	text, err = readSecretFile(s.fallback)
	if !errors.Is(err, fs.ErrNotExist) {
		return text, s.fallback, err
	}
	if s.create == nil {
		return nil, "", fmt.Errorf("secret %s is missing and %s: %s, or name it in %s_FILE", s.fallback, s.loss, s.instead, s.env)
	}
	if text, err = s.create(); err == nil {
		err = writeSecretFile(s.fallback, text)
	}
	if err != nil {
		return nil, "", fmt.Errorf("making secret %s: %w", s.fallback, err)
	}
	text, err = readSecretFile(s.fallback) // another process may have been first
	return text, s.fallback, err
}

// newSecret makes SecretBytes random bytes in base64, and a line's end.
func newSecret() ([]byte, error) {
	secret := make([]byte, SecretBytes)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	return append(base64.StdEncoding.AppendEncode(nil, secret), '\n'), nil
}

// decodeSecret reads SecretBytes bytes in base64. Its error does not repeat the
// text.
func decodeSecret(text []byte) ([]byte, error) {
	secret, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(secret) != SecretBytes {
		return nil, fmt.Errorf("want %d bytes in base64, such as `openssl rand -base64 %d` prints", SecretBytes, SecretBytes)
	}
	return secret, nil
}

// readSecretFile reads a file that only its owner may touch.
func readSecretFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening secret: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("opening secret: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("secret %s is not a file", path)
	case info.Mode().Perm()&0o077&^sharedBits(path) != 0:
		return nil, fmt.Errorf("secret %s can be used by others (mode %04o): run chmod 600 %[1]s", path, info.Mode().Perm())
	case info.Size() == 0 || info.Size() > maxSecretFile:
		return nil, fmt.Errorf("secret %s has %d bytes, want 1 to %d", path, info.Size(), maxSecretFile)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile))
	if err != nil {
		return nil, fmt.Errorf("reading secret: %w", err)
	}
	return text, nil
}

// sharedBits are the bits of a secret's mode that give it to nobody else. systemd
// may give a credential (LoadCredential=) to the service's user by an access
// list, and where a file has one, the bits of the group are the list's mask.
func sharedBits(path string) fs.FileMode {
	folder := os.Getenv("CREDENTIALS_DIRECTORY")
	if folder == "" || filepath.Dir(path) != filepath.Clean(folder) {
		return 0
	}
	return 0o040
}

// writeSecretFile makes a file of mode 0600 that is there whole or not at all.
// If it is there already it stays as it is.
func writeSecretFile(path string, text []byte) error {
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, ".new-*") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	// A link, unlike a rename, does not replace what another process made.
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(folder)
}

// makeSecretsFolder makes the folder and those above it with mode 0700.
func makeSecretsFolder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("making folder of the secrets: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("making folder of the secrets: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("folder of the secrets %s can be used by others (mode %04o): run chmod 700 %[1]s", path, info.Mode().Perm())
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
