package qrlabels

import "errors"

// assetDigits is the number of digits in front of the serial of a GRAI: a zero,
// company prefix and asset type (12), and the check digit.
const assetDigits = 14

// ParseAsset reads the value of a GS1 Global Returnable Asset Identifier, as it
// stands in a Digital Link behind /8003/, whose serial is the code of a label. Its
// error is a *PayloadError with the fault PayloadAsset or PayloadCode.
func ParseAsset(grai string) (Code, error) {
	if len(grai) <= assetDigits || len(grai) > maxScan {
		return Code{}, &PayloadError{Fault: PayloadAsset, Err: errors.New("want 14 digits and a serial")}
	}
	sum := 0
	for i := range assetDigits {
		d := grai[i]
		if d < '0' || d > '9' {
			return Code{}, &PayloadError{Fault: PayloadAsset, Err: errors.New("want 14 digits and a serial")}
		}
		sum += int(d-'0') * (1 + 2*((assetDigits-1-i)%2))
	}
	if grai[0] != '0' || sum%10 != 0 {
		return Code{}, &PayloadError{Fault: PayloadAsset, Err: errors.New("the check digit does not fit")}
	}
	code, err := ParseCode(grai[assetDigits:])
	if err != nil {
		return Code{}, &PayloadError{Fault: PayloadCode, Err: err}
	}
	return code, nil
}
