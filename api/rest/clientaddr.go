package rest

import (
	"net"
	"net/netip"
	"strings"
)

// address is what limits are counted by: an IPv4 address, or the IPv6 network
// that one customer gets. The zero address stands for peers without one.
type address struct{ netip.Prefix }

func addressOf(a netip.Addr) address {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	prefix, err := a.Prefix(bits)
	if err != nil {
		return address{}
	}
	return address{prefix}
}

// peerOf is the address at the other end of a connection.
func peerOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap().WithZone("")
}

func inAny(networks []netip.Prefix, a netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// clientAddress finds who sent a request. A proxy appends to X-Forwarded-For
// whom it took the request from, so the list is believed from its right end,
// as long as the one who says so is a trusted proxy; what stands further left
// anybody may have made up.
func clientAddress(peer netip.Addr, forwarded [][]byte, trusted []netip.Prefix) netip.Addr {
	if !inAny(trusted, peer) {
		return peer
	}
	var hops []string
	for _, line := range forwarded {
		hops = append(hops, strings.Split(string(line), ",")...)
	}
	client := peer
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := parseHop(strings.TrimSpace(hops[i]))
		if err != nil {
			return client
		}
		client = hop
		if !inAny(trusted, hop) {
			return client
		}
	}
	return client
}

// parseHop reads an address, with or without a port.
func parseHop(s string) (netip.Addr, error) {
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return withPort.Addr().Unmap().WithZone(""), nil
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap().WithZone(""), err
}
