#!/bin/sh
# mongodb-extract.t: what sync-extract-mongodb promises, on every kind of server that there is.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/mongodb.sh"
mongodb_want sync-extract-mongodb
client() { mongodb_client "$@" >client.log 2>&1 || { cat client.log >&2; return 1; }; }
date_of() { echo "B(9, ($1).to_bytes(8, 'little', signed=True))"; }
records() { grep -v '"op":' out; }

what() {
	client "{'insert': 'b', 'documents': [{'_id': 1, 'v': 'x'}, {'_id': 2, 'v': 'y', '_sync': 1}]}"
	client "{'insert': 'a', 'documents': [{'_id': 1}]}"
	client "{'insert': '_sync_state', 'documents': [{'_id': 'job'}]}"
	run sync-extract "$MONGODB"
	status_is 0 "$kind: all collections are read"
	is "$(jq -c 'select(._sync.op == "schema") | ._sync | [.stream, .key]' out)" '["a",["_id"]]
["b",["_id"]]' 'in the order of their names, without our own'
	is "$(grep -c '"_sync":{"stream":"b"}' out)" 2 'records name theirs'
	is "$(jq -c 'select(._id == 2)' out)" '{"_sync":{"stream":"b"},"_id":2,"v":"y","__sync":1}' 'a reserved name has its underscore'
	is "$(jq -r 'select(._sync.op == "schema" and ._sync.stream == "b") | ._sync.schema.properties | keys_unsorted[]' out | tr '\n' ' ')" '_id v __sync ' 'in the schema too'
	is "$(jq -c 'select(._sync.op == "end")._sync.count' out)" '{"a":1,"b":2}' 'and the end counts them'
	run sync-extract "$MONGODB#b" --plain
	out_is '{"_id":1,"v":"x"}
{"_id":2,"v":"y","__sync":1}' 'a fragment names one'
	run sync-extract "$MONGODB" nosuch
	status_is 3 'a collection that is not there'
	err_has "no collection 'nosuch'" 'is named'
	run sync-extract "$MONGODB" a a
	status_is 2 'one that is named twice'
	run sync-extract "$MONGODB" --stream x
	status_is 2 'one stream name for several'
	run sync-extract "$MONGODB" b --stream x --key v
	is "$(jq -c 'select(._sync.op == "schema") | ._sync | [.stream, .key]' out)" '["x",["v"]]' 'a name and a key of the user'
	run sync-extract "$MONGODB" b --keys
	is "$(jq -r 'select(._sync.op == "begin")._sync.scope' out) $(records | tr -d '\n')" 'keys {"_id":1}{"_id":2}' '--keys'
	run sync-extract "$MONGODB" b --plain --query '{"filter":{"v":{"$gt":"x"}},"projection":{"v":1,"_id":0}}'
	out_is '{"v":"y"}' '--query'
	run sync-extract "$MONGODB" b --plain --query '{"sort":{"_id":-1}}'
	is "$(jq -c ._id out | tr '\n' ' ')" '2 1 ' 'with an order'
	for bad in '{' '[]' '{"v":1}' '{"filter":1}'; do
		run sync-extract "$MONGODB" b --query "$bad"
		status_is 2 "a query such as $bad is refused"
	done
	run sync-extract "$MONGODB" --query '{}'
	status_is 2 'as is one of no collection'
	run sync-extract "${MONGODB%/*}" a
	status_is 2 'an address without a database'
	err_has 'names no database' 'which is said'
	run sync-extract "mongodb://x:y@$MONGODB_AT/$MONGODB_DB" a
	status_is 2 'a password among the arguments'
	run sync-extract 'mongodb://127.0.0.1:1/app' a
	status_is 75 'no server there'
	# one stand-in refuses views, the other makes a collection instead
	[ "$kind" = java ] || client "{'create': 'view', 'viewOn': 'b', 'pipeline': [{'\$match': {'v': 'x'}}]}" 2>/dev/null && [ "$kind" != java ] && {
		run sync-extract "$MONGODB" view --plain
		out_is '{"_id":1,"v":"x"}' 'a view that is named'
		run sync-extract "$MONGODB"
		is "$(grep -c '"view"' out)" 0 'and is not read unnamed'
	}
	client "{'dropDatabase': 1}"
}

types() {
	python3 - "$MONGODB_AT" <<'END'
import os, sys
sys.path.insert(0, os.environ['ROOT'] + '/tests/connectors')
from mongo_client import *
c = Client(sys.argv[1], os.environ['MONGODB_DB'])
for i in range(0, 5000, 500):
    c.run({'insert': 't', 'documents': [{'_id': j, 'n': 'text' if j == 2500 else j, 's': None if j % 2 else 'x'} for j in range(i, i + 500)]})
END
	run sync-extract "$MONGODB" t
	is "$(jq -c 'select(._sync.op == "schema")._sync.schema.properties | [.n, .s]' out)" \
		'[{"type":"integer","x-type":"mongodb:int32"},{"type":["string","null"]}]' "$kind: types are those of the first and last documents"
	is "$(records | wc -l) $(records | sed -n '/"_id":2500,/p')" '5000 {"_id":2500,"n":"text","s":"x"}' 'a later one is written all the same'
	run sync-extract "$MONGODB" t --sample=0
	is "$(jq -c 'select(._sync.op == "schema")._sync.schema.properties.n' out)" '{}' '--sample=0 looks at all'
	for i in 1 2 3; do sync-extract "$MONGODB" t --shard $i/3; done >shards
	is "$(grep -c '"scope":"part"' shards)" 3 'shards are parts'
	grep -v '"op":' shards | sort >got
	records >all; sync-extract "$MONGODB" t --plain | sort >all
	ok 'and together they are all, each once' cmp got all
	ok 'none of them much larger' sh -c "for i in 1 2 3; do [ \$(sync-extract '$MONGODB' t --plain --shard \$i/3 | wc -l) -gt 1500 ]; done"
	client "{'drop': 't'}"
}

delta() { sync-extract "$MONGODB" d --cursor "$@" --state state.json >delta.stream 2>delta.err && sync-load got.ndjson --mode append --state state.json <delta.stream; }

deltas() {
	now=$(($(date +%s) * 1000))
	rm -f state.json got.ndjson
	client "{'insert': 'd', 'documents': [{'_id': 1, 'at': $(date_of $((now - 900000)))}, {'_id': 2, 'at': $(date_of $((now - 900000)))}, {'_id': 3, 'at': $(date_of $((now - 20000)))},
	 {'_id': 4, 'at': $(date_of $((now + 900000)))}, {'_id': 5}, {'_id': 6, 'at': 'text'}]}"
	delta at
	is "$(jq -c ._id got.ndjson | tr '\n' ' ')" '1 2 5 6 ' "$kind: a first delta, of what is older than a minute"
	is "$(grep -c 'have no .at. that is date' delta.err) $(grep -c '"scope":"part"' delta.stream)" '1 1' 'with a warning of those that have no time, and a part'
	delta at --lag 60
	is "$(jq -c ._id got.ndjson | tr '\n' ' ')" '1 2 5 6 ' 'nothing came since'
	delta at --lag 5s
	is "$(jq -c ._id got.ndjson | tr '\n' ' ')" '1 2 5 6 3 ' 'what is older than the lag now'
	is "$(cat delta.err)" '' 'without a word'
	client "{'insert': 'd', 'documents': [{'_id': 7, 'at': $(date_of $((now - 5500)))}, {'_id': 8, 'at': $(date_of $((now - 2 * 900000)))}]}"
	delta at --lag 0.001
	is "$(jq -c ._id got.ndjson | tr '\n' ' ' | grep -c ' 8 ')" 0 'what came with an earlier time is missed, as the page says'
	run sync-extract "$MONGODB" d --cursor _id --state state.json
	status_is 2 'the state is of another selection'
	run sync-extract "$MONGODB" d --cursor _id
	status_is 2 'a number is no cursor'
	err_has 'trust-cursor' 'unless trusted'
	rm -f state.json got.ndjson
	delta _id --trust-cursor
	is "$(wc -l <got.ndjson)" 8 '--trust-cursor reads all that is there'
	client "{'insert': 'd', 'documents': [{'_id': 9}, {'_id': 10}]}"
	delta _id --trust-cursor
	delta _id --trust-cursor
	is "$(jq -c ._id got.ndjson | tail -n 3 | tr '\n' ' ')" '8 9 10 ' 'and then what is larger, once'
	rm -f state.json got.ndjson
	client "{'drop': 'd'}"
	old=$(printf '%08x' $((now / 1000 - 500)))
	new=$(printf '%08x' $((now / 1000 + 500)))
	client "{'insert': 'd', 'documents': [{'_id': B(7, bytes.fromhex('${old}0000000000000001')), 'n': 1}, {'_id': B(7, bytes.fromhex('${new}0000000000000001')), 'n': 2}]}"
	delta _id
	is "$(jq -c .n got.ndjson)" 1 'ObjectIds tell the time too'
	client "{'insert': 'd', 'documents': [{'_id': B(7, bytes.fromhex('$(printf '%08x' $(($(date +%s) - 10)))0000000000000009')), 'n': 3}]}"
	delta _id --lag 1s
	is "$(jq -c .n got.ndjson | tr '\n' ' ')" '1 3 ' 'of later documents'
	rm -f state.json got.ndjson
	client "{'drop': 'd'}"
	client "{'create': 'd'}"
	delta at
	is "$(cat got.ndjson)" '' 'an empty collection'
	client "{'insert': 'd', 'documents': [{'_id': 1, 'at': $(date_of $((now - 900000)))}]}"
	delta at
	is "$(jq -c ._id got.ndjson)" 1 'and what came into it'
	for wrong in '--state s' '--lag 5' '--trust-cursor' '--reset' '--keys --cursor at' '--keys --key v' '--follow'; do
		# shellcheck disable=SC2086
		run sync-extract "$MONGODB" d $wrong
		status_is 2 "$wrong is refused"
	done
	client "{'dropDatabase': 1}"
}

for kind in $kinds; do
	mongodb_start "$kind" || { fail "a server of kind $kind starts"; continue; }
	for part in what types deltas; do $part; done
	mongodb_stop
done
finish
