package typeface

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

var errCut = errors.New("font file is cut off")

// directory finds the tables of a TrueType file.
func directory(data []byte) (map[string][]byte, error) {
	const header, record = 12, 16
	if len(data) < header {
		return nil, errCut
	}
	count := int(binary.BigEndian.Uint16(data[4:]))
	if len(data) < header+count*record {
		return nil, errCut
	}
	tables := make(map[string][]byte, count)
	for i := range count {
		r := data[header+i*record:]
		offset, length := uint64(binary.BigEndian.Uint32(r[8:])), uint64(binary.BigEndian.Uint32(r[12:]))
		if offset+length > uint64(len(data)) {
			return nil, errCut
		}
		tables[string(r[:4])] = data[offset : offset+length : offset+length]
	}
	for _, name := range []string{"glyf", "loca", "head", "hhea", "hmtx", "maxp"} {
		if len(tables[name]) == 0 {
			return nil, fmt.Errorf("font has no table %s", name)
		}
	}
	return tables, nil
}

// Subset is a TrueType file of the font in which only some glyphs, and those that
// they are made of, have an outline. Glyphs keep their numbers. It has what PDF
// asks of an embedded font (ISO 32000-1, 9.9): no names and no characters.
func (f *Face) Subset(glyphs []Glyph) ([]byte, error) {
	keep := map[Glyph]bool{0: true}
	for _, g := range glyphs {
		if err := f.addParts(keep, g); err != nil {
			return nil, err
		}
	}
	var glyf []byte
	loca := make([]byte, 0, 4*(len(f.advances)+1))
	for g := range f.advances {
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		if !keep[Glyph(g)] {
			continue
		}
		outline, err := f.description(Glyph(g))
		if err != nil {
			return nil, err
		}
		glyf = append(glyf, outline...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))

	head := slices.Clone(f.tables["head"])
	binary.BigEndian.PutUint32(head[8:], 0)  // checkSumAdjustment, set by assemble
	binary.BigEndian.PutUint16(head[50:], 1) // indexToLocFormat: long
	tables := map[string][]byte{"glyf": glyf, "loca": loca, "head": head}
	for _, name := range []string{"hhea", "hmtx", "maxp", "cvt ", "fpgm", "prep"} {
		if t := f.tables[name]; len(t) > 0 {
			tables[name] = t
		}
	}
	return assemble(tables), nil
}

// description is the entry of a glyph in the table glyf; empty for a blank.
func (f *Face) description(g Glyph) ([]byte, error) {
	glyf, loca := f.tables["glyf"], f.tables["loca"]
	at := func(i int) (uint32, bool) {
		if binary.BigEndian.Uint16(f.tables["head"][50:]) == 0 { // in two bytes, halved
			if len(loca) < 2*i+2 {
				return 0, false
			}
			return 2 * uint32(binary.BigEndian.Uint16(loca[2*i:])), true
		}
		if len(loca) < 4*i+4 {
			return 0, false
		}
		return binary.BigEndian.Uint32(loca[4*i:]), true
	}
	from, ok := at(int(g))
	to, ok2 := at(int(g) + 1)
	if !ok || !ok2 || from > to || int64(to) > int64(len(glyf)) {
		return nil, fmt.Errorf("glyph %d in font %s: %w", g, f.Name, errCut)
	}
	return glyf[from:to], nil
}

// The flags of a part of a composite glyph that say how long its entry is.
const (
	wordArguments = 0x0001
	oneScale      = 0x0008
	moreParts     = 0x0020
	twoScales     = 0x0040
	matrix        = 0x0080
)

// addParts adds a glyph and those that it is made of: à is a and `.
func (f *Face) addParts(keep map[Glyph]bool, g Glyph) error {
	if keep[g] && g != 0 {
		return nil
	}
	keep[g] = true
	d, err := f.description(g)
	if err != nil || len(d) < 10 || int16(binary.BigEndian.Uint16(d)) >= 0 {
		return err // not composite
	}
	for d = d[10:]; ; {
		if len(d) < 4 {
			return fmt.Errorf("glyph %d in font %s: %w", g, f.Name, errCut)
		}
		flags := binary.BigEndian.Uint16(d)
		if err := f.addParts(keep, Glyph(binary.BigEndian.Uint16(d[2:]))); err != nil {
			return err
		}
		length := 4 + 2
		if flags&wordArguments != 0 {
			length += 2
		}
		switch {
		case flags&oneScale != 0:
			length += 2
		case flags&twoScales != 0:
			length += 4
		case flags&matrix != 0:
			length += 8
		}
		if flags&moreParts == 0 {
			return nil
		}
		d = d[min(length, len(d)):]
	}
}

// assemble writes a TrueType file of some tables.
func assemble(tables map[string][]byte) []byte {
	names := slices.Sorted(maps.Keys(tables))
	count := len(names)
	power, log := 1, 0
	for power*2 <= count {
		power, log = power*2, log+1
	}
	file := binary.BigEndian.AppendUint32(nil, 0x00010000)
	for _, v := range []int{count, power * 16, log, (count - power) * 16} {
		file = binary.BigEndian.AppendUint16(file, uint16(v))
	}
	offset := 12 + 16*count
	for _, name := range names {
		t := tables[name]
		file = append(file, name...)
		for _, v := range []uint32{sum(t), uint32(offset), uint32(len(t))} {
			file = binary.BigEndian.AppendUint32(file, v)
		}
		offset += (len(t) + 3) &^ 3
	}
	adjustment := 0
	for _, name := range names {
		if name == "head" {
			adjustment = len(file) + 8
		}
		file = append(file, tables[name]...)
		for len(file)%4 != 0 {
			file = append(file, 0)
		}
	}
	binary.BigEndian.PutUint32(file[adjustment:], 0xB1B0AFBA-sum(file))
	return file
}

// sum is the checksum of a table: of its big-endian words, the last one filled up
// with zeros.
func sum(t []byte) uint32 {
	var s uint32
	for len(t) >= 4 {
		s += binary.BigEndian.Uint32(t)
		t = t[4:]
	}
	var last [4]byte
	copy(last[:], t)
	return s + binary.BigEndian.Uint32(last[:])
}
