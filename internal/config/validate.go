package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/ricircolo/ricircolo/qrlabels"
)

// Validate returns all faults at once, joined; each names the flag and the
// environment variable and says what to do. kong calls it after parsing. What
// cannot be read at all, such as a size that is no number, kong refuses before,
// one by one.
func (c Config) Validate() error {
	v := validator{settings: c.settings()}
	v.fault(c.Data == "", "Data", "name a folder")
	c.Store.validate(&v)
	host, port, err := net.SplitHostPort(c.Listen)
	n, portErr := strconv.ParseUint(port, 10, 16)
	v.fault(err != nil || portErr != nil || strings.ContainsAny(host, " /@"), "Listen", "want an address and a port, such as 127.0.0.1:8080")
	c.validateURL(&v)
	v.fault(n == 0 && err == nil && portErr == nil && c.BaseURL == "", "BaseURL", "name it, since port 0 to listen on may become any port")
	c.validateAppURL(&v)
	v.networks("TrustedProxies", c.TrustedProxies)
	v.networks("MetricsFrom", c.MetricsFrom)
	v.fault(c.MemoryLimit != 0 && c.MemoryLimit < 64*MiB, "MemoryLimit", "want 0 or at least 64MiB")
	v.fault(!validID(c.Lab), "Lab", "want 1 to 40 characters of a-z, 0-9 and -")
	v.fault(strings.TrimSpace(c.LabName) == "" || len(c.LabName) > 200, "LabName", "want a name of at most 200 bytes")
	c.validateAssets(&v)
	v.fault(c.LogFormat != "text" && c.LogFormat != "json", "LogFormat", "want text or json")
	v.fault(c.TokenAudience == "", "TokenAudience", "want a name, such as ricircolo")
	c.SecretSources.validate(&v)
	c.Limits.validate(&v)
	return errors.Join(v.faults...)
}

func (c Config) validateURL(v *validator) {
	if c.BaseURL == "" {
		v.fault(!loopback(c.Listen), "BaseURL", "name it, since others than this machine can reach --listen: where do phones find the server?")
		return
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" || c.BaseURL != u.Scheme+"://"+u.Host {
		v.fault(true, "BaseURL", "want a scheme and a host without a path, in lower case, such as https://ricircolo.example")
		return
	}
	v.fault(!guarded(u), "BaseURL", "want https; phones give no camera to http, except for a loopback address")
}

// guarded reports whether nobody on the way can read or change what is sent.
func guarded(u *url.URL) bool {
	here := loopback(u.Host) || loopback(net.JoinHostPort(u.Hostname(), "80"))
	return u.Scheme == "https" || u.Scheme == "http" && here
}

// appPath is a path on the server's own host. Browsers take a second slash, or a
// backslash, for the beginning of another host; dots would lead up again.
var appPath = regexp.MustCompile(`^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$`)

// validateAppURL keeps labels from leading signed-in phones in a circle, or to
// where somebody on the way could put a page of theirs.
func (c Config) validateAppURL(v *validator) {
	if c.AppURL == "" || appPath.MatchString(c.AppURL) {
		return
	}
	u, err := url.Parse(c.AppURL)
	if err != nil || u.Host == "" || c.AppURL != u.Scheme+"://"+u.Host+u.Path || u.Path != "" && !appPath.MatchString(u.Path) {
		v.fault(true, "AppURL", "want a path on this server such as /app, or a URL on its host such as https://ricircolo.example/app, without a slash at its end")
		return
	}
	v.fault(!guarded(u), "AppURL", "want https, except for a loopback address")
	public, err := url.Parse(c.PublicURL())
	v.fault(err != nil || u.Hostname() != public.Hostname(), "AppURL", "want this server's own host: that somebody signed in there is what leads on to the app")
	v.fault(c.AppURL == c.PublicURL(), "AppURL", "name a path of its own: the labels lead to this server already")
}

// validateAssets leaves what GS1 allows to those who know it, and says which of
// the two settings to change.
func (c Config) validateAssets(v *validator) {
	if c.GS1CompanyPrefix == "" {
		v.fault(c.GS1AssetType != "", "GS1AssetType", "set --gs1-company-prefix as well, or leave this out: short links have no asset type")
		return
	}
	if _, err := (qrlabels.Base{}).WithAsset(c.GS1CompanyPrefix, c.assetType()); err == nil {
		return
	}
	without := Config{GS1CompanyPrefix: c.GS1CompanyPrefix}
	if _, err := (qrlabels.Base{}).WithAsset(c.GS1CompanyPrefix, without.assetType()); err != nil {
		v.fault(true, "GS1CompanyPrefix", "want the 6 to 12 digits that GS1 gave you, and nothing else; leave it out for short links")
		return
	}
	left := companyDigits - len(c.GS1CompanyPrefix)
	if left == 0 {
		v.fault(true, "GS1AssetType", "leave it out: the prefix has all %d digits", companyDigits)
		return
	}
	v.fault(true, "GS1AssetType", "want %d digits, which fill the prefix %s up to %d, or leave it out for zeros", left, c.GS1CompanyPrefix, companyDigits)
}

func (l Limits) validate(v *validator) {
	between := func(field string, value, low, high int) {
		v.fault(value < low || value > high, field, "want %d to %d", low, high)
	}
	v.fault(l.MaxBody < KiB || l.MaxBody > MiB, "MaxBody", "want 1KiB to 1MiB")
	v.fault(l.MaxBatchBody < l.MaxBody || l.MaxBatchBody > MiB, "MaxBatchBody", "want --max-body (%s) to 1MiB", l.MaxBody)
	between("MaxConnections", l.MaxConnections, 1, 1<<20)
	between("MaxConnectionsPerAddress", l.MaxConnectionsPerAddress, 1, max(1, l.MaxConnections))
	between("MaxReads", l.MaxReads, 1, 1<<16)
	between("MaxWrites", l.MaxWrites, 1, 1<<16)
	between("MaxHeavy", l.MaxHeavy, 1, 1<<10)
	between("AddressBurst", l.AddressBurst, 1, 1<<20)
	between("CallerBurst", l.CallerBurst, 1, 1<<20)
	const fastest = 1e6
	v.fault(!(l.AddressRate > 0 && l.AddressRate <= fastest), "AddressRate", "want more than 0 and at most 1000000 per second")
	v.fault(!(l.CallerRate > 0 && l.CallerRate <= fastest), "CallerRate", "want more than 0 and at most 1000000 per second")
}

// validator collects faults.
type validator struct {
	settings []setting
	faults   []error
}

// fault records, if bad, that the value of a field is wrong and what is wanted.
func (v *validator) fault(bad bool, field, want string, args ...any) {
	if !bad {
		return
	}
	for _, s := range v.settings {
		if s.field == field {
			got := strconv.Quote(fmt.Sprint(s.value.Interface()))
			v.faults = append(v.faults, fmt.Errorf("--%s (%s) is %s: %s", s.flag, s.env, got, fmt.Sprintf(want, args...)))
			return
		}
	}
	panic("config: no field " + field)
}

func (v *validator) networks(field string, list Networks) {
	for _, prefix := range list {
		v.fault(prefix.Bits() == 0, field, "%s is everybody; name the networks", prefix)
		v.fault(prefix != netip.PrefixFrom(prefix.Masked().Addr(), prefix.Bits()), field, "%s has bits set behind its mask; write %s", prefix, prefix.Masked())
	}
}

// validID reports whether an id is fit for file names, URLs and logs.
func validID(id string) bool {
	return len(id) >= 1 && len(id) <= 40 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
