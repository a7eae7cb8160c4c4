// Package qrlabels owns the labels on the bins: the code of a label, the link
// that its QR symbol carries, and the symbol itself.
//
// A [Code] is random and says nothing about the bin: labels are printed before
// anyone knows where they will be stuck. A [Base] turns it into the text of the
// symbol, HTTPS://HOST/B/CODE or a GS1 Digital Link ([Base.WithAsset]), and
// [ParsePayload] reads what a camera saw. [Encode] makes the [Symbol]. The package
// print below this one puts labels on paper, the package gs1 knows GS1's keys.
//
// # How unlikely it is that two codes are the same
//
// A code has 60 random bits. Of n codes some two are the same with a probability
// of about n²/2⁶¹ (the birthday bound): 4 in 100,000 for ten million labels, one
// in 2,300,000 for a million. Whoever issues them refuses one that exists.
// Somebody who guesses codes where a million exist needs 10¹² tries for a hit.
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
//	≤ 64         5         37        45                ≤ 19 characters, with GRAI
//	≤ 71         6         41        49                ≤ 26 characters, with GRAI
//
// A version 3 label of 2 cm has modules of 0.54 mm, a version 4 label of 0.49 mm,
// a version 6 label of 0.41 mm. [NewBase] refuses longer hosts.
//
// All types are immutable values and safe for concurrent use.
package qrlabels
