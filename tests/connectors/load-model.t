#!/bin/sh
# load-model.t: random streams into each database, against one model of what is to become of them. Seeds stand in what fails.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
. "$ROOT/tests/connectors/mongodb.sh"
model() { # TARGET FIRST COUNT
	mkdir -p "model-$1" && ok "$1, seeds $2 and $3 on" sh -c "cd model-$1 && exec python3 \"\$ROOT/tests/connectors/load_run.py\" $*"
}
if [ -x "$BUILD/libexec/sync/sync-load-sqlite" ]; then
	model sqlite 0 60
	model sqlite 60 60
	model sqlite 120 60
else
	skip 3 'SQLite: its connector is not built here'
fi
if ! [ -x "$BUILD/libexec/sync/sync-load-postgresql" ]; then
	skip 10 'PostgreSQL: its connector is not built here'
elif ! pg_start; then
	skip 10 'PostgreSQL: no server here'
else
	model postgresql 0 40
	model postgresql 72 40
	for seed in 156 166 226 245 253 255 332 1202; do model postgresql $seed 1; done
fi
# FerretDB has no decimals, and no word for a duplicate in an update
kinds=
[ ! -x "$BUILD/libexec/sync/sync-load-mongodb" ] || kinds=$(mongodb_kinds | grep -v 'uri\|ferretdb')
for MONGODB_KIND in $kinds; do
	export MONGODB_KIND
	if ! mongodb_start "$MONGODB_KIND"; then
		skip 2 "MongoDB: no server of kind $MONGODB_KIND starts"
		continue
	fi
	model mongodb 0 40
	model mongodb 170 20
	mongodb_stop
done
[ -n "$kinds" ] || skip 2 'MongoDB: no fit server of its own here, or no connector'
finish
