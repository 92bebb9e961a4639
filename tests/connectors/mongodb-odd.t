#!/bin/sh
# mongodb-odd.t: documents that make reading MongoDB hard: cursors in arrays and of other types, deep nesting, collections that come.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/mongodb.sh"
mongodb_want sync-extract-mongodb
client() { mongodb_client "$@" >client.log 2>&1 || { cat client.log >&2; return 1; }; }
date_of() { echo "B(9, ($1).to_bytes(8, 'little', signed=True))"; }
time_of() { echo "B(17, bytes(4) + ($1).to_bytes(4, 'little'))"; }
now=$(($(date +%s) * 1000))
old=$((now - 900000))
delta() { sync-extract "$MONGODB" d --cursor "$@" --state state.json 2>delta.err >delta.stream && sync-load got.ndjson --mode append --state state.json <delta.stream; }
got() { jq -c ._id got.ndjson | tr '\n' ' '; }
later() { delta at --lag 0.001 && grep -q '"_id":6,' got.ndjson; }
again() {
	rm -f state.json got.ndjson
	client "{'drop': 'd'}" 2>/dev/null
	client "{'insert': 'd', 'documents': $1}"
}

cursors() {
	again "[{'_id': 1, 'a': [{'b': $(date_of "$old")}]}]"
	for how in '' --trust-cursor; do
		run sync-extract "$MONGODB" d --cursor a.b ${how:+"$how"}
		status_is 2 "$kind: a cursor in an array is refused $how"
		err_has 'lies in an array' 'by that word'
	done
	again "[{'_id': 1, 'at': $(date_of "$old")}, {'_id': 2, 'at': None}, {'_id': 3}]"
	run sync-extract "$MONGODB?readPreference=secondaryPreferred" d --cursor at
	status_is 0 'a secondary may be read'
	err_has 'may read from secondaries' 'with a warning'
	delta at
	is "$(got)" '1 2 3 ' 'a first run reads what has none'
	client "{'insert': 'd', 'documents': [{'_id': 4, 'at': $(date_of $((now - 5000)))}, {'_id': 5, 'at': $(time_of $((now / 1000 - 500)))}]}"
	delta at --lag 1s
	is "$(got)" '1 2 3 4 ' 'a value of a later type does not hide those that come by time'
	is "$(grep -c "isn't date" delta.err)" 1 'and is warned of'
	client "{'insert': 'd', 'documents': [{'_id': 6, 'at': $(date_of "$(date +%s%3N)")}]}"
	until_true 10 later
	is "$(got)" '1 2 3 4 6 ' 'in the next run neither'
	again "[{'_id': 1}, {'_id': 2, 'at': None}]"
	delta at
	client "{'insert': 'd', 'documents': [{'_id': 3, 'at': $(date_of "$old")}]}"
	delta at
	is "$(got)" '1 2 1 2 3 ' 'where none has a time yet, all are read again'
	again "[{'_id': 1, 'n': 1}, {'_id': 2, 'n': None}]"
	delta n --trust-cursor
	client "{'insert': 'd', 'documents': [{'_id': 3, 'n': 2.5}, {'_id': 4, 'n': L(3)}]}"
	delta n --trust-cursor
	is "$(got)" '1 2 3 4 ' 'a trusted cursor goes on through the types of numbers'
	client "{'delete': 'd', 'deletes': [{'q': {'_id': {'\$ne': 2}}, 'limit': 0}]}"
	delta n --trust-cursor
	is "$(got)" '1 2 3 4 ' 'and where none is left, nothing is read again'
	client "{'insert': 'd', 'documents': [{'_id': 5, 'n': 'text'}]}"
	run sync-extract "$MONGODB" d --cursor n --trust-cursor --state state.json
	status_is 3 'but not to text, which is not larger than any number for the server'
	err_has 'of another type' 'which is said'
	run sync-extract "$MONGODB" d --cursor n --trust-cursor --state state.json --reset
	status_is 0 'anew it does'
	client "{'dropDatabase': 1}"
}

comers() {
	client "{'insert': 'a', 'documents': [{'_id': 1, 'at': $(date_of "$old")}]}"
	rm -rf state.json all && mkdir all
	all() { sync-extract "$MONGODB" --cursor at --state state.json >delta.stream 2>delta.err && sync-load all/ --mode append --state state.json <delta.stream; }
	run all
	status_is 0 "$kind: a delta of all collections"
	client "{'insert': 'b', 'documents': [{'_id': 2, 'at': $(date_of "$old")}]}"
	run all
	status_is 0 'goes on when a collection comes'
	is "$(jq -c 'select(._sync.op == "end")._sync.count' delta.stream)" '{"b":1}' 'and reads that one alone'
	client "{'insert': 'a', 'documents': [{'_id': 3}]}"
	client "{'listCollections': 1}"
	if grep -q "'uuid'" client.log; then
		client "{'drop': 'a'}"
		client "{'insert': 'a', 'documents': [{'_id': 1, 'at': $(date_of "$old")}]}"
		run sync-extract "$MONGODB" --cursor at --state state.json
		status_is 2 'one made anew is another'
		err_has "another collection 'a'" 'which is said'
	fi
	client "{'dropDatabase': 1}"
}

nested() {
	client "{'insert': 'd', 'documents': [{'_id': 1, 'd': __import__('functools').reduce(lambda d, i: {'d': d}, range(80), {'n': L(1)})}]}"
	run sync-extract "$MONGODB" d
	status_is 0 "$kind: 80 levels"
	run sync-load deep.ndjson <out
	status_is 0 'are no deeper than a line may be'
	sync-load deep.ndjson <out
	ok 'and come back the same' sh -c 'sync-extract deep.ndjson --plain | jq -ce "[.. | objects | select(has(\"n\"))][0].n == {\"\$numberLong\":\"1\"}"'
	client "{'dropDatabase': 1}"
}

# 60 MB of documents, which a stand-in would send as one reply
memory() {
	[ "${SYNC_TEST_PROFILE:-release}" = release ] || return 0
	python3 - "$MONGODB_AT" <<'END'
import os, sys
sys.path.insert(0, os.environ['ROOT'] + '/tests/connectors')
from mongo_client import *
c = Client(sys.argv[1], os.environ['MONGODB_DB'])
for i in range(0, 20000, 1000):
    c.run({'insert': 'd', 'documents': [{'_id': j, 't': 'x' * 3000} for j in range(i, i + 1000)]})
END
	run python3 -c "import resource, subprocess, sys
print(subprocess.run(['sync-extract', sys.argv[1], 'd'], stdout=subprocess.DEVNULL).returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 64 * 1024)" "$MONGODB"
	is "$(cat out)" '0 True' "$kind: memory is bounded whatever the collection's size"
	client "{'dropDatabase': 1}"
}

for kind in $kinds; do
	mongodb_start "$kind" || { fail "a server of kind $kind starts"; continue; }
	for part in cursors comers nested memory; do $part; done
	mongodb_stop
done
finish
