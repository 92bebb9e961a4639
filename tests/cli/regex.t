#!/bin/sh
# regex.t: expressions as a JavaScript engine understands them with the u flag, where there is one.
. "${0%/*}/lib.sh"
if ! command -v node >/dev/null 2>&1; then
	skip 2 'node is not installed'
	finish
fi
for seed in 1 2; do
	ok "expressions agree with RegExp, seed $seed" node "$ROOT/tests/cli/regex_model.js" "$BUILD/tests/drive_regex" $seed 10000
done
finish
