module tocsin/tools

go 1.26.0

tool (
	github.com/a-h/templ/cmd/templ
	github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	golang.org/x/tools/cmd/deadcode
	mvdan.cc/gofumpt
)

require github.com/a-h/templ v0.3.977
