#!/bin/sh
# mongodb-load.t: what sync-load-mongodb promises, on every kind of server that there is.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/cli/examples.sh"
. "$ROOT/tests/connectors/mongodb.sh"
mongodb_want sync-load-mongodb
client() { mongodb_client "$@"; }
docs() { client --types "$1" | sort; }
# load 'LINES' OPTION...: plain lines into $MONGODB, collection c
load() {
	text=$1
	shift
	# shellcheck disable=SC2059  # the text is a format
	printf "$text" >in
	run sync-load --plain -v "$MONGODB" c "$@" <in
}
# changes 'LINES' OPTION...: a framed stream of scope part
changes() {
	mongodb_part "$1" >in
	shift
	run sync-load -v "$MONGODB" c "$@" <in
}
drop() { client "{'drop': 'c'}" >/dev/null 2>&1; }
counts_are() { err_has "$1 inserted, $2 updated, $3 unchanged, $4 deleted, $5 set aside" "$6"; }

upserts() {
	load '{"_id":1,"a":"x"}\n{"_id":2,"a":"y","b":{"c":[1,2.5]}}\n'
	counts_are 2 0 0 0 0 "$kind: documents are added"
	is "$(docs c)" "_id:10=1 a:02='x'
_id:10=2 a:02='y' b:03={'c': [1, 2.5]}" 'with the types of their values'
	load '{"_id":1,"a":"x"}\n{"_id":2,"a":"z"}\n{"a":1,"_id":3}\n'
	counts_are 1 1 1 0 0 'what is equal stays, what differs is replaced'
	is "$(docs c)" "_id:10=1 a:02='x'
_id:10=2 a:02='z'
_id:10=3 a:10=1" 'as a whole'
	load '{"_id":1.0,"a":"x"}\n'
	counts_are 0 0 1 0 0 '1 and 1.0 are one key'
	load '{"_id":2,"n":5}\n' --mode patch
	is "$(docs c | sed -n 2p)" "_id:10=2 a:02='z' n:10=5" 'a patch leaves the other fields'
	load '{"_id":4,"a":1}\n{"_id":4,"a":2}\n{"_id":4,"a":3}\n'
	counts_are 1 2 0 0 0 'records of one key are folded in their order'
	is "$(docs c | sed -n '/^_id:10=4/p')" '_id:10=4 a:10=3' 'the last one counts'
	drop
}

changed() {
	load '{"_id":1,"a":"x","b":1}\n{"_id":2,"a":"y","b":2}\n{"_id":3,"a":"z"}\n{"_id":4}\n'
	changes '{"_sync":{"op":"update"},"_id":1,"a":"u"}\n{"_sync":{"op":"update","unset":["a"]},"_id":2,"c":null}\n{"_sync":{"op":"delete"},"_id":3}\n{"_sync":{"op":"delete"},"_id":77}\n' --max-delete 1
	counts_are 0 2 0 1 0 "$kind: updates and deletes"
	is "$(docs c)" "_id:10=1 a:02='u' b:10=1
_id:10=2 b:10=2 c:0a=None
_id:10=4" 'change just what they name'
	changes '{"_sync":{"op":"update"},"_id":9,"a":1}\n' --rejects rej
	status_is 1 'an update of what is not there is set aside'
	is "$(jq -r '._sync.error.code' rej)" missing-row 'with its reason'
	rm -f rej
	changes '{"_sync":{"op":"update"},"_id":9,"a":1}\n' --missing skip
	status_is 0 'or skipped'
	changes '{"_sync":{"op":"update"},"_id":9,"a":1}\n' --missing insert
	counts_are 1 0 0 0 0 'or added'
	changes '{"_sync":{"op":"update","key":{"_id":9}},"_id":10}\n'
	is "$(docs c | sed -n '/_id:10=\(9\|10\)/p')" '_id:10=10 a:10=1' 'a key that moved takes its document along'
	changes '{"_sync":{"op":"update","key":{"_id":9}},"_id":10}\n'
	status_is 0 'also when that was done before'
	changes '{"_sync":{"op":"update"},"_id":1,"x.y":1,"$z":2}\n' --rejects rej
	case $status in
	0) is "$(docs c | sed -n 1p)" "_id:10=1 a:02='u' b:10=1 x.y:10=1 \$z:10=2" 'names with dots and dollars are names' ;;
	*) is "$(jq -r '._sync.error.code' rej)" refused 'names that the server refuses are told' ;;
	esac
	rm -f rej
	changes '{"_sync":{"op":"delete"},"_id":1}\n{"_sync":{"op":"delete"},"_id":2}\n{"_sync":{"op":"delete"},"_id":4}\n'
	status_is 3 'deletes beyond --max-delete fail'
	is "$(docs c | wc -l)" 4 'and nothing is changed'
	changes '{"_sync":{"op":"truncate"}}\n{"_id":5}\n' --max-delete 100%
	changes '{"_sync":{"op":"delete"},"_id":5}\n{"_sync":{"op":"truncate"}}\n{"_sync":{"op":"delete"},"_id":5}\n{"_id":5}\n' --max-delete 100%
	is "$status" 0 'what is truncated counts once'
	is "$(docs c)" '_id:10=5' 'truncate empties the collection first'
	drop
}

keys() {
	load '{"id":1,"a":"x"}\n{"id":2,"a":"y"}\n' --key id
	status_is 0 "$kind: a key other than _id"
	docs c | sed 's/^_id:07=[^ ]* //' >got
	is "$(cat got)" "id:10=1 a:02='x'
id:10=2 a:02='y'" 'documents get an ObjectId'
	docs c >before
	load '{"id":1,"a":"z"}\n{"id":2,"a":"y"}\n'
	counts_are 0 1 1 0 0 'the unique index says the key from then on'
	is "$(docs c | cut -d' ' -f1)" "$(cut -d' ' -f1 before)" 'and the ObjectIds stay'
	changes '{"_sync":{"op":"upsert","key":{"id":1}},"id":3,"a":"m"}\n' --key id
	is "$(docs c | sed -n 1p)" "$(sed -n '1s/ id.*//p' before) id:10=3 a:02='m'" 'also where the key moves'
	load '{"id":null,"a":1}\n{"a":1}\n{"id":[1],"a":1}\n{"id":{"$gt":0},"a":1}\n{"id":9}\n' --key id --rejects rej
	is "$(jq -r '._sync.error.code' rej | sort | uniq -c | tr -s ' ')" ' 4 no-key' 'what can be no key is set aside'
	rm -f rej
	drop
	load '{"_id":1,"k":1}\n'
	load '{"k":1,"v":1}\n' --key k
	status_is 2 'a collection without the unique index is refused'
	err_has 'create-indexes' 'with the way out'
	load '{"k":1,"v":1}\n' --key k --create-indexes
	counts_are 0 1 0 0 0 'which makes one'
	is "$(docs c)" '_id:10=1 k:10=1 v:10=1' 'and _id stays'
	drop
	load '{"a":1,"b":"x","v":1}\n{"a":1,"b":"y","v":1}\n{"a":2,"b":"x","v":1}\n' --key a,b
	load '{"a":1,"b":"y","v":2}\n{"a":2,"b":"x","v":1}\n{"a":2,"b":"y","v":1}\n' --key a,b
	counts_are 1 1 1 0 0 'a key of several fields'
	drop
	load '{"v":1}\n{"v":1}\n'
	counts_are 2 0 0 0 0 'records without a key make a new collection'
	load '{"v":1}\n'
	status_is 3 'and no second time'
	load '{"v":1}\n' --mode append
	counts_are 1 0 0 0 0 'but by --mode append'
	load '{"v.x":1}\n' --key v.x
	status_is 2 'a path is no key'
	drop
}

refusals() {
	load '{"_id":1,"u":1}\n{"_id":2,"u":2}\n'
	client "{'createIndexes': 'c', 'indexes': [{'key': {'u': 1}, 'name': 'u_1', 'unique': True}]}" >/dev/null
	load '{"_id":3,"u":1}\n{"_id":4,"u":4}\n{"_id":5,"u":2}\n' --key _id --rejects rej
	status_is 1 "$kind: documents that the server refuses"
	counts_are 1 0 0 0 2 'are set aside, the others written'
	is "$(jq -r '._sync.error.code' rej | uniq -c | tr -s ' ')" ' 2 duplicate-key' 'with their reason'
	rm -f rej
	load '{"_id":1,"u":9}\n{"_id":6,"u":1}\n' --key _id
	counts_are 1 1 0 0 0 'a value that another document gives up is free'
	load '{"_id":7,"u":7}\n{"_id":7,"u":8}\n{"_id":7,"u":4}\n' --key _id --rejects rej
	counts_are 1 1 0 0 1 'of several records of one document only the refused one is set aside'
	is "$(docs c | sed -n '/_id:10=7/p')" '_id:10=7 u:10=8' 'and the others count'
	rm -f rej
	load '{"_id":1,"u":50}\n{"_id":90,"u":90}\n{"_id":1,"u":51}\n' --mode append --rejects rej
	counts_are 1 0 0 0 2 'also when documents are only added'
	rm -f rej
	drop
}

whole() {
	load '{"_id":1,"a":1}\n{"_id":2,"a":2}\n{"_id":3,"a":3}\n{"_id":4,"a":4}\n'
	load '{"_id":1,"a":1}\n{"_id":2,"a":5}\n{"_id":5}\n' --mode mirror
	counts_are 1 1 1 2 0 "$kind: a mirror deletes what did not come"
	is "$(docs c | cut -d' ' -f1 | tr '\n' ' ')" '_id:10=1 _id:10=2 _id:10=5 ' 'and nothing else'
	load '{"_id":1,"a":1}\n' --mode mirror
	status_is 3 'not more than --max-delete'
	load '{"_id":1,"a":1}\n{"_id":null}\n' --mode mirror --rejects rej --max-delete 100%
	is "$status $(docs c | wc -l)" '1 3' 'nor with anything set aside'
	rm -f rej
	load '' --mode mirror --max-delete 100%
	is "$status $(docs c | wc -l)" '3 3' 'nor of an empty source'
	load '' --mode mirror --allow-empty
	is "$status $(docs c | wc -l)" '0 0' 'unless told'
	drop
	load '{"_id":1,"a":1}\n{"_id":2,"a":2}\n' --mode replace
	is "$status $(docs c | wc -l)" '0 2' 'replace makes a collection'
	client "{'createIndexes': 'c', 'indexes': [{'key': {'a': 1}, 'name': 'a_1'}]}" >/dev/null
	load '{"_id":7,"a":7}\n' --mode replace
	if [ "$kind" = ferretdb ]; then
		is "$status $(docs c | wc -l)" '2 2' 'a server that cannot put one in the place of another refuses, and nothing is changed'
		err_has 'mode mirror' 'with the way out'
	else
		is "$status $(docs c)" '0 _id:10=7 a:10=7' 'or takes the place of one'
		ok 'whose indexes it has' sh -c "python3 '$ROOT/tests/connectors/mongo_client.py' $MONGODB_AT $MONGODB_DB \"{'listIndexes': 'c', 'cursor': {}}\" | grep -q a_1"
	fi
	client "{'create': 'capped', 'capped': True, 'size': 4096, 'max': 2}" >/dev/null 2>&1
	printf '{"_id":1}\n{"_id":2}\n{"_id":3}\n' >in
	run sync-load --plain "$MONGODB" capped --mode replace <in
	[ "$status" = 0 ] && want=3 || want=0
	is "$(docs capped | grep -c .)" "$want" 'a collection takes the place of another with all its documents, or not at all'
	client "{'drop': 'capped'}" >/dev/null
	ok 'and nothing is left behind' sh -c "! python3 '$ROOT/tests/connectors/mongo_client.py' $MONGODB_AT $MONGODB_DB \"{'listCollections': 1, 'nameOnly': True}\" | grep -q _sync_new"
	printf '{"_id":1}\n{"_id":' | sync-load --plain --mode replace "$MONGODB" d 2>/dev/null
	ok 'nor by a stream that is cut off' sh -c "! python3 '$ROOT/tests/connectors/mongo_client.py' $MONGODB_AT $MONGODB_DB \"{'listCollections': 1, 'nameOnly': True}\" | grep -q \"'d'\\|_sync_new\""
	drop
}

newer() {
	load '{"_id":1,"t":5}\n{"_id":2,"t":"2024-01-01"}\n{"_id":3,"t":1.5}\n'
	load '{"_id":1,"t":4,"a":1}\n{"_id":2,"t":"2023-12-31","a":1}\n{"_id":3,"t":1.4,"a":1}\n{"_id":4,"t":0}\n' --newer t
	counts_are 1 0 3 0 0 "$kind: documents that are newer are left alone"
	load '{"_id":1,"t":6,"a":1}\n{"_id":2,"t":"2024-01-02","a":1}\n{"_id":3,"t":1.5,"a":1}\n' --newer t
	counts_are 0 3 0 0 0 'and others are not'
	# FerretDB has no decimal128
	if [ "$kind" != ferretdb ]; then
		load '{"_id":5,"t":1.50000000000000000000002}\n{"_id":6,"t":9007199254740993}\n{"_id":7,"t":1}\n{"_id":8,"t":2.5}\n'
		load '{"_id":5,"t":1.50000000000000000000001,"a":1}\n{"_id":6,"t":9007199254740992.0,"a":1}\n{"_id":7,"t":null,"a":1}\n{"_id":8,"t":2.50000000000000000000001}\n' --newer t
		counts_are 0 1 3 0 0 'numbers of any type are compared by value, and null is older than a value'
	fi
	drop
}

state() {
	printf '{"_id":1,"at":"2024-01-01T00:00:00Z"}\n' >s.ndjson
	run sh -c "sync-extract s.ndjson --state '$MONGODB#job' | sync-load '$MONGODB' c --mode append --state '$MONGODB#job'"
	status_is 0 "$kind: the state is kept in the database"
	printf '{"_id":2}\n' >>s.ndjson
	run sh -c "sync-extract s.ndjson --state '$MONGODB#job' | sync-load '$MONGODB' c --mode append --state '$MONGODB#job' -v"
	err_has '1 records: 1 inserted' 'and the next run goes on from it'
	sync-extract s.ndjson --state "$MONGODB#job" >late.stream
	printf '{"_id":3}\n' >>s.ndjson
	sync-extract s.ndjson --state "$MONGODB#job" | sync-load "$MONGODB" c --mode append --state "$MONGODB#job"
	run sync-load "$MONGODB" c --mode append --state "$MONGODB#job" <late.stream
	status_is 75 'a run that another one has overtaken ends'
	is "$(docs c | wc -l)" 3 'and adds nothing'
	is "$(client --types _sync_state | sed 's/ state.*//')" "_id:02='job' generation:02='3'" 'a document for each job'
	drop
}

several() {
	{
		echo '{"_sync":{"op":"begin","format":1,"run":"1","scope":"full"}}'
		echo '{"_sync":{"op":"schema","stream":"x","key":["_id"],"schema":{"properties":{"d":{"type":"string","format":"date-time"}}}}}'
		echo '{"_sync":{"stream":"x"},"_id":1,"d":"2024-01-01T00:00:00Z"}'
		echo '{"_sync":{"stream":"y"},"_id":1,"d":"2024-01-01T00:00:00Z"}'
		echo '{"_sync":{"op":"schema","stream":"x","key":["_id"],"schema":{"properties":{"d":{"type":"string"}}}}}'
		echo '{"_sync":{"stream":"x"},"_id":2,"d":"2024-01-01T00:00:00Z"}'
		echo '{"_sync":{"op":"end","count":{"x":2,"y":1}}}'
	} >in
	run sync-load "$MONGODB" <in
	status_is 0 "$kind: several streams"
	is "$(docs x)" "_id:10=1 d:09=09:00f451c28c010000
_id:10=2 d:02='2024-01-01T00:00:00Z'" 'each record by the schema before it'
	is "$(docs y)" "_id:10=1 d:02='2024-01-01T00:00:00Z'" 'of its own stream'
	run sync-load "$MONGODB" one <in
	status_is 2 'one name for several streams is refused'
	for name in 'system.x' '_sync_state' 'a$b'; do
		run sync-load --plain "$MONGODB" "$name" </dev/null
		printf '{"_id":1}\n' | sync-load --plain "$MONGODB" "$name" 2>/dev/null
		is $? 2 "no collection of users is called $name"
	done
	python3 -c '
for i in range(5000): print("{\"_id\":%d,\"s\":\"%s\"}" % (i, "x" * (i % 300)))' >many.ndjson
	run sync-load --plain -v "$MONGODB" many <many.ndjson
	counts_are 5000 0 0 0 0 'more than one batch'
	run sync-load --plain -v "$MONGODB" many <many.ndjson
	counts_are 0 0 5000 0 0 'and again: nothing is written'
	python3 -c 'print("{\"_id\":1,\"s\":\"%s\"}" % ("x" * (16 << 20)))' >huge.ndjson
	run sync-load --plain --max-record 64M --rejects rej "$MONGODB" many <huge.ndjson
	is "$status $(jq -r ._sync.error.code rej)" '1 too-long' 'a document that is too long is set aside'
	rm -f rej
	python3 -c 'print("{\"s\":\"%s\"}\n{\"_id\":1}" % ("x" * ((16 << 20) - 23)))' >huge.ndjson
	run sync-load --plain --max-record 64M --mode append --rejects rej "$MONGODB" long <huge.ndjson
	is "$status $(jq -r ._sync.error.code rej)" '1 too-long' 'also by the _id that it gets'
	rm -f rej
	{
		echo '{"_sync":{"op":"begin","format":1,"run":"1","scope":"part"}}'
		python3 -c 'print("{\"_id\":1,\"s\":\"%s\"}\n{\"_sync\":{\"op\":\"update\"},\"_id\":1,\"a.b\":\"%s\"}" % ("x" * (9 << 20), "y" * (9 << 20)))'
		echo '{"_id":2}'
		echo '{"_sync":{"op":"end","count":{"":3}}}'
	} >huge.ndjson
	run sync-load --max-record 64M --rejects rej "$MONGODB" long --key _id <huge.ndjson
	is "$status $(wc -l <rej) $(docs long | wc -l)" '1 1 2' 'an update that makes one too long is set aside, the others are written'
	rm -f rej
}

for kind in $kinds; do
	mongodb_start "$kind" || { fail "a server of kind $kind starts"; continue; }
	for part in upserts changed keys refusals whole newer state several; do $part; done
	client "{'dropDatabase': 1}" >/dev/null
	examples sync-load-mongodb.1
	client "{'dropDatabase': 1}" >/dev/null
	rm -f games.ndjson example.*
	examples sync-extract-mongodb.1
	run sync-load --dry-run "$MONGODB" c </dev/null
	status_is 2 'a dry run is refused'
	mongodb_stop
	rm -f games.ndjson example.*
done
finish
