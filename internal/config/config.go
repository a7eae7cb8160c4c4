// Package config owns what an operator can set: one struct for the server, its
// flags, environment variables and defaults, the check of all of it at once,
// and the secrets that lie beside the data.
//
// The struct is embedded in the command line's struct and filled by kong. Of
// this program it imports the labels only, whose links are settings as well; the
// packages that are configured each have a Config of their own, which the
// command fills from this one.
package config

import (
	"io"
	"log/slog"
	"net"
	"net/netip"
	"reflect"
	"strings"

	"github.com/ricircolo/ricircolo/qrlabels"
)

// Config is what the command serve can be told. Every field is a flag and an
// environment variable, RICIRCOLO_ and the flag's name; the flag wins.
type Config struct {
	// Data is the folder of everything that the server keeps. It is made if it
	// is not there.
	Data string `name:"data" env:"RICIRCOLO_DATA" default:"data" help:"Folder of everything that the server keeps." group:"Server"`

	// Store is where the labs are kept. Default: in an SQLite file in Data. With
	// MongoDB, Data has the secrets only, unless they come from elsewhere.
	Store Store `name:"store" env:"RICIRCOLO_STORE" placeholder:"URI" help:"MongoDB database that keeps the labs, such as mongodb://host:27017/ricircolo; with a password as an environment variable only. Default: an SQLite file in the data folder." group:"Server"`

	// Listen is the address and port to accept connections on. TLS is the
	// business of a proxy in front.
	Listen string `name:"listen" env:"RICIRCOLO_LISTEN" default:"127.0.0.1:8080" help:"Address and port to listen on." group:"Server"`

	// BaseURL is where phones and printed labels reach the server: scheme and
	// host, no path. Read it with PublicURL, which has its default.
	BaseURL string `name:"base-url" env:"RICIRCOLO_BASE_URL" placeholder:"URL" help:"Where phones and printed labels reach the server, such as https://ricircolo.example. Default: the address to listen on, if that is a loopback one." group:"Server"`

	// AppURL is where the app is, so that a phone that has signed in is led on
	// from a label's public page. Default: there is no app yet.
	AppURL string `name:"app-url" env:"RICIRCOLO_APP_URL" placeholder:"URL" help:"Where the app is, on this host, such as /app; labels lead phones that have signed in there. Default: nowhere." group:"Server"`

	// TrustedProxies are the networks of the proxies whose X-Forwarded-For is
	// believed. Default: none.
	TrustedProxies Networks `name:"trusted-proxies" env:"RICIRCOLO_TRUSTED_PROXIES" placeholder:"NETWORK,..." help:"Networks of the proxies whose X-Forwarded-For is believed." group:"Server"`

	// MetricsFrom are the networks that may read /metrics.
	MetricsFrom Networks `name:"metrics-from" env:"RICIRCOLO_METRICS_FROM" default:"127.0.0.0/8,::1/128" help:"Networks that may read /metrics." group:"Server"`

	// MemoryLimit is what the garbage collector keeps the program below, in
	// bytes; 0 leaves it to GOMEMLIMIT.
	MemoryLimit Size `name:"memory-limit" env:"RICIRCOLO_MEMORY_LIMIT" default:"0" help:"Memory to stay below, such as 512MiB; 0 for no limit." group:"Server"`

	// Lab is the id of the lab that an empty store is given.
	Lab string `name:"lab" env:"RICIRCOLO_LAB" default:"lab" help:"Id of the lab that an empty store is given." group:"Lab"`

	// LabName is its name for people.
	LabName string `name:"lab-name" env:"RICIRCOLO_LAB_NAME" default:"Laboratorio territoriale" help:"Name of that lab." group:"Lab"`

	// GS1CompanyPrefix is the company prefix that GS1 gave: labels then carry
	// GS1 Digital Links. Default: none, and labels carry short links. Whatever it
	// is, labels printed before go on working.
	GS1CompanyPrefix string `name:"gs1-company-prefix" env:"RICIRCOLO_GS1_COMPANY_PREFIX" placeholder:"DIGITS" help:"Company prefix that GS1 gave, 6 to 12 digits; labels then carry GS1 Digital Links. Default: short links." group:"Labels"`

	// GS1AssetType is the type of asset that bins are among the company's. Read
	// it with Labels, which has its default.
	GS1AssetType string `name:"gs1-asset-type" env:"RICIRCOLO_GS1_ASSET_TYPE" placeholder:"DIGITS" help:"What bins are among the company's types of assets: digits that fill the prefix up to 12. Default: zeros." group:"Labels"`

	// LogLevel is the least level that is logged.
	LogLevel slog.Level `name:"log-level" env:"RICIRCOLO_LOG_LEVEL" default:"info" help:"Least level to log: debug, info, warn or error." group:"Log"`

	// LogFormat is "text" or "json".
	LogFormat string `name:"log-format" env:"RICIRCOLO_LOG_FORMAT" default:"text" help:"How to log: text or json." group:"Log"`

	// TokenIssuer is the iss of access tokens. Read it with Issuer, which has
	// its default.
	TokenIssuer string `name:"token-issuer" env:"RICIRCOLO_TOKEN_ISSUER" placeholder:"NAME" help:"Issuer of the access tokens. Default: the base URL." group:"Secrets and tokens"`

	// TokenAudience is the aud of access tokens.
	TokenAudience string `name:"token-audience" env:"RICIRCOLO_TOKEN_AUDIENCE" default:"ricircolo" help:"Audience of the access tokens." group:"Secrets and tokens"`

	SecretSources `embed:""`
	Limits        `embed:""`
}

// Limits bound what clients can use up.
type Limits struct {
	// MaxBody is the largest body of a request, in bytes.
	MaxBody Size `name:"max-body" env:"RICIRCOLO_MAX_BODY" default:"64KiB" help:"Largest body of a request, 1KiB to 1MiB." group:"Limits"`

	// MaxBatchBody is the largest body of a batch of a signed-in caller, in
	// bytes.
	MaxBatchBody Size `name:"max-batch-body" env:"RICIRCOLO_MAX_BATCH_BODY" default:"256KiB" help:"Largest body of a phone's batch, from the largest body to 1MiB." group:"Limits"`

	// MaxConnections and MaxConnectionsPerAddress are how many connections are
	// open at once, in all and of one client's address.
	MaxConnections           int `name:"max-connections" env:"RICIRCOLO_MAX_CONNECTIONS" default:"2048" help:"Connections that may be open at once." group:"Limits"`
	MaxConnectionsPerAddress int `name:"max-connections-per-address" env:"RICIRCOLO_MAX_CONNECTIONS_PER_ADDRESS" default:"512" help:"Of these, connections of one client's address." group:"Limits"`

	// MaxReads, MaxWrites and MaxHeavy are how many requests of each kind are
	// worked on at once; others are told to come back.
	MaxReads  int `name:"max-reads" env:"RICIRCOLO_MAX_READS" default:"256" help:"Reading requests to work on at once." group:"Limits"`
	MaxWrites int `name:"max-writes" env:"RICIRCOLO_MAX_WRITES" default:"256" help:"Writing requests to work on at once." group:"Limits"`
	MaxHeavy  int `name:"max-heavy" env:"RICIRCOLO_MAX_HEAVY" default:"8" help:"Reports and exports to work on at once." group:"Limits"`

	// AddressRate and CallerRate are requests per second, on average, of one
	// client's address and of one signed-in person or device; the bursts are how
	// many may come at once.
	AddressRate  float64 `name:"address-rate" env:"RICIRCOLO_ADDRESS_RATE" default:"200" help:"Requests per second of one client's address." group:"Limits"`
	AddressBurst int     `name:"address-burst" env:"RICIRCOLO_ADDRESS_BURST" default:"1000" help:"Requests of one client's address at once." group:"Limits"`
	CallerRate   float64 `name:"caller-rate" env:"RICIRCOLO_CALLER_RATE" default:"20" help:"Requests per second of one signed-in person or device." group:"Limits"`
	CallerBurst  int     `name:"caller-burst" env:"RICIRCOLO_CALLER_BURST" default:"100" help:"Requests of one signed-in person or device at once." group:"Limits"`
}

// PublicURL is BaseURL, or http and the address to listen on if that is a
// loopback one. It is empty if neither is set.
func (c Config) PublicURL() string {
	if c.BaseURL != "" || !loopback(c.Listen) {
		return c.BaseURL
	}
	return "http://" + c.Listen
}

// Labels is where the links on printed labels lead: to PublicURL, as GS1 Digital
// Links if there is a company prefix.
func (c Config) Labels() (qrlabels.Base, error) {
	base, err := qrlabels.NewBase(c.PublicURL())
	if err != nil || c.GS1CompanyPrefix == "" {
		return base, err
	}
	return base.WithAsset(c.GS1CompanyPrefix, c.assetType())
}

// companyDigits are how many digits company prefix and asset type have together.
const companyDigits = 12

// assetType is GS1AssetType, or the zeros that fill the prefix up.
func (c Config) assetType() string {
	if c.GS1AssetType != "" {
		return c.GS1AssetType
	}
	return strings.Repeat("0", max(0, companyDigits-len(c.GS1CompanyPrefix)))
}

// Issuer is TokenIssuer, or PublicURL.
func (c Config) Issuer() string {
	if c.TokenIssuer != "" {
		return c.TokenIssuer
	}
	return c.PublicURL()
}

// Logger makes the logger that LogLevel and LogFormat ask for.
func (c Config) Logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// LogValue lists every setting by the name of its flag, for the log at start.
// Of a secret it says only whether it is set.
func (c Config) LogValue() slog.Value {
	var attrs []slog.Attr
	for _, s := range c.settings() {
		attrs = append(attrs, slog.Any(s.flag, s.value.Interface()))
	}
	return slog.GroupValue(attrs...)
}

// setting is one field of a Config, with what its tags say.
type setting struct {
	field, flag, env, help string
	value                  reflect.Value
}

// settings lists the fields, those of embedded structs in their place.
func (c Config) settings() []setting {
	var list []setting
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Anonymous {
				walk(v.Field(i))
				continue
			}
			list = append(list, setting{f.Name, f.Tag.Get("name"), f.Tag.Get("env"), f.Tag.Get("help"), v.Field(i)})
		}
	}
	walk(reflect.ValueOf(c))
	return list
}

// loopback reports whether an address to listen on is reached from this machine
// only.
func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || (err == nil && addr.IsLoopback())
}
