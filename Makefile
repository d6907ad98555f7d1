# make run     the demo city on http://127.0.0.1:8080
# make test    everything that must hold; installs what it needs on Debian
# make bench   the figures of docs/PERFORMANCE.md, each beside its control
# make soak    the long ones: fuzzing, 200 kills, load
# make check   linters, dead code, formatting
# make build   bin/tocsin

GO      ?= go
DATA    ?= demo-data
LISTEN  ?= 127.0.0.1:8080
VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  = -s -w -X tocsin/internal/app.version=$(VERSION)

.PHONY: run build test soak bench check needs generate

run: build
	@exec bin/tocsin serve --demo --data $(DATA) --listen $(LISTEN)

build:
	@$(GO) build -ldflags '$(LDFLAGS)' -o bin/tocsin .

# What the tests need and a bare machine lacks. A tool that is still missing
# after this fails its test by name.
needs:
	@sh tools/needs.sh

test: needs build
	@$(GO) vet ./...
	@$(GO) test -timeout 20m ./...
	@sh tools/data.sh

soak: needs build
	@TOCSIN_SOAK=1 $(GO) test -timeout 3h -run 'Soak|Kill' -v ./internal/app/... ./internal/watch/finding
	@sh tools/fuzz.sh 60s

bench:
	@$(GO) test -run '^$$' -bench . -timeout 3h ./internal/...

check: generate
	@cd tools && $(GO) build -o ../bin/ tool
	@bin/golangci-lint run ./...
	@test -z "$$(bin/deadcode -test ./... | tee /dev/stderr)"
	@$(GO) mod tidy -diff
	@git diff --exit-code -- '*_templ.go'

# Pages are written in templ; what it generates is committed, so that building
# needs no tool.
generate:
	@cd tools && $(GO) build -o ../bin/templ github.com/a-h/templ/cmd/templ
	@bin/templ generate -path internal/face/web >/dev/null
