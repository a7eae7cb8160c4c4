package config

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// newKey stands for the maker of signing keys.
func newKey() ([]byte, error) { return []byte("-----BEGIN PRIVATE KEY-----\n"), nil }

func TestLoadOrCreateSecrets(t *testing.T) {
	c := Config{Data: filepath.Join(t.TempDir(), "new", "data")}
	first, err := c.LoadOrCreateSecrets(newKey)
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Pepper) != SecretBytes || len(first.TokenSecret) != SecretBytes || bytes.Equal(first.Pepper, first.TokenSecret) {
		t.Errorf("got a pepper of %d and a token secret of %d bytes, want two different ones of %d", len(first.Pepper), len(first.TokenSecret), SecretBytes)
	}
	for _, load := range []func() (Secrets, error){c.LoadSecrets, func() (Secrets, error) { return c.LoadOrCreateSecrets(newKey) }} {
		if again, err := load(); err != nil || !reflect.DeepEqual(again, first) {
			t.Errorf("the second time: got other secrets, %v", err)
		}
	}
	folder := c.secretsFolder()
	wantMode(t, folder, 0o700)
	wantMode(t, c.Data, 0o700)
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
		wantMode(t, filepath.Join(folder, e.Name()), 0o600)
	}
	if want := []string{"pepper", "signing-key.pem", "token-secret"}; !reflect.DeepEqual(names, want) {
		t.Errorf("got the files %v, want %v", names, want)
	}
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s: got mode %04o, want %04o", path, got, want)
	}
}

func TestCreateConcurrently(t *testing.T) {
	c := Config{Data: t.TempDir()}
	all := make([]Secrets, 16)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			var err error
			if all[i], err = c.LoadOrCreateSecrets(newKey); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range all {
		if !reflect.DeepEqual(all[i], all[0]) {
			t.Fatalf("starters 0 and %d got different secrets", i)
		}
	}
}

func TestLoadSecretsFromElsewhere(t *testing.T) {
	folder := t.TempDir()
	pepperFile, keyFile := write(t, folder, "p", somePepper+"\r\n", 0o400), write(t, folder, "k", "PEM", 0o600)
	token := bytes.Repeat([]byte{7}, SecretBytes)
	c := Config{Data: filepath.Join(folder, "none"), SecretSources: SecretSources{
		PepperFile: pepperFile, SigningKeyFile: keyFile, TokenSecret: Secret{base64.StdEncoding.EncodeToString(token)},
	}}
	got, err := c.LoadSecrets()
	if err != nil {
		t.Fatal(err)
	}
	pepper, _ := base64.StdEncoding.DecodeString(somePepper)
	if want := (Secrets{Pepper: pepper, TokenSecret: token, SigningKeys: []byte("PEM")}); !reflect.DeepEqual(got, want) {
		t.Error("got other secrets than were given")
	}
	if _, err := os.Stat(c.Data); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("loading made the data folder: %v", err)
	}
}

func write(t *testing.T, folder, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadSecretsFaults(t *testing.T) {
	folder := t.TempDir()
	for _, row := range []struct{ name, file, says string }{
		{"readable by the group", write(t, folder, "group", somePepper, 0o640), "run chmod 600 " + filepath.Join(folder, "group")},
		{"readable by all", write(t, folder, "all", somePepper, 0o604), "run chmod 600"},
		{"empty", write(t, folder, "empty", "", 0o600), "has 0 bytes"},
		{"too short", write(t, folder, "short", "c2hvcnQ=", 0o600), "want 32 bytes in base64"},
		{"not base64", write(t, folder, "raw", strings.Repeat("!", 44), 0o600), "want 32 bytes in base64"},
		{"too large", write(t, folder, "large", strings.Repeat("A", maxSecretFile+1), 0o600), "want 1 to"},
		{"a folder", folder, "is not a file"},
		{"not there", filepath.Join(folder, "none"), "no such file"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Config{Data: t.TempDir(), SecretSources: SecretSources{PepperFile: row.file}}
			got, err := c.LoadOrCreateSecrets(newKey)
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want %q", err, row.says)
			}
			if got.TokenSecret != nil {
				t.Error("got secrets with an error")
			}
		})
	}
	t.Run("all that are missing are listed", func(t *testing.T) {
		_, err := Config{Data: t.TempDir()}.LoadSecrets()
		for _, want := range []string{"would void all passwords", "would end all sign-ins", "RICIRCOLO_SIGNING_KEY_FILE"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
	})
	t.Run("missing for a database", func(t *testing.T) {
		_, err := Config{Data: t.TempDir(), Store: NewStore("mongodb://db/lab")}.LoadSecrets()
		if err == nil || strings.Count(err.Error(), "copy the folder secrets from the server that made it, or name it in RICIRCOLO_") != 3 {
			t.Errorf("got %v, want all three, and what to do", err)
		}
	})
	t.Run("a folder open to others", func(t *testing.T) {
		c := Config{Data: t.TempDir()}
		if err := os.Mkdir(c.secretsFolder(), 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := c.LoadOrCreateSecrets(newKey); err == nil || !strings.Contains(err.Error(), "run chmod 700") {
			t.Errorf("got %v, want a refusal", err)
		}
	})
	t.Run("a key that cannot be made", func(t *testing.T) {
		c, broken := Config{Data: t.TempDir()}, errors.New("no entropy")
		if _, err := c.LoadOrCreateSecrets(func() ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
			t.Errorf("got %v, want %v", err, broken)
		}
		if _, err := os.Stat(filepath.Join(c.secretsFolder(), "signing-key.pem")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a key is there: %v", err)
		}
	})
}

// A credential of systemd has an access list, whose mask is where the group's
// bits would be.
func TestSecretsThatSystemdGives(t *testing.T) {
	folder := t.TempDir()
	file := write(t, folder, "pepper", somePepper, 0o440)
	if _, err := readSecretFile(file); err == nil {
		t.Error("a secret for a group was read from a folder of no service")
	}
	t.Setenv("CREDENTIALS_DIRECTORY", folder+"/")
	if text, err := readSecretFile(file); err != nil || string(text) != somePepper {
		t.Errorf("got %d bytes and %v, want the credential", len(text), err)
	}
	for _, mode := range []os.FileMode{0o444, 0o460} {
		if _, err := readSecretFile(write(t, folder, fmt.Sprintf("mode-%o", mode), somePepper, mode)); err == nil {
			t.Errorf("a credential of the mode %o was read", mode)
		}
	}
}
