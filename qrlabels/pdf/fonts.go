package pdf

import (
	"fmt"
	"hash/crc32"
	"strings"
	"unicode/utf16"

	"github.com/ricircolo/ricircolo/qrlabels/typeface"
)

// fonts writes the fonts of which something was shown, and returns the entries of
// the resources for them.
func (f *Writer) fonts() string {
	var entries strings.Builder
	for n, face := range f.document.Fonts {
		if f.used[n] == nil {
			continue
		}
		object, err := f.font(face, f.used[n])
		if err != nil && f.err == nil {
			f.err = fmt.Errorf("writing a PDF file: %w", err)
		}
		fmt.Fprintf(&entries, "/F%d %d 0 R", n, object)
	}
	return entries.String()
}

// font embeds the glyphs of a face that were shown (ISO 32000-1, 9.7: a composite
// font whose character codes are the numbers of the glyphs).
func (f *Writer) font(face *typeface.Face, used []rune) (int, error) {
	var glyphs []typeface.Glyph
	for g, r := range used {
		if r != 0 {
			glyphs = append(glyphs, typeface.Glyph(g))
		}
	}
	file, err := face.Subset(glyphs)
	if err != nil {
		return 0, err
	}
	name := tag(file) + "+" + face.Name
	data := f.stream(deflate(file), fmt.Sprintf("/Length1 %d", len(file)))
	unicode := f.stream(deflate([]byte(toUnicode(glyphs, used))), "")

	descriptor := f.object(0)
	flags := 4 // symbolic: the codes are no characters
	if face.Mono {
		flags |= 1
	}
	f.print("<</Type/FontDescriptor/FontName/%s/Flags %d/FontBBox[%d %d %d %d]/ItalicAngle 0/Ascent %d/Descent %d/CapHeight %d/StemV 80/FontFile2 %d 0 R>>\nendobj\n",
		name, flags, face.Box[0], face.Box[1], face.Box[2], face.Box[3], face.Ascent, face.Descent, face.CapHeight, data)

	descendant := f.object(0)
	f.print("<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor %d 0 R/CIDToGIDMap/Identity/DW 0/W[",
		name, descriptor)
	for _, g := range glyphs {
		f.print("%d[%d]", g, face.Thousandths(g))
	}
	f.print("]>>\nendobj\n")

	object := f.object(0)
	f.print("<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>\nendobj\n",
		name, descendant, unicode)
	return object, nil
}

// tag is the prefix of a subset's name: six capitals that differ with the glyphs.
func tag(file []byte) string {
	sum := crc32.ChecksumIEEE(file)
	letters := make([]byte, 6)
	for i := range letters {
		letters[i] = 'A' + byte(sum%26)
		sum /= 26
	}
	return string(letters)
}

// maxMappings is how many mappings one section of a CMap may have.
const maxMappings = 100

// toUnicode is the CMap by which viewers search and copy text.
func toUnicode(glyphs []typeface.Glyph, characters []rune) string {
	var b strings.Builder
	b.WriteString("/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n" +
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n" +
		"1 begincodespacerange<0000><ffff>endcodespacerange\n")
	for len(glyphs) > 0 {
		n := min(len(glyphs), maxMappings)
		fmt.Fprintf(&b, "%d beginbfchar\n", n)
		for _, g := range glyphs[:n] {
			fmt.Fprintf(&b, "<%04x><", g)
			for _, u := range utf16.Encode(characters[g : g+1]) {
				fmt.Fprintf(&b, "%04x", u)
			}
			b.WriteString(">\n")
		}
		b.WriteString("endbfchar\n")
		glyphs = glyphs[n:]
	}
	b.WriteString("endcmap CMapName currentdict/CMap defineresource pop end end\n")
	return b.String()
}
