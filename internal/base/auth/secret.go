package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tocsin/internal/base/errs"
)

// newSecret is a secret that nobody guesses: 256 random bits.
func newSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // it never fails, or ends the program
	return base64.RawURLEncoding.EncodeToString(b)
}

// digest is how a secret of 256 random bits is kept. There is nothing to guess
// at, so a fast hash will do.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// tokenPrefix makes a token known where it leaks: in logs, in code.
const tokenPrefix = "toc_"

// newToken is prefix, 32 random bytes and their CRC-32, as base64 for addresses:
// 52 characters. The sum lets a scanner for leaked secrets be sure, and a
// mistyped token be refused without asking the database.
func newToken() string {
	b := make([]byte, 32, 36)
	_, _ = rand.Read(b) // it never fails, or ends the program
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// WellFormed says whether text could be an API token: every token has exactly
// one form.
func WellFormed(text string) bool {
	body, ok := strings.CutPrefix(text, tokenPrefix)
	if !ok || len(body) != 48 || strings.ContainsAny(body, "\r\n") {
		return false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(body)
	return err == nil && len(b) == 36 && binary.BigEndian.Uint32(b[32:]) == crc32.ChecksumIEEE(b[:32])
}

// LoadSecret reads the 32 bytes that seal second factors from a file of 64
// hexadecimal digits, and makes the file, mode 0600, when it is missing. The
// nodes of one database share it, and a backup carries it: without it everybody
// enrols the telephone again with a recovery code.
func LoadSecret(path string) (secret [32]byte, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, _ = rand.Read(secret[:]) // it never fails, or ends the program
		return secret, writeSecret(path, hex.EncodeToString(secret[:])+"\n")
	}
	if err != nil {
		return secret, errs.New(errs.Unavailable, "read the secret: %w", err)
	}
	b, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(b) != len(secret) {
		return secret, errs.New(errs.Invalid, "read the secret %s: it is not 64 hexadecimal digits", path)
	}
	return [32]byte(b), nil
}

func writeSecret(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return errs.New(errs.Unavailable, "make the secret: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return errs.New(errs.Unavailable, "make the secret: %w", err)
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errs.New(errs.Unavailable, "make the secret: %w", err)
	}
	return nil
}

// seal encrypts a second factor's secret for one person: AES-256-GCM with a
// random nonce, the person as additional data, so that a row copied to another
// person does not open.
func (r *Room) seal(to UserID, plain string) (string, error) {
	aead, err := r.aead()
	if err != nil {
		return "", err
	}
	return base64.RawStdEncoding.EncodeToString(aead.Seal(nil, nil, []byte(plain), []byte(to.String()))), nil
}

func (r *Room) unseal(of UserID, sealed string) (string, error) {
	aead, err := r.aead()
	if err != nil {
		return "", err
	}
	b, err := base64.RawStdEncoding.DecodeString(sealed)
	if err == nil {
		b, err = aead.Open(nil, nil, b, []byte(of.String()))
	}
	if err != nil {
		return "", errs.New(errs.Internal, "open the second factor of %s: it was sealed with another secret: %w", of, err)
	}
	return string(b), nil
}

func (r *Room) aead() (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, r.Secret[:], nil, "tocsin second factor 1", 32)
	if err != nil {
		return nil, errs.New(errs.Internal, "derive a key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, errs.New(errs.Internal, "derive a key: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
