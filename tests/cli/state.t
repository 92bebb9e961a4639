#!/bin/sh
# state.t: jobs with a state: what is read again, what is not, and who may go on from it.
. "${0%/*}/lib.sh"
lines() { i=$1; while [ "$i" -le "$2" ]; do echo "{\"id\":$i}"; i=$((i + 1)); done; }
job() { sync-extract in.ndjson --state s.json | sync-load out.ndjson --mode append --state s.json; }
lines 1 3 >in.ndjson
run job
status_is 0 'a first run'
lines 4 5 >>in.ndjson
run job
is "$(cat out.ndjson)" "$(cat in.ndjson)" 'what was appended is appended'
cp s.json before.json
run job
status_is 0 'a run without news'
ok 'leaves the state as it was' cmp s.json before.json
is "$(cat out.ndjson)" "$(cat in.ndjson)" 'and the target'

# two runs on one state
lines 6 6 >>in.ndjson
sync-extract in.ndjson --state s.json >one.stream
sync-extract in.ndjson --state s.json >two.stream
run sh -c 'sync-load out.ndjson --mode append --state s.json <one.stream'
status_is 0 'the first of two runs'
run sh -c 'sync-load out.ndjson --mode append --state s.json <two.stream'
status_is 75 'the second finds that the state has moved'
is "$(cat out.ndjson)" "$(cat in.ndjson)" 'and doubles nothing'

# one that began before another has moved the state commits nothing, although its state is elsewhere
if [ -x "$BUILD/libexec/sync/sync-load-sqlite" ]; then
	mkfifo late
	sync-load b.db t --mode append --state race.json <late 2>late.err &
	late=$!
	exec 3>late
	cat >&3 <<'END'
{"_sync":{"op":"begin","format":1,"run":"late","scope":"full","from":{"generation":"0","connector":"x","source":"s","selection":"t"}}}
{"_sync":{"op":"schema","stream":"t","key":["id"],"schema":{"type":"object","properties":{"id":{"type":"integer"}}}}}
{"id":1}
END
	ok 'a run has begun' until_true 20 test -e b.db-journal
	run sync-load a.db t --state race.json <<'END'
{"_sync":{"op":"begin","format":1,"run":"early","scope":"full","from":{"generation":"0","connector":"x","source":"s","selection":"t"}}}
{"_sync":{"op":"schema","stream":"t","key":["id"],"schema":{"type":"object","properties":{"id":{"type":"integer"}}}}}
{"id":1}
{"_sync":{"op":"checkpoint","stream":"t","seq":1,"state":{"at":"1"},"count":{"t":1}}}
{"_sync":{"op":"end","count":{"t":1}}}
END
	status_is 0 'another one is done before'
	echo '{"_sync":{"op":"end","count":{"t":1}}}' >&3
	exec 3>&-
	wait "$late"
	is "$? $(sqlite3 b.db .tables)" '75 ' 'the first leaves nothing'
	is "$(cat late.err)" "sync-load: error: another run has moved the state in 'race.json' from generation 0 to 1" 'and says why'
fi

# without a state each run adds what it was given
sync-extract in.ndjson >none.stream
run sh -c 'sync-load none.ndjson --mode append <none.stream; sync-load none.ndjson --mode append <none.stream'
is "$(wc -l <none.ndjson)" $((2 * $(wc -l <in.ndjson))) 'without a state nothing tells that a stream was added before'

# wrong states
run sh -c 'sync-load out.ndjson --mode append <one.stream'
status_is 2 'a stream from a state wants --state'
run sh -c 'sync-extract in.ndjson | sync-load out.ndjson --mode append --state s.json'
status_is 2 '--state wants a stream from a state'
run sync-extract in.ndjson --state s.json --stream other
status_is 2 'another selection is refused'
err_has 'selection' 'by its name'
echo '{"format":1,"jobs":{"default":{"generation":1}}}' >damaged.json
run sync-extract in.ndjson --state damaged.json
status_is 3 'a damaged state is no first run'
err_has '\-\-reset' 'and the way out is said'
echo 'nonsense' >damaged.json
run sh -c 'sync-extract in.ndjson --state damaged.json | sync-load x.ndjson --mode append --state damaged.json'
status_is 3 'nor is one that is no JSON'
ok 'and nothing is written' test ! -e x.ndjson
run sh -c 'sync-extract in.ndjson --state s.json#two | sync-load y.ndjson --mode append --state s.json#two'
status_is 0 'another job in the same place'
is "$(jq -c '.jobs | keys' s.json)" '["default","two"]' 'stands beside the first'
finish
