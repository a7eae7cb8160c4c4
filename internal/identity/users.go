package identity

import (
	"context"
	"slices"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// User is a person as the caller sees them.
type User struct {
	ID          string // UUIDv7
	Lab         string
	Email       string // empty once erased
	Name        string // empty once erased
	Memberships []access.Membership
	Disabled    bool
	Erased      bool // the name, the address and the password are gone for good
	Invited     bool // has no password (yet)
	Version     int  // 1, 2, 3 …; raised by every change of what is seen here
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// ListRequest asks for one page of a list.
type ListRequest struct {
	After string // Page.Next of the page before; empty for the first
	Limit int    // 1 … 200; 0 for 50
}

// Page is a part of a list, in the order in which its items were created.
type Page[T any] struct {
	Items []T
	Next  string // for ListRequest.After; empty on the last page
}

// ListUsers returns the people in the caller's view: a manager's own staff,
// otherwise everybody of the caller's scope. Disabled and erased people are
// among them, because entries point to them.
func (s *Service) ListUsers(ctx context.Context, caller access.Caller, req ListRequest) (Page[User], error) {
	if err := caller.May(access.ReadUsers); err != nil {
		return Page[User]{}, err
	}
	index, value := byLab, caller.Lab
	switch {
	case caller.Role == access.Manager:
		index, value = userByStaff, place(caller.Lab, caller.Facility)
	case caller.Facility != "":
		index, value = byFacility, place(caller.Lab, caller.Facility)
	case caller.Recycler != "":
		index, value = userByRecycler, place(caller.Lab, caller.Recycler)
	}
	return list(ctx, s, req, userKind, index, value, func(id string, d userDoc) User { return viewUser(caller, id, d) })
}

// list reads one page of the documents with a key.
func list[D document, T any](ctx context.Context, s *Service, req ListRequest, kind store.Kind, index, value string, view func(string, D) T) (Page[T], error) {
	if req.Limit == 0 {
		req.Limit = defaultListLimit
	}
	if req.Limit < 0 || req.Limit > maxListLimit {
		return Page[T]{}, invalid("?limit", "out-of-range", "Ask for 1 to 200 at a time.")
	}
	if req.After != "" && !wellFormed(req.After) {
		return Page[T]{}, invalid("?after", "malformed", "Use the value that came with the page before.")
	}
	q := exactly(kind, index, value, req.Limit+1)
	if req.After != "" {
		q.After = &store.Position{Value: value, ID: req.After}
	}
	page := Page[T]{}
	err := s.cfg.Store.View(ctx, Partition, func(r store.Reader) error {
		hits, err := r.Find(q)
		if err != nil {
			return err
		}
		page = Page[T]{Items: make([]T, 0, len(hits))}
		for i, hit := range hits {
			if i == req.Limit { // one more was asked for, to know whether there is one
				page.Next = hits[i-1].Document.ID
				break
			}
			var d D
			if err := decode(hit.Document, &d); err != nil {
				return err
			}
			page.Items = append(page.Items, view(hit.Document.ID, d))
		}
		return nil
	})
	return page, err
}

// GetUser returns a person in the caller's view, or "user-unknown".
func (s *Service) GetUser(ctx context.Context, caller access.Caller, id string) (User, error) {
	if err := caller.May(access.ReadUsers); err != nil {
		return User{}, err
	}
	var u User
	err := s.cfg.Store.View(ctx, Partition, func(r store.Reader) error {
		d, err := loadSeen(r, caller, id)
		u = viewUser(caller, id, d)
		return err
	})
	return u, err
}

// Profile is what callers may know of themselves.
type Profile struct {
	Caller access.Caller
	User   *User   // of a person, with all memberships
	Device *Device // of a shared phone
}

// Me returns the caller's own account.
func (s *Service) Me(ctx context.Context, caller access.Caller) (Profile, error) {
	if err := caller.May(access.ReadOwnAccount); err != nil {
		return Profile{}, err
	}
	p := Profile{Caller: caller}
	err := s.cfg.Store.View(ctx, Partition, func(r store.Reader) error {
		if caller.User == "" {
			d, err := load[deviceDoc](r, deviceKind, caller.Device)
			view := viewDevice(caller.Device, d)
			p.Device = &view
			return notFound(err, errDeviceUnknown())
		}
		d, err := load[userDoc](r, userKind, caller.User)
		view := fullUser(caller.User, d)
		p.User = &view
		return notFound(err, errUserUnknown())
	})
	if err != nil {
		return Profile{}, err
	}
	return p, nil
}

// loadSeen reads a person in the caller's view. Somebody outside of it is
// answered exactly like somebody who does not exist.
func loadSeen(r store.Reader, caller access.Caller, id string) (userDoc, error) {
	d, err := load[userDoc](r, userKind, id)
	if err != nil {
		return userDoc{}, notFound(err, errUserUnknown())
	}
	if !seesUser(caller, d) {
		return userDoc{}, errUserUnknown()
	}
	return d, nil
}

// loadReached reads a person whom the caller may change, and who has not been
// erased.
func loadReached(r store.Reader, caller access.Caller, id string) (userDoc, error) {
	d, err := loadSeen(r, caller, id)
	switch {
	case err != nil:
		return userDoc{}, err
	case !reachesUser(caller, d):
		return userDoc{}, errOutOfReach()
	case d.Erased:
		return userDoc{}, problem.New(problem.Conflict, "user-erased", "This person has been erased and cannot be changed any more.")
	}
	return d, nil
}

// viewUser is a person with those memberships that the caller sees.
func viewUser(caller access.Caller, id string, d userDoc) User {
	u := fullUser(id, d)
	u.Memberships = slices.DeleteFunc(u.Memberships, func(m access.Membership) bool { return !sees(caller, m) })
	return u
}

func fullUser(id string, d userDoc) User {
	return User{
		ID: id, Lab: d.Lab, Email: d.Email, Name: d.Name,
		Memberships: slices.Clone(d.Memberships),
		Disabled:    d.Disabled, Erased: d.Erased, Invited: d.Password == "" && !d.Erased,
		Version: d.Version, CreatedAt: fromMilli(d.CreatedAt), UpdatedAt: fromMilli(d.UpdatedAt),
	}
}

// fromMilli is a stored time; 0 stands for none.
func fromMilli(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
