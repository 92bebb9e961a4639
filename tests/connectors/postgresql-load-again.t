#!/bin/sh
# postgresql-load-again.t: rows that are there as they are to be are told by reading; what differs in any way is written. SEED=N gives others.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-load-postgresql" ] || ! pg_start; then
	skip 1 'PostgreSQL: no server here, or no connector'
	finish
fi
seed=${SEED:-0.$(date +%N)} rows=${ROWS:-1000}
psql -Xq -v ON_ERROR_STOP=1 -f "$ROOT/tests/connectors/types.sql" 2>types.err || { skip 1 'PostgreSQL: its extensions are not here'; finish; }
ok "random values (SEED=$seed)" psql -Xq -v ON_ERROR_STOP=1 -v seed="$seed" -v rows="$rows" -f "$ROOT/tests/connectors/values.sql"
sync-extract "$PGURI" rnd >rnd.stream
marks() { pg "select md5(string_agg(xmin::text || ctid::text, ',' order by id)) from $1"; }
ok 'a line break in json becomes a space' sync-load "$PGURI" <rnd.stream
before=$(marks rnd)
run sync-load "$PGURI" -v <rnd.stream
err_has "$rows records: 0 inserted, 0 updated, $rows unchanged" 'rows of every type that are there are left alone'
is "$(marks rnd)" "$before" 'not one is written'
psql -XAtqc "select attname from pg_attribute where attrelid = 'rnd'::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attname <> 'id'" >columns
pg 'create table orig as select * from rnd'
n=0 lost='' counted=''
while read -r column; do
	# the values of the rows before, for a few rows
	pg "update rnd set \"$column\" = o.v from (select id, lead(\"$column\") over (order by id) as v from orig) o
		where rnd.id = o.id and rnd.id % 40 = 7 and o.v::text is distinct from rnd.\"$column\"::text" 2>>skipped || continue
	n=$((n + 1))
	changed=$(pg "select count(*) from rnd join orig using (id) where rnd.\"$column\"::text is distinct from orig.\"$column\"::text")
	run sync-load "$PGURI" -v <rnd.stream
	grep -q " 0 inserted, $changed updated, $((rows - changed)) unchanged" err || counted="$counted $column:$changed:$(tail -1 err)"
	left=$(pg "select count(*) from rnd join orig using (id) where rnd.\"$column\"::text is distinct from orig.\"$column\"::text")
	[ "$left" = 0 ] || lost="$lost $column:$left"
done <columns
is "$lost" '' "values of $n columns that were changed are as they are to be again"
is "$counted" '' 'and just those rows were written'
ok 'of most columns' test "$n" -gt 30

# ---- keys that look like other things
pg 'create table odd (a text, b int, v text, primary key (a, b))'
python3 - >odd.ndjson <<'END'
import json
odd = ['', ' ', ',', '"', '\\', '\\\\', '{}', '{', '}', 'NULL', 'null', '\\N', "'", "''", '$$', '\t', '\n', '\r', 'é', '\u2028', 'a"b', 'a\\b', "a'b", '%s', ';--', '\x07']
for b in range(6):
    for a in odd:
        print(json.dumps({'a': a, 'b': b, 'v': a + str(b)}))
END
run sync-load --plain --key a,b "$PGURI" odd -v <odd.ndjson
err_has ' 156 inserted' 'odd keys of two columns'
pg "update odd set v = 'other' where b = 3 and a in ('\\', '\"', 'NULL', E'\\t')"
pg 'delete from odd where b = 4 and a = chr(10)'
run sync-load --plain --key a,b "$PGURI" odd -v <odd.ndjson
err_has ' 1 inserted, 4 updated, 151 unchanged' 'are found again, each'
sync-extract --plain "$PGURI" odd | jq -Sc . | sort >there
jq -Sc . odd.ndjson | sort >wanted
ok 'and are what came' cmp there wanted

# ---- what comes twice, what isn't a key, what is written otherwise
pg 'create table t (id int primary key, at timestamptz, n numeric, f float8, s text); insert into t select i, timestamptz $$2026-03-01 00:00+00$$ + i * interval $$1.5 s$$, i, i / 4.0, i from generate_series(1, 500) i'
pg "select json_build_object('id', id, 'at', to_char(at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.USZ'), 'n', n, 'f', f, 's', s) from t order by id" >t.ndjson
run sync-load --plain --key id "$PGURI" t -v <t.ndjson
err_has ' 0 inserted, 0 updated, 500 unchanged' 'times with other digits are the same times'
{ cat t.ndjson; printf '{"id":7,"s":"twice"}\n{"id":8,"s":"8"}\n'; } >twice
run sync-load --plain --key id "$PGURI" t -v <twice
is "$status:$(pg 'select s from t where id in (7, 8) order by id' | tr '\n' ' ')" '0:twice 8 ' 'a key that comes again'
{ head -100 t.ndjson; printf '{"id":99999999999,"s":"x"}\n{"id":501,"s":"new"}\n'; } >bad
run sync-load --plain --key id "$PGURI" t -v --rejects r <bad
is "$status:$(pg 'select s from t where id = 501'):$(grep -c '"_sync"' r)" '1:new:1' 'a key that is none is set aside, and the others are written'
jq -c 'select(.id <= 300) | .s = "again"' t.ndjson >most
run sync-load --plain --key id "$PGURI" t -v <most
err_has ' 0 inserted, 300 updated' 'most are changed'
run sync-load --plain --key id "$PGURI" t -v <most
err_has ' 0 inserted, 0 updated, 300 unchanged' 'and then none'
pg 'create table m (id int primary key, v text)'
seq 50000 | jq -c '{id: ., v: "row \(.)"}' >m.ndjson
run sync-load --plain --key id "$PGURI" m <m.ndjson
pg "update m set v = 'other' where id in (1, 64, 65, 2111, 2112, 2113, 19999, 20000, 20001, 50000); delete from m where id in (7, 30000)"
before=$(pg "select md5(string_agg(xmin::text, ',' order by id)) from m where v = 'row ' || id")
run sync-load --plain --key id "$PGURI" m -v <m.ndjson
err_has ' 2 inserted, 10 updated, 49988 unchanged' 'a few among many batches and pieces'
is "$(pg "select count(*) from m where v is distinct from 'row ' || id"):$(pg 'select count(*) from m')" 0:50000 'are as they are to be'
is "$(pg "select md5(string_agg(xmin::text, ',' order by id)) from m where id not in (1, 64, 65, 2111, 2112, 2113, 19999, 20000, 20001, 50000, 7, 30000)")" "$before" 'and no other is written'
{ head -12000 m.ndjson; printf '{"id":5,"v":"twice"}\n{"id":6,"other":1}\n{"_sync":{"op":"delete"},"id":8}\n'; tail -n +12001 m.ndjson; } >m2.ndjson
run sync-load --plain --key id "$PGURI" m -v --rejects r <m2.ndjson
is "$status:$(pg 'select id, v from m where id in (5, 6, 8) order by id'):$(grep -c unknown-field r)" '1:5|twice
6|row 6:1' 'rows that are unlike the others among them'
finish
