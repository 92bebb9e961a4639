#!/bin/sh
# postgresql-state.t: loaders of one state in PostgreSQL that meet: one of them wins, the others commit nothing.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-load-postgresql" ]; then
	skip 1 'PostgreSQL: its connector is not built here'
	finish
fi
if ! pg_start; then
	skip 1 'PostgreSQL: no server here'
	finish
fi
begin() { # RUN GENERATION
	echo '{"_sync":{"op":"begin","format":1,"run":"'"$1"'","scope":"full","from":{"generation":"'"$2"'","connector":"x","source":"s","selection":"t"}}}'
	echo '{"_sync":{"op":"schema","stream":"t","key":["id"],"schema":{"type":"object","properties":{"id":{"type":"integer"}}}}}'
}
checkpoint() { echo '{"_sync":{"op":"checkpoint","stream":"t","seq":1,"state":{"at":"'"$1"'"},"count":{"t":1}}}'; }
end='{"_sync":{"op":"end","count":{"t":1}}}'
whole() { begin "$1" "$2"; echo '{"id":1}'; checkpoint "$1"; echo "$end"; }
load() { sync-load "$PGURI" "$1" --state "$PGURI"; }
# a run that has begun, and goes on with what is written to 3
late() { # TABLE GENERATION
	rm -f late
	mkfifo late
	load "$1" <late 2>late.err &
	late=$!
	exec 3>late
	begin late "$2" >&3
	echo '{"id":1}' >&3
}
ended() {
	exec 3>&-
	late_status=0
	wait "$late" || late_status=$?
}
busy() { [ "$(pg "select count(*) from pg_stat_activity where xact_start is not null and pid <> pg_backend_pid() and backend_type = 'client backend'")" = 1 ]; }
waits() { [ "$(pg "select count(*) from pg_stat_activity where wait_event_type = 'Lock'")" = 1 ]; }

pg 'create table one(id bigint primary key); create table two(id bigint primary key); create table three(id bigint primary key)'
whole first 0 >first.stream
run load one <first.stream
status_is 0 'a first run'
for checkpointed in '' yes; do
	late two 1
	ok "another one begins${checkpointed:+, which has a checkpoint}" until_true 20 busy
	pg "update _sync_state set generation = 2, state = replace(state, '\"generation\":\"1\"', '\"generation\":\"2\"')"
	[ -z "$checkpointed" ] || checkpoint late >&3
	echo "$end" >&3
	ended
	is "$late_status $(pg 'select count(*) from two')" '75 0' 'and commits nothing, since the state was moved meanwhile'
	ok 'as it says' grep -q 'another run has moved the state' late.err
	pg "update _sync_state set generation = 1, state = replace(state, '\"generation\":\"2\"', '\"generation\":\"1\"')"
done
late two 1
until_true 20 busy
pg 'delete from _sync_state'
checkpoint late >&3
echo "$end" >&3
ended
is "$late_status $(pg 'select count(*) from two') $(pg 'select count(*) from _sync_state')" '75 0 0' 'so it does where the state is gone'

# records without a new state hold it until they are committed
pg 'drop table _sync_state'
run load one <first.stream
late three 1
until_true 20 busy
echo "$end" >&3
ended
is "$late_status $(pg 'select count(*) from three')" '0 1' 'records behind the last checkpoint go in where nobody has moved it'

# two that make the table at one moment
pg 'drop table _sync_state'
mkfifo sql
psql -XAtq <sql >psql.log 2>&1 &
psql=$!
exec 4>sql
echo 'begin; create table _sync_state(job text primary key, generation bigint not null, state text not null);' >&4
until_true 20 busy
load two <first.stream 2>make.err &
maker=$!
ok 'one waits for another that makes the table' until_true 20 waits
echo 'commit;' >&4
exec 4>&-
wait "$psql"
maker_status=0
wait "$maker" || maker_status=$?
is "$maker_status $(pg 'select count(*) from two')" '75 0' 'and may try again'
finish
