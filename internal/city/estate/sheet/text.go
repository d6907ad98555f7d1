package sheet

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// decode gives the text of a file in UTF-8 without mark, its lines ended by LF
// or CRLF, or says why it cannot.
func decode(data []byte) ([]byte, *Refusal) {
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		data = data[3:]
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		return decode16(data[2:], func(b []byte) uint16 { return uint16(b[0]) | uint16(b[1])<<8 })
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return decode16(data[2:], func(b []byte) uint16 { return uint16(b[0])<<8 | uint16(b[1]) })
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return nil, refusedAt(data, i, "sheet.encoding.binary")
	}
	if i := firstBroken(data); i >= 0 {
		name := legacyName(data)
		value := fmt.Sprintf("0x%02X", data[i])
		if name == "" {
			return nil, refusedAt(data, i, "sheet.encoding.unknown", "byte", value)
		}
		return nil, refusedAt(data, i, "sheet.encoding.legacy", "byte", value, "encoding", name)
	}
	return lineEnds(data), nil
}

func decode16(data []byte, unit func([]byte) uint16) ([]byte, *Refusal) {
	units := make([]uint16, 0, len(data)/2)
	for i := 0; i+1 < len(data); i += 2 {
		units = append(units, unit(data[i:]))
	}
	runes := utf16.Decode(units)
	text := make([]byte, 0, len(data))
	for _, r := range runes {
		if r == utf8.RuneError || r == 0 {
			return nil, refusedAt(text, len(text), "sheet.encoding.utf16")
		}
		text = utf8.AppendRune(text, r)
	}
	if len(data)%2 == 1 {
		return nil, refusedAt(text, len(text), "sheet.encoding.utf16")
	}
	return lineEnds(text), nil
}

// lineEnds makes lone CR, the line end of old Macintosh files, LF. A file that
// has any LF means its CR otherwise.
func lineEnds(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 || bytes.IndexByte(text, '\n') >= 0 {
		return text
	}
	return bytes.ReplaceAll(text, []byte{'\r'}, []byte{'\n'})
}

func firstBroken(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

func refusedAt(text []byte, i int, key string, args ...any) *Refusal {
	line, column := position(text, i)
	r := refusal(line, column, "", key, args...)
	return &r
}

// position is the line and the column, in characters, of byte i.
func position(text []byte, i int) (line, column int) {
	before := text[:min(i, len(text))]
	end := byte('\n')
	if bytes.IndexByte(text, '\n') < 0 {
		end = '\r'
	}
	line = bytes.Count(before, []byte{end}) + 1
	return line, utf8.RuneCount(before[bytes.LastIndexByte(before, end)+1:]) + 1
}

// legacyName guesses in which of the encodings of old Vietnamese offices a
// text is. Letters common in Vietnamese (đ, ư, ơ, ạ …) stand at places that
// the others leave to rare ones.
func legacyName(data []byte) string {
	var windows, tcvn int
	for _, b := range data {
		switch b {
		case 0xCC, 0xD2, 0xDE, 0xEC, 0xF0, 0xF2, 0xF5, 0xFD: // tones, đ, ơ, ư of windows-1258
			windows++
		case 0xA8, 0xA9, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBB, 0xBE, 0xC6: // ă â ê ô ơ ư đ, à ả ã á ạ of TCVN3
			tcvn++
		}
	}
	switch {
	case tcvn > windows:
		return "TCVN3 (ABC)"
	case windows > 0:
		return "windows-1258"
	}
	return ""
}
