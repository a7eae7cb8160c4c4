package token

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

const pemType = "PRIVATE KEY"

// Keys is a fixed set of Ed25519 keys: the first one signs, all verify. To
// rotate, put a new key in front and drop the old one when the last token it
// signed has expired. It is safe for concurrent use.
type Keys struct {
	signer   ed25519.PrivateKey
	signerID string
	verifier map[string]ed25519.PublicKey // by key id
	jwks     []byte
}

// Generate returns a new private key as a PEM block (PKCS #8).
func Generate() ([]byte, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generating signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("encoding signing key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}), nil
}

// LoadKeys reads the keys of one or more PEM files, in the order given.
func LoadKeys(files ...string) (*Keys, error) {
	texts := make([][]byte, 0, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading signing key: %w", err)
		}
		texts = append(texts, text)
	}
	return ParseKeys(texts...)
}

// ParseKeys reads the keys of one or more PEM texts, each of which may hold
// several blocks. Anything but an unencrypted PKCS #8 Ed25519 key is refused,
// and so is a text without a key: a key that is silently left out would be
// noticed only when its tokens stop working.
func ParseKeys(texts ...[]byte) (*Keys, error) {
	k := &Keys{verifier: make(map[string]ed25519.PublicKey)}
	var set []jwk
	for i, text := range texts {
		n := len(set)
		for {
			var block *pem.Block
			if block, text = pem.Decode(text); block == nil {
				break
			}
			private, err := parsePrivate(block)
			if err != nil {
				return nil, fmt.Errorf("signing key text %d: %w", i+1, err)
			}
			key := k.add(private)
			if key == nil {
				return nil, fmt.Errorf("signing key text %d: the same key twice", i+1)
			}
			set = append(set, *key)
		}
		if len(set) == n {
			return nil, fmt.Errorf("signing key text %d: no PEM block", i+1)
		}
	}
	if len(set) == 0 {
		return nil, errors.New("no signing key given")
	}
	var err error
	if k.jwks, err = json.Marshal(map[string][]jwk{"keys": set}); err != nil {
		return nil, fmt.Errorf("encoding key set: %w", err)
	}
	return k, nil
}

// JWKS is the public part of the set as a JSON Web Key Set (RFC 7517, 8037).
// The caller must not change it.
func (k *Keys) JWKS() []byte { return k.jwks }

// KeyID is the id of the key that signs.
func (k *Keys) KeyID() string { return k.signerID }

// jwk is a public key in the form of RFC 8037.
type jwk struct {
	Type  string `json:"kty"`
	Curve string `json:"crv"`
	X     string `json:"x"`
	ID    string `json:"kid"`
	Alg   string `json:"alg"`
	Use   string `json:"use"`
}

// add puts a key into the set and returns its public form, or nil if the set
// has it already.
func (k *Keys) add(private ed25519.PrivateKey) *jwk {
	public := private.Public().(ed25519.PublicKey)
	x := base64.RawURLEncoding.EncodeToString(public)
	id := thumbprint(x)
	if _, known := k.verifier[id]; known {
		return nil
	}
	k.verifier[id] = public
	if k.signer == nil {
		k.signer, k.signerID = private, id
	}
	return &jwk{Type: "OKP", Curve: "Ed25519", X: x, ID: id, Alg: "EdDSA", Use: "sig"}
}

// thumbprint is the RFC 7638 thumbprint of an Ed25519 key: the required
// members in lexical order, without white space.
func thumbprint(x string) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func parsePrivate(block *pem.Block) (ed25519.PrivateKey, error) {
	if block.Type != pemType {
		return nil, fmt.Errorf("PEM block is a %q, want a %q", block.Type, pemType)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parsing PKCS #8: %w", err)
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("key is a %T, want Ed25519", key)
	}
	return private, nil
}
