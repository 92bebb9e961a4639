#!/bin/sh
# demo.t: the demo runs to its end.
. "${0%/*}/lib.sh"
if [ "${SYNC_TEST_PROFILE:-release}" != release ]; then
	skip 1 'the demo runs on the release build'
	finish
fi
run "$ROOT/scripts/demo" --built
status_is 0 'it runs'
out_has 'in app.db now +379 matches' 'and all matches are there'
finish
