#!/bin/sh
# postgresql.t: PostgreSQL as source and target, on a server of the test's own.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-extract-postgresql" ]; then
	skip 1 'PostgreSQL: its connector is not built here'
	finish
fi
if ! pg_start; then
	skip 1 'PostgreSQL: no server here'
	finish
fi
load() { printf '%b' "$1" >in; shift; run sh -c 'exec sync-load "$PGURI" "$@" <in' - "$@"; }
count() { pg "select count(*) from $1"; }

# ---- every type, there and back
ok 'a table of every type is made' psql -Xq -v ON_ERROR_STOP=1 -f "$ROOT/tests/connectors/types.sql"
run sync-extract "$PGURI" 'every type'
status_is 0 'it is read'
cp out types.stream
ok 'as lines of JSON' sh -c 'jq -ce . types.stream >/dev/null'
ok 'that other stages take' sh -c 'sync-transform -e "set: {z: 1}" <types.stream >/dev/null'
run sync-load "$PGURI" copy -v <types.stream
status_is 0 'and loaded into a new table'
is "$(pg "select a.attname from pg_attribute a left join pg_attribute b on b.attrelid='copy'::regclass and b.attname=a.attname
	where a.attrelid='\"every type\"'::regclass and a.attnum>0 and (b.atttypid is distinct from a.atttypid or a.atttypmod<>b.atttypmod
	or a.attnotnull<>b.attnotnull)")" '' 'of the same types'
different() { pg "select 'missing', id from (select r.id, r::text from \"every type\" r except select r.id, r::text from $1 r) x
	union all select 'extra', id from (select r.id, r::text from $1 r except select r.id, r::text from \"every type\" r) x"; }
is "$(different copy)" '' 'with equal rows'
run sync-load "$PGURI" copy -v <types.stream
err_has ' 0 inserted, 0 updated, [0-9]+ unchanged' 'loaded again it changes nothing'
is "$(pg "select pg_stat_force_next_flush(); select n_tup_upd + n_tup_del from pg_stat_user_tables where relname='copy'" | tail -n 1)" 0 'and writes nothing'
pg 'update copy set i4=1, j=null, ia=null; delete from copy where id=3'
run sync-load "$PGURI" copy -v <types.stream
is "$(different copy)" '' 'what was changed comes back'
run sh -c 'sync-extract "$PGURI" "every type" --shard 1/3 >s1; sync-extract "$PGURI" "every type" --shard 2/3 >s2; sync-extract "$PGURI" "every type" --shard 3/3 >s3'
is "$(cat s1 s2 s3 | jq -c 'select(.id).id' | sort -n)" "$(pg 'select id from "every type" order by id')" 'shards part the rows'
run sync-extract "$PGURI" --query 'select id, n2, e from "every type" where id < 3 order by id' --stream q --plain
out_is '{"id":1,"n2":null,"e":null}
{"id":2,"n2":-0.10,"e":"very \"happy\""}' 'a query is read'
ok 'sync-diff finds no difference' sync-diff --key id "$PGURI#every type" "$PGURI#copy"

# ---- tables that are made
load '{"id":1,"a":"x","n":{"x":[1]},"f":1.10}\n{"id":2,"b":true}\n' made --key id
status_is 0 'a table is made from the first records'
is "$(sync-extract "$PGURI" made --plain | sed 's/,"[a-z]*":null//g')" '{"id":1,"a":"x","n":{"x": [1]},"f":1.10}
{"id":2,"b":true}' 'and gives them back'
load '{"id":3,"new":1}\n' made --rejects r.e
is "$status:$(jq -r ._sync.error.code r.e)" 1:unknown-field 'a field without a column is set aside'
load '{"id":3,"new":1}\n' made --evolve
is "$status:$(pg 'select new from made where id=3')" 0:1 '--evolve adds it'
load '{"a":1}\n' _sync_state
status_is 2 'the tables of Syncline are no stream'\''s'
pg 'create table nokey(a int); insert into nokey values(1)'
load '{"a":2}\n' nokey
status_is 2 'a table without a key is not upserted into'
load '{"a":2}\n' nokey --mode append
is "$status:$(count nokey)" 0:2 'but appended to'
pg 'create schema "odd ""schema"; create table "odd ""schema"."select" (id int primary key, "a b" text)'
load '{"id":1,"a b":"x'\''y"}\n' 'odd "schema.select'
is "$(pg 'select "a b" from "odd ""schema"."select"')" "x'y" 'names hold anything'

# ---- changes
pg "create table t(id int primary key, v text, w int default 7); insert into t values(1, 'a'), (2, 'b'), (3, 'c')"
load '{"_sync":{"op":"update"},"id":1,"v":"A"}\n{"_sync":{"op":"delete"},"id":2}\n{"id":4,"v":"d"}\n{"_sync":{"op":"update","unset":["v"]},"id":3}\n{"_sync":{"op":"update"},"id":4,"w":9}\n' t -v
is "$(pg 'select * from t order by id')" '1|A|7
3||7
4|d|9' 'an update, a delete, an upsert and what follows on one key'
load '{"_sync":{"op":"update"},"id":9,"v":"x"}\n{"id":5,"v":"e"}\n' t --rejects r.m
is "$status:$(jq -r '._sync.error.code' r.m):$(pg 'select v from t where id=5')" 1:missing-row:e 'an update of a row that is not there is set aside, and no other'
load '{"_sync":{"op":"update"},"id":9,"v":"x"}\n' t --missing insert
is "$(pg 'select v from t where id=9')" x 'or inserted'
load '{"_sync":{"op":"delete"},"id":1}\n{"id":1,"v":"again"}\n' t --max-delete 100%
is "$(pg 'select * from t where id=1')" '1|again|7' 'a row that is deleted and comes again is a new one'
load '{"_sync":{"op":"upsert","key":{"id":9}},"id":10,"v":"moved"}\n' t
is "$(pg 'select * from t where id in (9,10)')" '10|moved|7' 'a key moves'
load '{"_sync":{"op":"delete"},"id":1}\n{"_sync":{"op":"delete"},"id":3}\n{"_sync":{"op":"delete"},"id":4}\n{"_sync":{"op":"delete"},"id":5}\n' t
status_is 3 'more deletes than --max-delete fail'
is "$(count t)" 5 'and are undone'
printf '{"id":1,"v":"x"}\n{"id":3}\n{"id":4}\n' >in
run sh -c 'sync-load "$PGURI" t --mode mirror --plain -v <in'
is "$status:$(pg 'select id from t order by id' | tr '\n' ' ')" '0:1 3 4 ' 'a mirror deletes what does not come'
run sh -c 'sync-load "$PGURI" t --mode replace --plain <in'
is "$status:$(pg 'select * from t order by id' | tr '\n' ' ')" '0:1|x|7 3||7 4||7 ' 'replace'

# ---- what is refused
pg "create table c(id int primary key, n numeric(5,2), u text unique, k int check (k > 0), s varchar(3), d date, t3 timestamp(3), f real)"
for v in '"n":1.234' '"f":0.123456789012' '"t3":"2026-01-01T00:00:00.1234"' '"s":"abcd"' '"s":"ab  "' '"u":"a\\u0000b"'; do
	load "{\"id\":1,$v}\n" c --rejects r.l
	is "$status:$(tail -n 1 r.l | jq -r ._sync.error.code)" 1:lossy "$v is set aside as lossy"
done
load '{"id":1,"n":1.235,"t3":"2026-01-01T00:00:00.1234"}\n' c --lossy
is "$(pg 'select n, t3 from c')" '1.24|2026-01-01 00:00:00.123' '--lossy takes it as the column does'
i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); k=$i; [ $i = 500 ] && k=-1; [ $i = 700 ] && k='"x"'; echo "{\"id\":$i,\"k\":$k}"; done >in
run sh -c 'sync-load "$PGURI" c --rejects r.c -v <in'
is "$status:$(count c):$(jq -r ._sync.error.code r.c | sort | uniq -c | tr -s ' ')" '1:998: 2 constraint' 'bad rows are found among many, and only they are set aside'
load '{"id":2001,"u":"a"}\n{"id":2002,"u":"b"}\n' c
load '{"id":2001,"u":"b"}\n{"id":2002,"u":"z"}\n{"id":2003,"u":"a"}\n' c
is "$status:$(pg "select id, u from c where id > 2000 order by id" | tr '\n' ' ')" '0:2001|b 2002|z 2003|a ' 'unique values move between rows'
load '{"id":2001,"u":"z"}\n{"id":2002,"u":"b"}\n' c
is "$status:$(pg "select id, u from c where id in (2001,2002) order by id" | tr '\n' ' ')" '0:2001|z 2002|b ' 'two rows swap them'
pg 'create table parent(id int primary key); create table child(id int primary key, p int references parent)'
printf '%s\n' '{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":"part"}}' '{"_sync":{"stream":"child"},"id":1,"p":1}' \
	'{"_sync":{"stream":"parent"},"id":1}' '{"_sync":{"op":"end","count":{"child":1,"parent":1}}}' >in
run sh -c 'sync-load "$PGURI" <in'
is "$status:$(count child)" 0:1 'a child may come before its parent'
load '{"id":2,"p":9}\n' child --rejects r.fk
is "$status:$(jq -r ._sync.error.code r.fk)" 1:constraint 'a row that points nowhere is set aside'
pg 'create table s(id serial primary key, v text, g int generated always as (id * 2) stored)'
load '{"id":41,"v":"x","g":1}\n' s
pg "insert into s(v) values('y')"
is "$(pg 'select * from s order by id' | tr '\n' ' ')" '41|x|82 42|y|84 ' 'a sequence goes on behind what was loaded'

# ---- the state
seq 1 5 | jq -c '{id: .}' >n.ndjson
run sh -c 'sync-extract n.ndjson --state "$PGURI" | sync-load "$PGURI" st --key id --state "$PGURI"'
status_is 0 'the state is kept in the database'
is "$(pg 'select job, generation from _sync_state')" 'default|1' 'in its table'
seq 6 8 | jq -c '{id: .}' >>n.ndjson
run sh -c 'sync-extract n.ndjson --state "$PGURI" | sync-load "$PGURI" st --key id --state "$PGURI" -v'
err_has ' 3 inserted, 0 updated, 0 unchanged' 'and read again'
is "$(count st)" 8 'all rows are there'

# ---- failures
run sync-extract 'postgresql://nobody@/postgres?host=/nowhere' x
status_is 75 'a server that is not there may come'
run sync-extract "$PGURI" nosuch
status_is 3 'a table that is not there'
run sync-extract "postgresql://nosuch@/postgres?host=$PGHOST" t
status_is 2 'a user that the server refuses'
run sync-extract 'postgresql://tester:secret@localhost/x' t
status_is 2 'a password in the address is refused'
(psql -XAtq -c 'begin; lock table t in access exclusive mode; select pg_sleep(30)' >/dev/null 2>&1; :) &
until_true 10 sh -c 'psql -XAtqc "select 1 from pg_locks where mode = '\''AccessExclusiveLock'\'' and granted and relation='\''t'\''::regclass" | grep -q 1'
run sync-extract "$PGURI" t --lock-timeout 0.1
status_is 75 'a table that is locked: later'
pg "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%' and pid<>pg_backend_pid()" >/dev/null
wait
finish
