#!/bin/sh
# postgresql-odd.t: odd databases and tables of PostgreSQL, users with few rights, tables that change under way, standbys, old numbers of transactions.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-extract-postgresql" ] || ! pg_start || [ -n "${SYNC_TEST_POSTGRESQL-}" ]; then
	skip 1 'PostgreSQL: no server here, or no connector'
	finish
fi
of() { echo "postgresql://${2:-tester}@/$1?host=$PGHOST"; }
one() { psql -Xq -v ON_ERROR_STOP=1 "$@" >/dev/null; }

# ---- encodings
one -c 'create database latin encoding latin1 template template0' -c "create database bytes encoding sql_ascii template template0"
one latin -c 'create table t(id int primary key, v text)'
one latin -c "insert into t values (1, convert_from('\\xe9', 'latin1'))"
run sync-extract "$(of latin)" t --plain
is "$(jq -r .v out)" 'é' 'text comes as UTF-8 from a database of another encoding'
PGCLIENTENCODING=sql_ascii one bytes -c "create table t(id int primary key, v text, a text[], j json, s tsvector)" \
	-c "insert into t values (1, 'fine', null, null, null), (2, E'\\xe9', null, null, null), (3, 'x', array[E'b\\xff'], null, null), (4, 'x', null, E'{\"a\":\"\\xe9\"}', null), (5, 'x', null, null, E'a\\xe9'), (6, 'é', null, null, null)"
run sync-extract "$(of bytes)" t
status_is 3 'bytes that are no UTF-8 are no text'
err_has "t: 'v': text that is no UTF-8" 'the table and the column are named'
run sync-extract "$(of bytes)" t --rejects aside
is "$status:$(jq -r '"\(.id) \(._sync.error.code) \(._sync.error.message)"' aside | tr '\n' ';'):$(jq -c 'select(.id).id' out | tr '\n' ' ')" \
	"1:2 bad-utf8 t: 'v': text that is no UTF-8;3 bad-utf8 t: 'a': text that is no UTF-8;4 bad-utf8 t: 'j': text that is no UTF-8;5 bad-utf8 t: 's': text that is no UTF-8;:1 6 " 'such rows are set aside, each'
is "$(jq -r 'select(.id == 2).v."$binary".base64' aside)" 6Q== 'with their bytes'
ok 'what is written is UTF-8' sh -c 'iconv -f utf-8 -t utf-8 <out'

# ---- tables
pg "create table zero(); insert into zero default values; insert into zero default values
	; create table dropped(a int, b text, c int); alter table dropped drop column b; insert into dropped values (1, 2)
	; create table gen(a int primary key, b int generated always as (a * 2) stored); insert into gen values (4)
	; create table fails(a int); insert into fails select i from generate_series(0, 2000) i; create view divides as select 1 / (a - 2000) as v from fails
	; create temp table x(a int); create unlogged table unlogged as select 1 as a"
pg "do \$\$ begin execute 'create table wide(' || (select string_agg('c' || i || ' int', ',') from generate_series(1, 1600) i) || ')'; end \$\$; insert into wide(c1, c1600) values (1, 2)"
run sync-extract "$PGURI" zero
is "$status:$(sed -n '3,4p' out | tr '\n' ' ')$(tail -n 1 out | jq -c ._sync.count)" '0:{} {} {"zero":2}' 'a table without columns'
run sync-extract "$PGURI" wide --plain
is "$status:$(jq -c '[length, .c1, .c1599, .c1600]' out)" '0:[1600,1,null,2]' 'one of 1600'
run sync-extract "$PGURI" dropped --plain
out_is '{"a":1,"c":2}' 'a column that is gone'
run sync-extract "$PGURI" gen
is "$(sed -n 2p out | jq -c '._sync.schema.properties | [.a.readOnly, .b.readOnly]'):$(sed -n 3p out)" '[null,true]:{"a":4,"b":8}' 'a generated one is marked'
run sync-extract "$PGURI" divides
is "$status:$(tail -n 1 out | jq -c '._sync | [.op, .status]')" '3:["end",3]' 'a row that fails under way'
err_has 'division by zero' 'is told by the server'

# ---- rights
pg "create role poor login; create table guarded(id int primary key, who text); insert into guarded values (1, 'poor'), (2, 'rich'); alter table guarded enable row level security
	; create policy p on guarded using (who = current_user); grant select on guarded to poor; create table part(id int primary key, secret text); insert into part values (1, 's'); grant select (id) on part to poor
	; create table private(id int primary key); alter role poor set statement_timeout to '20ms'; alter role poor set idle_in_transaction_session_timeout to '20ms'"
for o in '' '--jobs 2' '--shard 1/2'; do
	run sync-extract "$(of postgres poor)" guarded $o
	is "$status:$(grep -c '"who":"' out)" 2:0 "who may see some of the rows reads none, and knows it $o"
done
err_has 'row-level security' 'it is said why'
run sync-extract "$(of postgres poor)" private
is "$status:$(grep -c 'permission denied' err)" 2:1 'a table that may not be read'
run sync-extract "$(of postgres poor)" part
status_is 2 'or some of its columns'
run sync-extract "$(of postgres poor)" part --keys --plain
out_is '{"id":1}' 'the columns that are granted are enough where no others are read'

# ---- tables that change while they are waited for
mkfifo orders
while_locked() {	# runs sync-extract while a transaction holds the table t, then does $1 in it
	pg "set client_min_messages to error; drop table if exists t; create table t(id int primary key, v text); insert into t select i, 'old' from generate_series(1, 100) i"
	psql -XAtq <orders >/dev/null &
	exec 4>orders
	echo 'begin; lock table t in access exclusive mode;' >&4
	until_true 10 sh -c 'psql -XAtqc "select 1 from pg_locks where mode='\''AccessExclusiveLock'\'' and granted and relation='\''t'\''::regclass" | grep -q 1'
	shift
	sync-extract "$PGURI" "$@" >out 2>err &
	reader=$!
	until_true 10 sh -c 'psql -XAtqc "select 1 from pg_locks where not granted" | grep -q 1'
}
done_then() { echo "$1; commit;" >&4; exec 4>&-; status=0; wait $reader || status=$?; wait; }
while_locked - t
done_then 'alter table t alter id type bigint, add column w numeric default 1.50'
is "$status:$(sed -n 2p out | jq -r '._sync.schema.properties.id."x-type"'):$(grep -c '"v":"old","w":1.50}' out)" '0:postgresql:bigint:100' 'a table that is altered is read as it is then'
while_locked - t
done_then "truncate t; insert into t values (7, 'new')"
is "$status:$(grep -v '^{"_sync"' out)" '0:{"id":7,"v":"new"}' 'one that is emptied and filled'
while_locked - t
done_then 'drop table t'
is "$status:$(grep -c "there is no table or view 't'" err)" 3:1 'one that is dropped'
while_locked - t
done_then "drop table t; create table t(other text); insert into t values ('x')"
is "$status:$(grep -v '^{"_sync"' out)" '0:{"other":"x"}' 'one that is another'

# ---- a standby
pg "create table g(id int primary key, at timestamptz default now()); insert into g select generate_series(1, 30000)"
mkdir "$T/standby"
[ "$(id -u)" != 0 ] || chown postgres "$T/standby"
on_standby() { (cd "$T/standby" && pg_as "$@" >/dev/null 2>"$T/standby.err"); }
ok 'a standby is made' on_standby "$pg_bin/pg_basebackup" -D "$T/standby/data" -R -c fast -h "$PGHOST" -U tester
echo "unix_socket_directories = '$T/standby'" | pg_as sh -c "cat >>'$T/standby/data/postgresql.conf'"
standby="postgresql://tester@/postgres?host=$T/standby"
if on_standby "$pg_bin/pg_ctl" -D "$T/standby/data" -l "$T/standby/log" -w start; then
	run sync-extract "$standby" g --cursor at
	status_is 2 'which knows no times of transactions'
	run sync-extract "$standby" g --jobs 2
	is "$(tail -n 1 out | jq -c ._sync.count)" '{"g":30000}' 'but is read'
	far() { run sh -c "sync-extract '$standby' g --cursor xmin --state far.state | sync-load far.ndjson --mode append --state far.state"; }
	far
	psql -XAtq <orders >/dev/null &
	exec 4>orders
	echo 'begin; insert into g(id) values (-1);' >&4
	until_true 10 sh -c 'psql -XAtqc "select 1 from pg_stat_activity where state='\''idle in transaction'\''" | grep -q 1'
	pg 'insert into g(id) values (-2)'
	until_true 10 sh -c "psql -XAtqc 'select id from g where id=-2' -h '$T/standby' | grep -q 2"
	far
	echo 'insert into g(id) values (-3); commit;' >&4
	exec 4>&-
	wait
	until_true 10 sh -c "psql -XAtqc 'select id from g where id=-3' -h '$T/standby' | grep -q 3"
	far
	is "$(wc -l <far.ndjson):$(jq .id far.ndjson | sort -n | head -n 3 | tr '\n' ' ')" '30003:-3 -2 -1 ' 'and by xmin no row is skipped there, and none comes twice'
	mkfifo slow
	sync-extract "$standby" g >slow 2>err &
	reader=$!
	exec 3<slow
	head -c 100 <&3 >/dev/null
	on_standby "$pg_bin/pg_ctl" -D "$T/standby/data" -m immediate stop
	cat <&3 >out
	exec 3<&-
	wait $reader
	is "$?:$(tail -n 1 out | jq -c '._sync | [.op, .status]')" '75:["end",75]' 'a server that stops under way'
fi

# ---- transactions' numbers begin again at 2^32
to() {
	for db in template0 template1 postgres; do
		[ $db != template0 ] || pg 'update pg_database set datallowconn=true'
		psql -XAtq -d $db -c 'vacuum freeze' 2>/dev/null
	done
	(cd "$T/pg" && pg_as "$pg_bin/pg_ctl" -D "$T/pg/data" -m fast -w stop >/dev/null)
	pg_as sh -c "head -c 262144 /dev/zero >'$T/pg/data/pg_xact/$(printf %04X $(($1 / 1048576)))'"
	(cd "$T/pg" && pg_as "$pg_bin/pg_resetwal" -x "$1" -D "$T/pg/data" >/dev/null && pg_as "$pg_bin/pg_ctl" -D "$T/pg/data" -l "$T/pg/log" -w -t 60 start >/dev/null)
}
pg 'drop database latin' >/dev/null
pg 'drop database bytes' >/dev/null
to 2000000000
to 4000000000
to 4294967200
is "$(pg "truncate g; insert into g(id) values (0); select count(*) from g where xmin::text::int8 > 4294967000")" 1 'a table whose transactions have large numbers'
near() { run sh -c 'sync-extract "$PGURI" g --cursor xmin --state near.state | sync-load near.ndjson --mode append --state near.state'; }
for i in 1 2 3 4; do
	near
	j=0; while [ $j -lt 40 ]; do j=$((j + 1)); echo "insert into g(id) values ($i$(printf %03d $j));"; done | psql -XAtq
done
pg 'vacuum freeze g'
near
near
is "$(pg "select count(*) from g where xmin::text::int8 < 1000")$(jq .id near.ndjson | sort | uniq -d):$(jq .id near.ndjson | sort | md5sum)" \
	"$(pg "select count(*) from g where xmin::text::int8 < 1000"):$(pg 'select id from g' | sort | md5sum)" 'past 2^32 no row is skipped, and none comes twice'
ok 'the numbers did begin again' sh -c 'psql -XAtqc "select txid_current() > 4294967296" | grep -q t'
run sh -c 'sync-extract "$PGURI" g --cursor xmin --state far.state'
is "$status" 3 'a state from too long ago is refused'
finish
