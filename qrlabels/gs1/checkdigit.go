package gs1

import "strings"

// CheckDigit computes the check digit that belongs behind the digits: 7, 11, 12,
// 13, 16 or 17 of them. Its error is an *Error.
func CheckDigit(body string) (byte, error) {
	if err := checkDigits(body, len(body)+1); err != nil {
		return 0, err
	}
	return checkDigit(body), nil
}

// VerifyCheckDigit reports whether the last of 8, 12, 13, 14, 17 or 18 digits
// fits the others. Its error is an *Error.
func VerifyCheckDigit(number string) error {
	if err := checkDigits(number, len(number)); err != nil {
		return err
	}
	if !checkDigitFits(number) {
		return &Error{Fault: FaultCheckDigit, Part: "number", Position: len(number)}
	}
	return nil
}

// checkDigits refuses what are not digits, or not the digits of a number of a
// length that GS1 uses, check digit included.
func checkDigits(text string, length int) error {
	switch length {
	case 8, 12, 13, 14, 17, 18:
	default:
		return &Error{Fault: FaultLength, Part: "number"}
	}
	if i := outside(text, digits); i >= 0 {
		return &Error{Fault: FaultCharacter, Part: "number", Position: i + 1}
	}
	return nil
}

// checkDigit computes the check digit behind a text of digits: weights 3, 1, 3, 1
// from the right (GS1 General Specifications, "Standard check digit
// calculations"). Leading zeros do not change it, so that the forms of a number
// with 12, 13 and 14 digits agree.
func checkDigit(body string) byte {
	sum, weight := 0, 3
	for i := len(body) - 1; i >= 0; i-- {
		sum += weight * int(body[i]-'0')
		weight = 4 - weight
	}
	return byte('0' + (10-sum%10)%10)
}

// checkDigitFits reports whether the last of some digits, at least one, is their
// check digit.
func checkDigitFits(number string) bool {
	last := len(number) - 1
	return number[last] == checkDigit(number[:last])
}

// checkCharactersFit reports whether the last two characters of an alphanumeric
// key, at least two, are its check characters: the places of the others in
// character set 82, weighted with the primes from the right, modulo 1021, in two
// digits to the base of 32 (GS1 General Specifications, "Check character
// calculation (for alphanumeric keys)").
func checkCharactersFit(key string) bool {
	const base32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	// As many as the longest such key, of 25 characters, needs.
	primes := [...]int{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83}
	body, check := key[:len(key)-2], key[len(key)-2:]
	if len(body) > len(primes) {
		return false
	}
	sum := 0
	for i := range len(body) {
		sum += strings.IndexByte(charset82, body[i]) * primes[len(body)-1-i]
	}
	sum %= 1021
	return check[0] == base32[sum/32] && check[1] == base32[sum%32]
}
