package identity

// JWKS is the public part of the keys that sign access tokens, as a JSON Web
// Key Set (RFC 7517). The caller must not change it.
func (s *Service) JWKS() []byte { return s.cfg.Keys.JWKS() }
