#!/bin/sh
# the examples of sync-validate.1 and sync-rules.5
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/cli/examples.sh"

# what a page shows of a file with cat is that file
files() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$ROOT/man/$1" |
		awk '/^\.Bd/ { on = 1; next } /^\.Ed/ { on = 0; file = ""; next } !on { next }
			/^\$ / { file = ""; if ($2 == "cat" && NF == 3) file = $3; next } file != "" { print > file }'
}

for page in sync-validate.1 sync-rules.5; do
	rm -f example.* bad.ndjson
	files $page
	examples $page
done
finish
