package deliver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"tocsin/internal/base/errs"
)

// linkLife is how long an acknowledgement link works.
const linkLife = 30 * 24 * time.Hour

// mac is the code of a text under the installation's secret.
func (r *Room) mac(purpose string, id ID) []byte {
	h := hmac.New(sha256.New, r.secret)
	h.Write([]byte(purpose + " " + id.String()))
	return h.Sum(nil)
}

// Token is the acknowledgement token of a delivery: its number and a code of 128
// bits, which only the centre can make.
func (r *Room) Token(id ID) string {
	raw := binary.AppendUvarint(nil, uint64(id))
	return base64.RawURLEncoding.EncodeToString(append(raw, r.mac("acknowledge", id)[:16]...))
}

// ofToken is the delivery of a token, NotFound for a token that the centre did
// not make.
func (r *Room) ofToken(token string) (ID, error) {
	wrong := errs.New(errs.NotFound, "acknowledge: no such link")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return 0, wrong
	}
	n, size := binary.Uvarint(raw)
	if size <= 0 || n == 0 || n > 1<<62 || len(raw) != size+16 {
		return 0, wrong
	}
	id := ID(n)
	if !hmac.Equal(raw[size:], r.mac("acknowledge", id)[:16]) {
		return 0, wrong
	}
	return id, nil
}

// Link is the address of a delivery's acknowledgement page.
func (r *Room) Link(id ID) string {
	return strings.TrimRight(r.Settings.PublicURL(), "/") + "/ack/" + r.Token(id)
}

// messageID is the Message-ID of a delivery, the same however often it is handed
// over. The code keeps two installations apart that count alike.
func (r *Room) messageID(id ID) string {
	_, host, _ := strings.Cut(r.from.Address, "@")
	return "<" + id.String() + "." + hex.EncodeToString(r.mac("message", id)[:8]) + "@" + host + ">"
}
