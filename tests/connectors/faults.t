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

# ---- a load that fails leaves rows and state as they were, and goes on when the cause is gone
pg 'create table g(id int primary key, v text); create role plain login'
seq 1 400 | jq -c '{id: ., v: "\(.)"}' >in.ndjson
job() { run sh -c 'sync-extract in.ndjson --stream g --state "$1" | sync-load "$1" g --state "$1" --lock-timeout 0.2' - "$1"; }
left() { pg "select count(*) from g; select to_regclass('_sync_state')" | tr '\n' ' '; }
nothing_done() {
	status_is "$1" "$2: exit status $1"
	err_has "$3" "$2: the cause is said"
	is "$(left)" '0  ' "$2: no row and no state"
}
PLAIN="postgresql://plain@/postgres?host=$PGHOST"
export PLAIN
job "$PLAIN"
nothing_done 2 'no right to write' 'permission denied'
pg "grant all on g to plain; revoke create on schema public from public"
job "$PLAIN"
nothing_done 2 'no right to make the table of states' 'permission denied'
pg 'alter role plain set default_transaction_read_only to on; grant all on schema public to plain'
job "$PLAIN"
nothing_done 75 'a session that may only read' 'read-only transaction'
pg 'alter role plain reset default_transaction_read_only'
(psql -XAtq -c 'begin; lock table g in exclusive mode; select pg_sleep(60)' >/dev/null 2>&1; :) &
until_true 10 sh -c "psql -XAtqc \"select 1 from pg_locks where mode = 'ExclusiveLock' and granted and relation='g'::regclass\" | grep -q 1"
job "$PLAIN"
nothing_done 75 'a table that another session has locked' 'lock timeout'
pg "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%' and pid<>pg_backend_pid()" >/dev/null
wait $!
pg 'alter table g alter v type int using v::int'
echo '{"id":401,"v":"no number"}' >>in.ndjson
job "$PLAIN"
nothing_done 3 'a column that has another type now' 'no number|integer'
pg 'alter table g alter v type text'
job "$PLAIN"
is "$status:$(pg 'select count(*), max(v) from g; select generation from _sync_state' | tr '\n' ' ')" '0:401|no number 1 ' 'when the cause is gone the same job ends well'

# ---- a tablespace on a full disk
mkdir full
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=1m none full 2>/dev/null; then
	trap 'pg_stop; umount "$T/full"; rm -rf "$T"' EXIT
	mkdir full/space && chown postgres full full/space
	pg "create tablespace small location '$T/full/space'"
	pg 'create table d(id int primary key, v text) tablespace small; insert into d values (0)'
	seq 1 4000 | jq -c '{id: ., v: ("x" * 500)}' >large.ndjson
	run sh -c 'sync-extract large.ndjson --stream d --state "$PGURI#full" | sync-load "$PGURI" d --state "$PGURI#full"'
	status_is 75 'a disk that is full: later'
	err_has 'No space left on device' 'and a word'
	is "$(pg "select count(*) from d; select count(*) from _sync_state where job='full'" | tr '\n' ' ')" '1 0 ' 'no row and no state'
	mount -o remount,size=20m full
	run sh -c 'sync-extract large.ndjson --stream d --state "$PGURI#full" | sync-load "$PGURI" d --state "$PGURI#full"'
	is "$status:$(pg 'select count(*) from d')" 0:4001 'when there is room the same job ends well'
else
	skip 4 'a full disk wants the right to mount one'
fi
finish
