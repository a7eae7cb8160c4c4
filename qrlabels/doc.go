// Package qrlabels owns the labels on the bins: the code of a label, the link
// that its QR symbol carries, and the symbol itself.
//
// A [Code] is random and says nothing about the bin: labels are printed before
// anyone knows where they will be stuck. A [Base] turns it into the text of the
// symbol, HTTPS://HOST/B/CODE, and [ParsePayload] reads what a camera saw.
// [Encode] makes the [Symbol].
//
// # How large a symbol gets
//
// The text is upper case, so that it stays in the alphanumeric mode of QR codes
// (5.5 bits a character). At level H, which survives the loss of about 30 % of
// the symbol, the smallest version that holds it is
//
//	characters   version   modules   with quiet zone   host and port after https
//	≤ 35         3         29        37                ≤ 11 characters
//	≤ 50         4         33        41                ≤ 26 characters
//
// A version 3 label of 2 cm has modules of 0.54 mm, a version 4 label of 0.49 mm.
// [NewBase] refuses what would need more than version 4.
//
// The package depends on nothing else in this repository. All its types are
// immutable values and safe for concurrent use.
package qrlabels
