#!/bin/sh
# postgresql-delta.t: deltas of PostgreSQL while others write: no row is skipped, and none comes twice.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-extract-postgresql" ] || ! pg_start; then
	skip 1 'PostgreSQL: no server here, or no connector'
	finish
fi
pg 'create table g(id int primary key, v text, began timestamptz default now(), wrote timestamptz default clock_timestamp())'

# ---- what is refused
run sync-extract "$PGURI" g --state x.state
status_is 2 '--state wants a cursor'
run sync-extract "$PGURI" g --state x.state --cursor id
status_is 2 'a number says nothing of when its transaction ends'
run sync-extract "$PGURI" g --state x.state --cursor nosuch
status_is 2 'a cursor is a column'
pg 'create view seen as select * from g'
run sync-extract "$PGURI" seen --state x.state --cursor xmin
status_is 2 'rows of a view have no xmin'
run sync-extract "$PGURI" g --keys --plain
status_is 0 '--keys'
run sync-extract app.db --lag 1s
status_is 2 'options of servers are no other connector'\''s'

# ---- by a column that is trusted
pg "insert into g(id) select generate_series(1, 3)"
delta() { run sh -c "sync-extract \"\$PGURI\" g --cursor $1 --state $1.state | sync-load $1.ndjson --mode append --state $1.state"; }
trusted() { run sh -c 'sync-extract "$PGURI" g --cursor id --trust-cursor --state id.state | sync-load id.ndjson --mode append --state id.state'; }
trusted
pg "insert into g(id) values (4)"
trusted
trusted
is "$(jq .id id.ndjson | tr '\n' ' ')" '1 2 3 4 ' 'a column that only grows is taken at its word'
run sh -c 'sync-extract "$PGURI" g --cursor xmin --state id.state | sync-load id.ndjson --mode append --state id.state'
status_is 2 'another cursor is another selection'

# ---- four writers, a transaction that stays open, deltas meanwhile
pg 'truncate g'
writer() {
	i=0
	while [ $i -lt 120 ]; do
		i=$((i + 1)) id=$(($1 * 10000 + i * 10))
		echo "begin; insert into g(id) values ($id); select pg_sleep(random() * 0.04); insert into g(id) values ($id + 1); commit;"
		[ $((i % 10)) = 0 ] && echo "begin; insert into g(id) values (-$id); rollback;"
		[ $((i % 7)) = 0 ] && echo "begin; savepoint s; insert into g(id) values (-$id); rollback to s; savepoint t; insert into g(id) values ($id + 2); commit;"
	done | psql -XAtq -v ON_ERROR_STOP=1 >/dev/null
}
for w in 1 2 3 4; do writer $w & pids="${pids-} $!"; done
echo 'begin; insert into g(id) values (7); select pg_sleep(3); insert into g(id) values (8); commit;' | psql -XAtq >/dev/null &
pids="$pids $!"
runs=0
while kill -0 $pids 2>/dev/null; do
	for c in xmin began wrote; do
		delta $c
		[ "$status" = 0 ] || fail "a delta by $c" "$(cat err)"
	done
	runs=$((runs + 1))
done
wait
for c in xmin began wrote; do
	until_true 20 sh -c "sync-extract \"\$PGURI\" g --cursor $c --state $c.state | sync-load $c.ndjson --mode append --state $c.state &&
		[ \$(wc -l <$c.ndjson) -ge $(pg 'select count(*) from g') ]"
	delta $c
	is "$(jq .id $c.ndjson | sort -n | md5sum)" "$(pg 'select id from g' | sort -n | md5sum)" "by $c every row came once, in $runs deltas"
done
pg "update g set v='changed' where id=7"
delta xmin
is "$(tail -n 1 xmin.ndjson | jq -c '[.id,.v]')" '[7,"changed"]' 'by xmin a row that is updated comes again'
pg "select pg_catalog.txid_current()" >/dev/null
delta xmin
is "$(wc -l <xmin.ndjson)" "$(($(pg 'select count(*) from g') + 1))" 'and once'

# ---- warnings
mkfifo held
psql -XAtq <held >/dev/null &
exec 4>held
echo 'begin; insert into g(id) values (-1);' >&4
until_true 10 sh -c 'psql -XAtqc "select 1 from pg_stat_activity where state='\''idle in transaction'\''" | grep -q 1'
until_true 10 sh -c 'sync-extract "$PGURI" g --cursor began --state began.state 2>&1 | sync-load began.ndjson --mode append --state began.state'
echo "prepare transaction 'stays';" >&4
exec 4>&-
wait
pg 'insert into g(id) values (-2)'
delta began
err_has 'prepared transaction' 'a prepared transaction is told'
run sync-extract "$PGURI" g --cursor began
status_is 75 'and a first run waits for its end'
pg "commit prepared 'stays'"
until_true 10 sh -c 'sync-extract "$PGURI" g --cursor began --state began.state | sync-load began.ndjson --mode append --state began.state && jq .id began.ndjson | grep -qx -e -2'
is "$(jq .id began.ndjson | grep -cx -e -1)" 1 'what it wrote comes, though it began long before it was prepared'
pg "create database other"
echo 'begin; select 1; select pg_sleep(100);' | psql -XAtq other >/dev/null 2>&1 &
until_true 10 sh -c 'psql -XAtqc "select 1 from pg_stat_activity where query like '\''%pg_sleep(100)%'\'' and pid<>pg_backend_pid()" | grep -q 1'
pg 'insert into g(id) values (-3)'
until_true 10 sh -c 'sync-extract "$PGURI" g --cursor began --state began.state | sync-load began.ndjson --mode append --state began.state && jq .id began.ndjson | grep -qx -e -3'
is "$(jq .id began.ndjson | grep -cx -e -3)" 1 'who is in another database holds nothing up'
pg "select pg_terminate_backend(pid) from pg_stat_activity where datname='other'" >/dev/null
wait
psql -XAtq <held >/dev/null &
exec 4>held
echo 'begin; select 1;' >&4
until_true 10 sh -c 'psql -XAtqc "select 1 from pg_stat_activity where state='\''idle in transaction'\''" | grep -q 1'
until_true 10 sh -c 'sync-extract "$PGURI" g --cursor began --state began.state 2>began.err | sync-load began.ndjson --mode append --state began.state; grep -q "nothing later can be read yet" began.err'
ok 'a bound that stands still is told' grep -q 'nothing later can be read yet' began.err
pg 'create role few login; grant select on g to few'
run sync-extract "postgresql://few@/postgres?host=$PGHOST" g --cursor began
err_has "sessions don't show this user" 'so are sessions that hide when they began'
run sync-extract "postgresql://few@/postgres?host=$PGHOST" g --cursor xmin
silent 'by xmin nothing is hidden'
exec 4>&-
wait
pg "update g set began=null where id=8"
rm -f began.*
delta began
err_has 'no .began.' 'so are rows without a time'

# ---- keys into a mirror
run sh -c 'sync-extract "$PGURI" g | sync-load keys.db g'
pg "delete from g where id % 5 = 0"
run sh -c 'sync-extract "$PGURI" g --keys | sync-load keys.db g --mode mirror'
is "$status:$(sqlite3 keys.db 'select count(*) from g')" "0:$(pg 'select count(*) from g')" 'keys alone tell a mirror what is gone'
finish
