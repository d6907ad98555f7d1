// Package envelope hides mail from everybody but the one it is for, and signs it:
// OpenPGP (RFC 9580, as PGP/MIME, RFC 3156) and S/MIME 4.0 (RFC 8551), both with
// AES-256. It works on MIME entities: header fields of the content, an empty
// line, the content, all with CRLF. Whose key is right for whom is not its
// question: a key is trusted because somebody put it into the estate.
package envelope

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"strings"
)

// A Kind is a way of encrypting and signing mail.
type Kind string

// The kinds.
const (
	PGP   Kind = "pgp"
	SMIME Kind = "smime"
)

// A Trouble is why a key must not be used, "" when it may be.
type Trouble string

// The troubles.
const (
	Sound    Trouble = ""
	Expired  Trouble = "expired"
	Revoked  Trouble = "revoked"
	Unusable Trouble = "unusable" // it cannot be read, is not valid yet, or is not for encryption
)

const newline = "\r\n"

// part is one part of a multipart entity.
type part struct {
	head []string // header fields without line ends
	body []byte
}

// multipart sets parts behind a head that names the kind and its parameters.
func multipart(kind string, parts ...[]byte) []byte {
	boundary := "tocsin-" + rand.Text()
	var b bytes.Buffer
	b.WriteString("Content-Type: multipart/" + kind + "; boundary=\"" + boundary + "\"" + newline + newline)
	for _, p := range parts {
		b.WriteString("--" + boundary + newline)
		b.Write(p)
		b.WriteString(newline)
	}
	b.WriteString("--" + boundary + "--" + newline)
	return b.Bytes()
}

func (p part) entity() []byte {
	return append([]byte(strings.Join(p.head, newline)+newline+newline), p.body...)
}

// wrapped is base64 in lines of 76 (RFC 2045, 6.8).
func wrapped(raw []byte) []byte {
	text := base64.StdEncoding.EncodeToString(raw)
	var b bytes.Buffer
	for len(text) > 76 {
		b.WriteString(text[:76] + newline)
		text = text[76:]
	}
	b.WriteString(text + newline)
	return b.Bytes()
}

// crlf gives armoured text the line ends of mail.
func crlf(text string) []byte {
	return []byte(strings.ReplaceAll(strings.ReplaceAll(text, newline, "\n"), "\n", newline))
}
