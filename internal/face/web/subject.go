package web

import (
	"strings"

	"tocsin/internal/base/auth"
)

// subjectID is the id in a subject of the journal: F12 of finding:F12.
func subjectID(subject string) string {
	_, id, _ := strings.Cut(subject, ":")
	return id
}

// subjectHref is where a subject of the journal is shown to an actor, "" for
// nowhere.
func (s *Site) subjectHref(a auth.Actor, subject string) string {
	noun, id, _ := strings.Cut(subject, ":")
	for _, place := range [][2]string{
		{"finding", "/findings/{id}"},
		{"warning", "/warnings/{id}"},
		{"document", "/documents/{id}"},
		{"user", "/people/{id}"},
		{"organisation", "/organisations/{code}"},
		{"system", "/systems/{code}"},
		{"delivery", "/outbox/{id}"},
		{"source", "/sources/{name}"},
		{"indicator", "/indicators/{id}"},
		{"advisory", "/advisories/{id}"},
	} {
		if place[0] == noun && s.leads(a, place[1]) {
			at := strings.LastIndex(place[1], "/")
			return place[1][:at+1] + id
		}
	}
	return ""
}
