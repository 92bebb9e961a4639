#!/bin/sh
# man.t: every page is clean, and what its examples show is what comes of them.
. "${0%/*}/lib.sh"
. "$ROOT/tests/cli/examples.sh"
for page in "$ROOT"/man/*.[1-8]; do
	name=$(basename "$page")
	grep -q '^\.Sh EXAMPLES' "$page" || { fail "$name has examples"; continue; }
	mkdir "$T/$name.d" && cd "$T/$name.d" || exit 99
	examples "$name"
done
finish
