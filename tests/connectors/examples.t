#!/bin/sh
# examples.t: what scripts/examples show.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
. "$ROOT/tests/connectors/redis.sh"
if ! [ -x "$BUILD/libexec/sync/sync-load-postgresql" ] || ! pg_start; then
	skip 1 'PostgreSQL: no server here, or no connector'
	finish
fi
pg "create table teams(id int primary key, name text not null); create table games(id bigint primary key, home int references teams, price numeric(8,2),
	at timestamptz default now()); insert into teams select i, 'Team ' || i from generate_series(1, 20) i;
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
finish
