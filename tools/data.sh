#!/bin/sh
# The last line of make test: whether the suites over the development data ran.
dir=${TOCSIN_DATA:-../shared/data}
if [ -d "$dir" ]; then
	echo "The suites over the development data ran."
else
	echo "The suites over the development data did not run: no folder $dir (set TOCSIN_DATA)."
fi
