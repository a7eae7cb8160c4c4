package indicator

import (
	"strconv"
	"strings"
)

// The parts of a key are escaped like those of a URL: a key is the name of a
// field in stored documents, and there MongoDB has no place for dots, nor for a
// dollar at the beginning.
var (
	escape   = strings.NewReplacer("%", "%25", ".", "%2E", "$", "%24", "|", "%7C")
	unescape = strings.NewReplacer("%25", "%", "%2E", ".", "%24", "$", "%7C", "|")
)

// RecyclateKey names a kind of recyclate: polymer, application and quality
// ratio as declared, "PP|crates|0%2E80"; quality may be empty.
func RecyclateKey(polymer, application, quality string) string {
	return escape.Replace(polymer) + "|" + escape.Replace(application) + "|" + escape.Replace(quality)
}

// ParseRecyclateKey takes a RecyclateKey apart.
func ParseRecyclateKey(key string) (polymer, application, quality string) {
	parts := keyParts(key)
	return parts[0], parts[1], parts[2]
}

// keyParts takes a key of three parts apart.
func keyParts(key string) (parts [3]string) {
	for i, part := range strings.SplitN(key, "|", len(parts)) {
		parts[i] = unescape.Replace(part)
	}
	return parts
}

// HaulMethod is how the transport of a leg is accounted for: one per leg.
type HaulMethod string

// The methods, with the unit of their amounts in Activity.Haul.
const (
	VehicleKm HaulMethod = "vehicle-km" // metres of the vehicle × share of the load on it
	TonneKm   HaulMethod = "tonne-km"   // gram-kilometres
	Energy    HaulMethod = "kwh"        // watt-hours, of electric vehicles
)

// Unit is the unit of the method's amounts.
func (m HaulMethod) Unit() string {
	switch m {
	case TonneKm:
		return "g-km"
	case Energy:
		return "Wh"
	}
	return "vehicle-m"
}

// HaulKey names a kind of transport: method, vehicle, and with VehicleKm the
// load of the lorry in percent, or "" for the average: "vehicle-km|van|".
func HaulKey(m HaulMethod, vehicle string, loadPercent *int) string {
	load := ""
	if loadPercent != nil {
		load = strconv.Itoa(*loadPercent)
	}
	return string(m) + "|" + escape.Replace(vehicle) + "|" + load
}

// ParseHaulKey takes a HaulKey apart.
func ParseHaulKey(key string) (m HaulMethod, vehicle string, loadPercent *int) {
	parts := keyParts(key)
	if n, err := strconv.Atoi(parts[2]); err == nil {
		loadPercent = &n
	}
	return HaulMethod(parts[0]), parts[1], loadPercent
}
