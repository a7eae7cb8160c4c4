package identity

import (
	"errors"
	"time"

	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// The answers of this package that more than one method gives. Each call makes
// a new one because callers may add a cause.

func errTokenInvalid() *problem.Error {
	return problem.New(problem.Unauthenticated, "token-invalid", "The access token is not valid (any more). Refresh it or sign in again.")
}

func errRefreshInvalid() *problem.Error {
	return problem.New(problem.Unauthenticated, "refresh-invalid", "The sign-in has ended. Sign in again.")
}

// errCredentials is the one answer to a wrong password, an unknown address, a
// disabled account and one without a password.
func errCredentials() *problem.Error {
	return problem.New(problem.Unauthenticated, "credentials-invalid", "E-mail address and password do not belong together.")
}

func errCodeInvalid() *problem.Error {
	return problem.New(problem.Unauthenticated, "code-invalid", "The code is unknown, used or expired. Ask for a new one.")
}

func errBlocked(wait time.Duration) *problem.Error {
	return problem.New(problem.TooMany, "sign-in-blocked", "There were too many failed attempts. Wait before the next.").After(wait)
}

func errBusy(cause error) *problem.Error {
	return problem.New(problem.TooMany, "sign-in-busy", "Many people are signing in right now. Try again in a moment.").
		After(2 * time.Second).Because(cause)
}

func errUserUnknown() *problem.Error {
	return problem.New(problem.NotFound, "user-unknown", "There is no such person.")
}

func errDeviceUnknown() *problem.Error {
	return problem.New(problem.NotFound, "device-unknown", "There is no such device.")
}

func errOutOfReach() *problem.Error {
	return problem.New(problem.Forbidden, "user-out-of-reach", "This person has roles that you may not give or take. Ask your coordinator.")
}

// notFound replaces store.ErrNotFound, by the problem that a caller may see or
// by nil.
func notFound(err, unknown error) error {
	if errors.Is(err, store.ErrNotFound) {
		return unknown
	}
	return err
}
