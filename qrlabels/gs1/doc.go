// Package gs1 owns GS1 identification keys and their Digital Link URIs. It needs
// no network: it reads, checks and writes, and never resolves.
//
// The keys that name things have types of their own: [GRAI] a reusable bin,
// [GLN] a place or a party, [GIAI] a single asset, [SSCC] a load. Their
// constructors take the company prefix and the reference, and compute the check
// digit. Every other key is an [Element] of a [Link].
//
//	bin, err := gs1.NewGRAI("9521234", "00022", "B17")
//	bin.String()        // 09521234000228B17
//	bin.Link().String() // https://id.gs1.org/8003/09521234000228B17
//
// [ParseLink] reads a Digital Link, [NewLink] makes one from the elements of a
// barcode, [ParseEPC] from an EPC URN. Link.String is the canonical form,
// [Link.Constrained] the one that hashes of events are computed over. All three
// are strict; a [Permit] names what else a reader may accept.
//
// # What is checked
//
// The length and the character set of every value, check digits and check
// characters, the order of qualifiers, which AIs may be data attributes, and
// which need or exclude each other. What a value says beyond that, such as
// whether a date exists or a country code is assigned, is not.
//
// # Sources
//
// The table of application identifiers (AIs) is that of the GS1 Barcode Syntax
// Dictionary, the rules of links are those of the GS1 Barcode Syntax Engine, and
// the tests run the vectors of both. Nothing here knows how long a company's
// prefix is, which is why EPC URNs are read and not written.
//
// The package depends on nothing but the standard library. All its types are
// immutable values and safe for concurrent use.
package gs1
