package qrlabels_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/ricircolo/ricircolo/qrlabels"
)

func ExampleNewCode() {
	code, err := qrlabels.NewCode(rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(code.String()), "characters,", len(code.Grouped()), "as printed")
	// Output: 13 characters, 15 as printed
}

func ExampleParseCode() {
	for _, typed := range []string{"7k4m 9qxp 2rtbw", "7K4M-9QXP-2RTUW", "7K4M-9QPX-2RTBW"} {
		code, err := qrlabels.ParseCode(typed)
		var fault *qrlabels.CodeError
		if errors.As(err, &fault) {
			fmt.Println(fault.Fault, err)
			continue
		}
		fmt.Println(code.Grouped())
	}
	// Output:
	// 7K4M-9QXP-2RTBW
	// character label code: character 14, 'U', is not one that codes are made of
	// check label code: mistyped, the check character does not fit
}

func ExampleBase_Payload() {
	base, err := qrlabels.NewBase("https://ricircolo.example")
	if err != nil {
		fmt.Println(err)
		return
	}
	code, _ := qrlabels.ParseCode("7K4M9QXP2RTBW")
	fmt.Println(base.Payload(code))

	asset, err := base.WithAsset("9521234", "00001")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(asset.Payload(code))
	// Output:
	// HTTPS://RICIRCOLO.EXAMPLE/B/7K4M9QXP2RTBW
	// HTTPS://RICIRCOLO.EXAMPLE/8003/095212340000137K4M9QXP2RTBW
}

func ExampleParsePayload() {
	for _, seen := range []string{
		"HTTPS://RICIRCOLO.EXAMPLE/B/7K4M9QXP2RTBW",
		"https://id.gs1.org/8003/095212340000137K4M9QXP2RTBW",
		"https://ricircolo.example@evil.example/b/7K4M9QXP2RTBW",
		"WIFI:S:ward;;",
	} {
		p, err := qrlabels.ParsePayload(seen)
		var fault *qrlabels.PayloadError
		if errors.As(err, &fault) {
			fmt.Println("no label:", fault.Fault)
			continue
		}
		fmt.Println(p.Code, "on", p.Host)
	}
	// Output:
	// 7K4M9QXP2RTBW on ricircolo.example
	// 7K4M9QXP2RTBW on id.gs1.org
	// no label: disguised
	// no label: foreign
}

func ExampleSymbol_PNG() {
	symbol, err := qrlabels.Encode("HTTPS://RICIRCOLO.EXAMPLE/B/7K4M9QXP2RTBW", qrlabels.H)
	if err != nil {
		fmt.Println(err)
		return
	}
	var file bytes.Buffer
	if err := symbol.PNG(&file, 512); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("version", symbol.Version(), "with", symbol.Size(), "modules per side, quiet zone included")
	// Output: version 4 with 41 modules per side, quiet zone included
}

func ExampleSymbol_SVG() {
	symbol, _ := qrlabels.Encode("7", qrlabels.L)
	var image bytes.Buffer
	if err := symbol.SVG(&image, 20); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(image.String()[:69])
	// Output: <svg xmlns="http://www.w3.org/2000/svg" width="20mm" height="20mm" vi
}
