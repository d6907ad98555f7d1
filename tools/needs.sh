#!/bin/sh
# Installs, on Debian, what the tests need beside Go: PostgreSQL's server
# programs, Chromium, and the tools that read papers back.
set -eu
missing=
need() { # need COMMAND-OR-GLOB PACKAGE
	for path in $1; do
		[ -x "$path" ] && return 0
		command -v "$path" >/dev/null 2>&1 && return 0
	done
	missing="$missing $2"
}
need '/usr/lib/postgresql/*/bin/initdb' postgresql
need chromium chromium
need pdftotext poppler-utils
[ -z "$missing" ] && exit 0
run=
[ "$(id -u)" = 0 ] || run=sudo
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$run apt-get update -qq
# shellcheck disable=SC2086 # a list of packages
$run apt-get install -y -qq --no-install-recommends $missing >/dev/null
