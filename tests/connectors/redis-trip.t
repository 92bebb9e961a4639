#!/bin/sh
# redis-trip.t: PostgreSQL to Redis and back, as hashes and as JSON: every type, random values, the schedule. SEED=N gives others.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
. "$ROOT/tests/connectors/redis.sh"
if ! [ -x "$BUILD/libexec/sync/sync-extract-redis" ] || ! [ -x "$BUILD/libexec/sync/sync-extract-postgresql" ] || ! redis_start || ! pg_start; then
	skip 1 'no Redis or no PostgreSQL here, or no connector'
	finish
fi
seed=${SEED:-0.$(date +%N)} rows=${ROWS:-1000}
psql -Xq -v ON_ERROR_STOP=1 -f "$ROOT/tests/connectors/types.sql" 2>types.err || { skip 1 'PostgreSQL: its extensions are not here'; finish; }
ok "random values (SEED=$seed)" psql -Xq -v ON_ERROR_STOP=1 -v seed="$seed" -v rows="$rows" -f "$ROOT/tests/connectors/values.sql"
# columns whose text differs, but for the line feeds of JSON, which no line can hold
differing() {
	pg "select string_agg(format('select %L from %I one full join %I two using (id) where translate(one.%I::text, chr(10), '' '') is distinct from translate(two.%I::text, chr(10), '' '') having count(*) > 0',
		attname, '$1', '$2', attname, attname), ' union all ') from pg_attribute where attrelid=quote_ident('$1')::regclass and attnum>0 and attname<>'id'" >by
	psql -XAtq -f by
}
trip() { # TABLE NEW TEMPLATE OPTION…
	table=$1 new=$2 template=$3
	shift 3
	run sh -c 'table=$1 template=$2; shift 2; sync-extract "$PGURI" "$table" >trip.stream && sync-load "$REDIS" --key-template="$template" "$@" -v <trip.stream' - "$table" "$template" "$@"
	status_is 0 "$new: rows of PostgreSQL are keys of Redis"
	run sync-load "$REDIS" --key-template="$template" "$@" -v <trip.stream
	err_has ' 0 inserted, 0 updated, [1-9][0-9]* unchanged' 'and a second run writes nothing'
	run sh -c 'sync-extract "$REDIS" --key-template="$1" --stream "$2" >back.stream && sync-load "$PGURI" "$2" <back.stream' - "$template" "$new"
	status_is 0 'and rows again'
	is "$(differing "$table" "$new")" '' 'with the same values'
}
trip 'every type' types_hash 'type:{id}'
trip 'every type' types_json 'typej:{id}' --as=json
trip rnd rnd_hash 'rnd:{id}'
trip rnd rnd_json 'rndj:{id}' --as=json
for new in rnd_hash rnd_json; do
	is "$(pg "select attname, atttypid::regtype from pg_attribute where attrelid='rnd'::regclass and attnum>0 except select attname, atttypid::regtype from pg_attribute where attrelid='$new'::regclass")" '' "$new: the columns keep their types"
done
for f in "$DATA"/football/2024-25/*.json; do
	sync-extract "$f" --records matches --stream fixtures --plain
done | jq -c '. + {id: input_line_number}' >fixtures.ndjson
run sync-load --plain --key id "$PGURI" fixtures <fixtures.ndjson
for as in hash json; do
	trip fixtures "fixtures_$as" "$as:{id}" --as=$as
	run sync-diff --summary --key id "$PGURI#fixtures" "$PGURI#fixtures_$as"
	status_is 0 "the schedule, as $as, does not differ"
	is "$(grep -c . fixtures.ndjson)" "$(awk '$1 == "equal" { print $2 }' out)" 'all of it'
done
run sync-diff --key id "$PGURI#fixtures" back.stream
status_is 0 'nor does what is read from Redis'
finish
