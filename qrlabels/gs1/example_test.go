package gs1_test

import (
	"errors"
	"fmt"

	"github.com/ricircolo/ricircolo/qrlabels/gs1"
)

// A bin, as its owner numbers it, on its owner's domain.
func Example() {
	bin, err := gs1.NewGRAI("9521234", "00022", "B17")
	if err != nil {
		fmt.Println(err)
		return
	}
	uri, err := bin.Link().Under("https://bins.example.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bin)
	fmt.Println(bin.Link())
	fmt.Println(uri)
	// Output:
	// 09521234000228B17
	// https://id.gs1.org/8003/09521234000228B17
	// https://bins.example.com/8003/09521234000228B17
}

// What a camera saw, whoever printed it.
func ExampleParseLink() {
	link, err := gs1.ParseLink("https://example.com/shop/01/09521234000013/10/L1/21/S7?17=271231")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(link.Key().Value)
	fmt.Println(link.Elements())
	fmt.Println(link)
	fmt.Println(link.Constrained())
	// Output:
	// 09521234000013
	// (01)09521234000013(10)L1(21)S7(17)271231
	// https://id.gs1.org/01/09521234000013/10/L1/21/S7?17=271231
	// https://id.gs1.org/01/09521234000013/21/S7
}

// Errors say what is wrong and where.
func ExampleError() {
	_, err := gs1.ParseLink("https://example.com/8003/09521234000229B17")
	fmt.Println(err)
	var fault *gs1.Error
	if errors.As(err, &fault) {
		fmt.Println(fault.Fault, fault.AI, fault.Position)
	}
	// Output:
	// gs1: AI 8003, character 14: mistyped, the check digit does not fit
	// check-digit 8003 14
}

// Old labels need a permit.
func ExamplePermit() {
	old := gs1.Permit{ConvenienceAlphas: true, ShortGTINs: true}
	link, err := old.ParseLink("https://example.com/gtin/9521234000013/ser/S7")
	fmt.Println(link, err)
	// Output: https://id.gs1.org/01/09521234000013/21/S7 <nil>
}

// The elements of a barcode as a link.
func ExampleNewLink() {
	elements, err := gs1.ParseElements("(17)271231(21)S7(01)09521234000013")
	if err != nil {
		fmt.Println(err)
		return
	}
	link, err := gs1.NewLink(elements)
	fmt.Println(link, err)
	fmt.Println(link.Elements().Barcode())
	// Output:
	// https://id.gs1.org/01/09521234000013/21/S7?17=271231 <nil>
	// ^010952123400001321S7^17271231
}

// Two events that name the same bin in different ways.
func ExampleParseEPC() {
	one, err := gs1.ParseEPC("urn:epc:id:grai:9521234.00022.B17")
	if err != nil {
		fmt.Println(err)
		return
	}
	other, err := gs1.ParseLink("https://bins.example.com/8003/09521234000228B17")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(one.Constrained())
	fmt.Println(one.Constrained().String() == other.Constrained().String())
	// Output:
	// https://id.gs1.org/8003/09521234000228B17
	// true
}

// A GRAI of an old system, without its leading zero.
func ExampleParseGRAI() {
	bin, err := gs1.ParseGRAI("9521234000228B17")
	fmt.Println(bin, err)
	_, err = gs1.ParseGRAI("9521234000229B17") // its check digit does not fit
	fmt.Println(err)
	// Output:
	// 09521234000228B17 <nil>
	// gs1: AI 8003, character 1: not a value that it may have
}

// A ward of a hospital, and the hospital as a party.
func ExampleGLN() {
	ward, err := gs1.NewGLN("9521234", "00001", "W3")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ward)
	fmt.Println(ward.Link())
	fmt.Println(ward.PartyLink())
	// Output:
	// 9521234000013(254)W3
	// https://id.gs1.org/414/9521234000013/254/W3
	// https://id.gs1.org/417/9521234000013
}

// A load of bins on its way.
func ExampleNewSSCC() {
	load, err := gs1.NewSSCC("9521234", "3000000001")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(load.Link())
	// Output: https://id.gs1.org/00/395212340000000014
}

func ExampleCheckDigit() {
	digit, err := gs1.CheckDigit("952123400001")
	fmt.Println(string(digit), err)
	// Output: 3 <nil>
}
