package qrlabels

import (
	"errors"

	"github.com/ricircolo/ricircolo/qrlabels/gs1"
)

// assetDigits is the number of digits in front of the serial of a GRAI: a zero,
// company prefix and asset type (12), and the check digit.
const assetDigits = 14

// ParseAsset reads a GS1 Global Returnable Asset Identifier, as it stands in a
// Digital Link behind /8003/, whose serial is the code of a label, of whatever
// company. Its error is a *PayloadError with the fault PayloadAsset or PayloadCode.
func ParseAsset(grai string) (Code, error) {
	if len(grai) > maxScan {
		return Code{}, &PayloadError{Fault: PayloadTooLong}
	}
	asset, err := gs1.ParseGRAI(grai)
	if err == nil {
		return codeOf(asset)
	}
	if _, digits := gs1.ParseGRAI(grai[:min(assetDigits, len(grai))]); digits == nil { // a bin, but no serial of GS1
		if _, err := ParseCode(grai[assetDigits:]); err != nil {
			return Code{}, &PayloadError{Fault: PayloadCode, Err: err}
		}
	}
	return Code{}, &PayloadError{Fault: PayloadAsset, Err: err}
}

// codeOf is the code that is the serial of an asset.
func codeOf(asset gs1.GRAI) (Code, error) {
	if asset.Serial() == "" {
		return Code{}, &PayloadError{Fault: PayloadAsset, Err: errors.New("it names a type of bins, and no bin")}
	}
	code, err := ParseCode(asset.Serial())
	if err != nil {
		return Code{}, &PayloadError{Fault: PayloadCode, Err: err}
	}
	return code, nil
}

// assetFaults are the faults of a link whose key is a GRAI, but a wrong one; of all
// others it is not clear that a label is meant.
var assetFaults = map[gs1.Fault]bool{gs1.FaultCheckDigit: true, gs1.FaultCharacter: true, gs1.FaultLength: true, gs1.FaultTooShort: true, gs1.FaultTooLong: true, gs1.FaultContent: true}

// parseAssetLink reads a Digital Link, as old systems write it as well: with a name
// in place of the number 8003, without the leading zero, behind some path, with a
// query.
func parseAssetLink(uri string) (Code, error) {
	link, err := gs1.Permit{ConvenienceAlphas: true, ShortGRAIs: true}.ParseLink(uri)
	var fault *gs1.Error
	switch {
	case errors.As(err, &fault) && assetFaults[fault.Fault]:
		return Code{}, &PayloadError{Fault: PayloadAsset, Err: err}
	case err != nil:
		return Code{}, &PayloadError{Fault: PayloadPath}
	}
	asset, err := link.GRAI()
	if err != nil {
		return Code{}, &PayloadError{Fault: PayloadAsset, Err: err}
	}
	return codeOf(asset)
}
