package identity

import "crypto/rand"

// ForgeRefresh makes a refresh token of the family of raw that carries a good
// tag, as somebody could who has stolen that key: steps generations later, with
// the same secret or with a made-up one.
func (s *Service) ForgeRefresh(raw string, steps int, sameSecret bool) (string, error) {
	t, err := s.keys.parseRefresh(raw)
	if err != nil {
		return "", err
	}
	t.generation += uint32(steps)
	if !sameSecret {
		rand.Read(t.secret[:])
	}
	return s.keys.formatRefresh(t), nil
}
