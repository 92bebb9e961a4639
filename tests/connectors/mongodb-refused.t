#!/bin/sh
# mongodb-refused.t: writes that the server refuses for a while, that break off, or that are never answered: nothing counts as written that isn't.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/mongodb.sh"
mongodb_want sync-load-mongodb
# through WHAT...: $VIA is the server behind a relay that does that
through() {
	rm -f via via.heard
	python3 "$ROOT/tests/connectors/mongo_relay.py" "$MONGODB_AT" via "$@" &
	relay=$!
	until_true 30 test -s via
	VIA=mongodb://127.0.0.1:$(cat via)/$MONGODB_DB
}
through_end() {
	kill "$relay"
	wait "$relay" 2>/dev/null
}
load() {
	# shellcheck disable=SC2059  # the text is a format
	printf "$1" >in
	shift
	run sync-load --plain -v "$@" --key _id --rejects rej <in
}
filled() {
	mongodb_client "{'drop': 'c'}" >/dev/null 2>&1
	load '{"_id":1,"u":1}\n{"_id":2,"u":2}\n' "$MONGODB" c
	mongodb_client "{'createIndexes': 'c', 'indexes': [{'key': {'u': 1}, 'name': 'u_1', 'unique': True}]}" >/dev/null
	rm -f rej
}

broken() {
	for command in insert update; do
		filled
		through cut "$command:c"
		load '{"_id":3,"u":1}\n{"_id":2,"u":5}\n{"_id":1,"u":5}\n{"_id":4,"u":4}\n{"_id":1,"u":1,"v":2}\n' "$VIA" c
		through_end
		status_is 75 "$kind: a connection that breaks off before an $command, after others were refused, is no success"
	done
	filled
	through code 11000 91
	load '{"_id":3,"u":1}\n{"_id":4,"u":4}\n' "$VIA" c
	status_is 75 'a document that a server refuses for a while is not set aside'
	is "$(cat rej 2>/dev/null)" '' 'but to be given again'
	load '{"_id":3,"u":1}\n{"_id":5,"u":5}\n' "$VIA" c --mode append
	status_is 75 'likewise one that is only added'
	is "$(cat rej 2>/dev/null)" '' 'and never set aside'
	through_end
	load '{"_id":6}\n' "$MONGODB?w=0" c
	status_is 2 'writes that nobody answers for are refused'
	err_has 'w=0' 'by their name'
}

# changes 'LINES': a stream of scope part, of changes
changes() {
	mongodb_part "$1" >in
	shift
	run sync-load -v "$MONGODB" c --rejects rej "$@" <in
}
docs() { mongodb_client --types c | sort; }

moves() {
	filled
	changes '{"_sync":{"op":"update","key":{"_id":1}},"_id":3,"u":2}\n' --key _id
	status_is 1 "$kind: a document that can't move"
	is "$(docs)" "_id:10=1 u:10=1
_id:10=2 u:10=2" 'stays where it is'
	rm -f rej
	load '{"_id":1,"u":2}\n{"_id":2,"u":1}\n' "$MONGODB" c
	is "$status $(docs | tr '\n' ' ')" '1 _id:10=1 u:10=1 _id:10=2 u:10=2 ' 'as do two that exchange a unique value'
	rm -f rej
	changes '{"_sync":{"op":"update","key":{"_id":1}},"_id":3}\n' --key _id
	is "$status $(docs | tr '\n' ' ')" '1 _id:10=1 u:10=1 _id:10=2 u:10=2 ' 'and one that moves with such a value'
	rm -f rej
	load '{"_id":2,"u":1}\n' "$MONGODB" c --mode mirror
	is "$status $(docs | tr '\n' ' ')" '1 _id:10=1 u:10=1 _id:10=2 u:10=2 ' 'and all, where a mirror has one take the value of one that is to go'
	rm -f rej
	changes '{"_sync":{"op":"update","key":{"_id":1}},"_id":2,"v":1}\n' --key _id
	is "$status $(docs | wc -l)" '1 2' 'an update puts none into the place of another'
	rm -f rej
	load '{"_id":9,"u":9}\n' "$MONGODB" c
	changes '{"_sync":{"key":{"_id":1}},"_id":2,"u":9}\n' --key _id --max-delete 9
	is "$status $(docs | wc -l)" '1 3' 'a record that is refused there takes none away'
	rm -f rej
	changes '{"_sync":{"key":{"_id":1}},"_id":2,"v":1}\n' --key _id --max-delete 9
	is "$status $(docs | tr '\n' ' ')" '0 _id:10=2 v:10=1 _id:10=9 u:10=9 ' 'else the old one goes'
	run sync-load --plain "$MONGODB" c --key _id --memory 64K <in
	status_is 0 'with little memory'
	rm -f rej
	mongodb_client "{'drop': 'c'}" >/dev/null
	load '{"_id":1,"k":1,"v":1}\n{"_id":2,"k":2,"v":2}\n' "$MONGODB" c
	mongodb_client "{'createIndexes': 'c', 'indexes': [{'key': {'k': 1}, 'name': 'k_1', 'unique': True}]}" >/dev/null
	changes '{"_sync":{"op":"update","key":{"_id":1}},"_id":5,"k":5,"a":1}\n{"_sync":{"op":"update","key":{"_id":5}},"_id":6,"k":6,"b":1}\n{"_sync":{"op":"update"},"_id":6,"c":1}\n' --key _id
	is "$status $(docs | tail -n 1)" '0 _id:10=6 k:10=6 v:10=1 a:10=1 b:10=1 c:10=1' 'one that moves on and on keeps its fields'
	changes '{"_sync":{"op":"update","key":{"k":6}},"k":7,"d":1}\n{"_sync":{"op":"update","key":{"k":7}},"k":8,"e":1}\n{"_sync":{"op":"update"},"k":8,"f":1}\n' --key k
	is "$status $(docs | tail -n 1)" '0 _id:10=6 k:10=8 v:10=1 a:10=1 b:10=1 c:10=1 d:10=1 e:10=1 f:10=1' 'also under another key'
}

for kind in $kinds; do
	[ "$kind" != uri ] || { skip 1 'uri: a server that others use is not spoilt'; continue; }
	mongodb_start "$kind" || { fail "a server of kind $kind starts"; continue; }
	broken
	moves
	mongodb_stop
done
finish
