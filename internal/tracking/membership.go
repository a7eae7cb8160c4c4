package tracking

import (
	"context"
	"errors"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// CheckMembership returns an Unprocessable problem unless the facility, ward
// and recycler that m names are in the catalogue of its lab, and the ward in
// that facility. It asks no caller: memberships are given by identity, which
// has authorised that.
func (s *Service) CheckMembership(ctx context.Context, m access.Membership) error {
	return s.store.View(ctx, store.LabID(m.Lab), func(r store.Reader) error {
		if err := namedFacility(r, m.Facility); err != nil {
			return err
		}
		if err := namedWard(r, m.Facility, m.Ward); err != nil {
			return err
		}
		return namedRecycler(r, m.Recycler)
	})
}

func namedFacility(r store.Reader, id string) error {
	if id == "" {
		return nil
	}
	_, err := named[Facility](r, KindFacility, id)
	return unknownPlace(err, "/facility", "facility")
}

// namedWard answers for the ward of another facility as for none.
func namedWard(r store.Reader, facility, id string) error {
	if id == "" {
		return nil
	}
	ward, err := named[Ward](r, KindWard, id)
	if err == nil && ward.Facility != facility {
		err = store.ErrNotFound
	}
	return unknownPlace(err, "/ward", "ward in this facility")
}

func namedRecycler(r store.Reader, id string) error {
	if id == "" {
		return nil
	}
	_, err := named[Recycler](r, KindRecycler, id)
	return unknownPlace(err, "/recycler", "recycler")
}

// named reads a document by an id that anybody may have made up.
func named[T any, P interface {
	*T
	document
}](r store.Reader, kind store.Kind, id string) (P, error) {
	if !validID(id) {
		return nil, store.ErrNotFound
	}
	return read[T, P](r, kind, id)
}

func unknownPlace(err error, pointer, what string) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return problem.New(problem.Unprocessable, "reference-unknown", "The membership names something that is not there.").
		With(pointer, "unknown", "There is no such "+what+".")
}
