#!/bin/sh
# base.t: the test library itself: a failure must be seen.
. "${0%/*}/lib.sh"
run sh -c 'echo out; echo err >&2; exit 7'
status_is 7 'status of a run is kept'
out_is out 'standard output is kept'
err_has '^err$' 'standard error is kept'
is "$( (is a b wrong) 2>&1 | head -n 1)" 'not ok 4 - wrong' 'a difference fails'
finish
