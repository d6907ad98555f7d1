package api_test

import (
	"testing"

	"tocsin/internal/face/api"
)

func TestEveryNounHasItsRoutes(t *testing.T) {
	for _, r := range api.Routes() {
		t.Log(r.Method, r.Path, r.Params, r.Body)
	}
}
