#!/bin/sh
# postgresql-values.t: random values of PostgreSQL's types against what psql says of them, and there and back. SEED=N gives others.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-extract-postgresql" ] || ! pg_start; then
	skip 1 'PostgreSQL: no server here, or no connector'
	finish
fi
if ! pg 'create extension hstore; create extension ltree' 2>/dev/null; then
	skip 1 'PostgreSQL: its extensions hstore and ltree are not here'
	finish
fi
seed=${SEED:-0.$(date +%N)} rows=${ROWS:-2000}
ok "random values (SEED=$seed)" psql -Xq -v ON_ERROR_STOP=1 -v seed="$seed" -v rows="$rows" -f "$ROOT/tests/connectors/values.sql"
columns=$(pg "select string_agg(format('%L, json_build_object(''kind'', %L, ''text'', %I::text, ''json'', to_json(%I)::text)', attname, (select typname from pg_type where oid=atttypid), attname, attname), ', ' order by attnum)
	from pg_attribute where attrelid='rnd'::regclass and attnum>0 and attnum<=40")
more=$(pg "select string_agg(format('%L, json_build_object(''kind'', %L, ''text'', %I::text, ''json'', to_json(%I)::text)', attname, (select typname from pg_type where oid=atttypid), attname, attname), ', ' order by attnum)
	from pg_attribute where attrelid='rnd'::regclass and attnum>40")
pg "set timezone to 'UTC'; set intervalstyle to iso_8601; copy (select left(a::text, -1) || ',' || substr(b::text, 2) from (select id, json_build_object($columns) a, json_build_object($more) b from rnd order by id) x) to stdout (format csv, quote E'\\x01', delimiter E'\\x02')" >rows
run sync-extract "$PGURI" --stream rnd --query 'select * from rnd order by id' --plain
is "$status:$(wc -l <out)" "0:$rows" 'all are read'
ok 'as psql says them' python3 "$ROOT/tests/connectors/pg_values.py" out rows
# the settings of the user, the role and the database change nothing
cp out first
pg "alter database postgres set datestyle to 'German'; alter role tester set intervalstyle to sql_standard; alter role tester set timezone to 'Asia/Kathmandu'; alter role tester set extra_float_digits to -10
	; alter role tester set bytea_output to escape; alter role tester set statement_timeout to '20ms'; alter role tester set default_transaction_isolation to 'read committed'; alter role tester set client_encoding to latin1
	; alter role tester set standard_conforming_strings to off; alter role tester set search_path to nowhere; alter role tester set xmloption to document" 2>/dev/null
run sync-extract "$PGURI" --stream rnd --query 'select * from public.rnd order by id' --plain
ok 'whatever the settings of the user are' cmp first out
run sh -c 'sync-extract "$PGURI" public.rnd | PGOPTIONS="-c search_path=public" sync-load "$PGURI" back'
status_is 0 'they are loaded'
export PGOPTIONS='-c statement_timeout=0 -c search_path=public -c client_encoding=utf8'
is "$(pg 'select count(*) from rnd one join back two using (id)')" "$rows" 'every one'
is "$(pg "select string_agg(format('select %L from rnd one join back two using (id) where %s is distinct from two.%I::text having count(*) > 0', attname,
	case attname when 'j' then 'translate(one.j::text, chr(10), '' '')' else format('one.%I::text', attname) end, attname), ' union all ')
	from pg_attribute where attrelid='rnd'::regclass and attnum>0" >by; psql -XAtq -f by)" '' 'with equal values'
finish
