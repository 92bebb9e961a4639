#!/bin/sh
# faults.t: what goes wrong between a tool and PostgreSQL: a clear word, the right status, nothing half done, and a rerun that ends well.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-extract-postgresql" ] || ! pg_start; then
	skip 1 'PostgreSQL: no server here, or no connector'
	finish
fi
pg 'create table t(id int primary key, v text); insert into t values (1, null)'

# ---- connections that break, and servers that come back at once
relay() {
	rm -f port
	python3 "$ROOT/tests/crash/relay.py" "$@" >port 2>relay.log &
	relay_pid=$!
	until_true 10 test -s port
	RELAYED="postgresql://tester@127.0.0.1:$(cat port)/postgres?sslmode=disable"
	export RELAYED
}
for manner in close reset; do
	relay "$T/pg/.s.PGSQL.5432" 20 $manner
	run sync-extract "$RELAYED" t --plain
	is "$status:$(cat out)" '0:{"id":1,"v":null}' "a connection that breaks while it is made is made again ($manner)"
	kill $relay_pid
	wait $relay_pid 2>/dev/null
done
finish
