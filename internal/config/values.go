package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Networks is a list of networks, written with commas: 10.0.0.0/8,::1/128.
type Networks []netip.Prefix

// UnmarshalText replaces the list. A single address is a network of its own.
func (n *Networks) UnmarshalText(text []byte) error {
	list := Networks{}
	for part := range strings.SplitSeq(string(text), ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if addr, err := netip.ParseAddr(part); err == nil {
			list = append(list, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return fmt.Errorf("%q is not a network; write it like 10.0.0.0/8", part)
		}
		list = append(list, prefix)
	}
	*n = list
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (n Networks) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

func (n Networks) String() string {
	parts := make([]string, len(n))
	for i, prefix := range n {
		parts[i] = prefix.String()
	}
	return strings.Join(parts, ",")
}

// Size is a number of bytes, written alone or with KiB, MiB or GiB: 64KiB.
type Size int64

// The units of a Size.
const (
	KiB Size = 1 << (10 * (iota + 1))
	MiB
	GiB
)

// UnmarshalText reads a size below 1 PiB.
func (s *Size) UnmarshalText(text []byte) error {
	number, unit := string(text), Size(1)
	for _, u := range []struct {
		name  string
		bytes Size
	}{{"KiB", KiB}, {"MiB", MiB}, {"GiB", GiB}} {
		if n, found := strings.CutSuffix(number, u.name); found {
			number, unit = n, u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 20)
	if unit == 1 {
		n, err = strconv.ParseUint(number, 10, 50)
	}
	if err != nil {
		return fmt.Errorf("%q is not a size; write it like 65536, 64KiB or 512MiB", text)
	}
	*s = Size(n) * unit
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String uses the largest unit that divides the size.
func (s Size) String() string {
	switch {
	case s == 0:
		return "0"
	case s%GiB == 0:
		return strconv.FormatInt(int64(s/GiB), 10) + "GiB"
	case s%MiB == 0:
		return strconv.FormatInt(int64(s/MiB), 10) + "MiB"
	case s%KiB == 0:
		return strconv.FormatInt(int64(s/KiB), 10) + "KiB"
	}
	return strconv.FormatInt(int64(s), 10)
}
