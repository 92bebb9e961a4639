#!/bin/sh
# examples.t: what scripts/examples show.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
. "$ROOT/tests/connectors/redis.sh"
. "$ROOT/tests/connectors/mongodb.sh"
if ! [ -x "$BUILD/libexec/sync/sync-load-postgresql" ] || ! pg_start; then
	skip 1 'PostgreSQL: no server here, or no connector'
	finish
fi
pg "create table teams(id int primary key, name text not null); create table games(id bigint primary key, home int references teams, price numeric(8,2),
	at timestamptz default date_trunc('second', now())); insert into teams select i, 'Team ' || i from generate_series(1, 20) i;
	insert into games(id, home, price) select i, i % 20 + 1, i / 3.0 from generate_series(1, 500) i"
pg 'create database new'
NEW="postgresql://tester@/new?host=$PGHOST"
run "$ROOT/scripts/examples/backup-schema" "$PGURI" 'public.*' backup.ndjson.zst
status_is 0 'a schema is backed up'
silent 'without a word'
run "$ROOT/scripts/examples/backup-schema" "$PGURI" 'nosuch.*' backup.ndjson.zst
status_is 3 'one that is not there is not'
ok 'and the last backup stays' zstd -tq backup.ndjson.zst
run "$ROOT/scripts/examples/restore-schema" backup.ndjson.zst "$NEW"
status_is 0 'it is restored'
for t in teams games; do
	ok "$t are what they were" sync-diff "$PGURI#$t" "$NEW#$t"
done
run "$ROOT/scripts/examples/nightly-delta" "$PGURI" games copy.db copy.state
status_is 0 'a delta by night: the first'
pg 'update games set price=1.10 where id=7; delete from games where id=8; insert into games(id, home) values (501, 1)'
run "$ROOT/scripts/examples/nightly-delta" "$PGURI" games copy.db copy.state
status_is 0 'the next'
ok 'updates, deletes and new rows are there' sync-diff "$PGURI#games" copy.db#games
if [ -x "$BUILD/libexec/sync/sync-load-redis" ] && redis_start; then
	run "$ROOT/scripts/examples/warm-cache" "$PGURI" games "$REDIS" 'game:{id}'
	status_is 0 'a cache is warmed'
	is "$(redis hget game:7 price)" 1.10 'with digits as they were'
	pg 'delete from games where id=7'
	run "$ROOT/scripts/examples/warm-cache" "$PGURI" games "$REDIS" 'game:{id}'
	is "$status:$(redis exists game:7)" 0:0 'what is gone goes'
else
	skip 1 'Redis: no server here, or no connector'
fi
kind=$(mongodb_kinds | grep -v ferretdb | head -n 1)	# which knows no decimal numbers
if [ -x "$BUILD/libexec/sync/sync-load-mongodb" ] && [ -n "$kind" ] && mongodb_start "$kind"; then
	rm -f copy.state
	run "$ROOT/scripts/examples/nightly-delta" "$PGURI" games "$MONGODB" copy.state
	status_is 0 "a delta by night into MongoDB ($kind): the first"
	silent 'without a word'
	pg 'update games set price=2.20 where id=9; delete from games where id=10; insert into games(id, home) values (502, 1)'
	run "$ROOT/scripts/examples/nightly-delta" "$PGURI" games "$MONGODB" copy.state
	status_is 0 'the next'
	sync-extract "$MONGODB" games --key id --query '{"projection":{"_id":0}}' >copy.stream
	run sync-diff "$PGURI#games" copy.stream#games
	status_is 0 'updates, deletes and new rows are there'
	pg 'create database moved'
	NEW="postgresql://tester@/moved?host=$PGHOST"
	run "$ROOT/scripts/examples/migrate-mongodb" "$MONGODB" games "$NEW" report
	status_is 0 'a collection moves to PostgreSQL'
	ok "and its report says so" sh -c "grep -q \"499 records: 499 inserted\" report && grep -Eq \"equal +499\" report"
	printf '%s\n' '{"_sync":{"op":"begin","format":1,"run":"1","scope":"part"}}' \
		'{"_sync":{"op":"schema","key":["id"],"schema":{"x-values":"ejson","x-type":"mongodb:document"}}}' \
		'{"id":{"$numberLong":"900"},"home":"five"}' '{"_sync":{"op":"end","count":{"":1}}}' | sync-load "$MONGODB" games
	run "$ROOT/scripts/examples/migrate-mongodb" "$MONGODB" games "$NEW" report
	status_is 1 'a document that the table does not take'
	is "$(jq -r .home report.rejects)" five 'is set aside'
	ok 'and told' sh -c 'cat report; grep -Eq "insert +1( |\$)|delete +1( |\$)" report && grep -Eq "equal +499" report'
else
	skip 1 'MongoDB: no server here (scripts/test-servers), or no connector'
fi
finish
