#!/bin/sh
# conformance-mongodb.t: MongoDB's connector keeps the contract, by scripts/check-connector.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/check.sh"
. "$ROOT/tests/connectors/mongodb.sh"
kinds=$(mongodb_kinds)
[ -x "$BUILD/libexec/sync/sync-load-mongodb" ] || kinds=
for kind in $kinds; do
	[ "$kind" != ferretdb ] || continue	# which knows no decimal numbers
	mongodb_start "$kind" || { fail "a server of kind $kind starts"; continue; }
	empty="python3 '$ROOT/tests/connectors/mongo_client.py' '${MONGODB_AT-}' '${MONGODB_DB-}' \"{'drop': 't'}\""
	[ "$kind" != uri ] || empty="sync-load --plain --mode mirror --allow-empty --max-delete 100% '$MONGODB' t </dev/null"
	# keys of MongoDB are what stands in _id, and here they are in id
	check "mongodb ($kind)" "$MONGODB" --stream t --fresh "$empty" --without keys \
		--extract --key=id --extract '--query={"projection":{"_id":0}}' --away 'mongodb://127.0.0.1:1/x'
	mongodb_stop
done
[ -n "$kinds" ] || skip 1 'MongoDB: no server here (scripts/test-servers builds some where Go or Java are), or no connector'
finish
