#!/bin/sh
# mongodb-trip.t: values that go to MongoDB and back, and from there to files and typed columns, are what they were.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
. "$ROOT/tests/connectors/mongodb.sh"
mongodb_want sync-load-mongodb
client() { mongodb_client "$@"; }
has_pg=
[ ! -x "$BUILD/libexec/sync/sync-load-postgresql" ] || ! pg_start || has_pg=1

# what both stand-ins for MongoDB know
simple="{'_id': 1, 'i': 5, 'l': L(5), 'd': 1.5, 'w': 2.0, 's': 'x', 'b': True, 'n': None, 'a': [1, 'x', None, {'z': L(7)}],
 'o': B(7, bytes(range(12))), 't': B(9, (1700000000500).to_bytes(8, 'little')), 'y': b'\\x00\\x01', 'u': B(5, b'\\x10\\0\\0\\0\\x04' + bytes(range(16))),
 'r': B(0x0b, b'a.*\\0i\\0'), 'p': B(0x11, bytes(range(1, 9))), 'deep': {'b': {'a': {'c': []}}, 'a': {}}, 'e': '', 'old': B(5, b'\\x10\\0\\0\\0\\x03' + bytes(16))}"
other="{'_id': B(7, bytes(12)), 'i': L(6), 'l': 7, 'd': L(5000000000), 's': 5, 'b': 'true', 'a': {'0': 1}, 't': '2024-01-01T00:00:00Z',
 'o': '000102030405060708090a0b', 'y': 'AAE=', 'w': -1.0e300, 'zz': 1, 'late': {'q': [L(1), 1, 1.0]}}"
# what one of them knows; JavaScript with a scope, symbols, pointers and undefined are known to neither: test_mongodb_value.c has them
rare() {
	case $1 in
	ferretdb) printf '%s' ", {'_id': 'rare', 'bin': B(5, b'\\x02\\0\\0\\0\\x80ab'), 'md5': B(5, b'\\x10\\0\\0\\0\\x05' + bytes(16))}" ;;
	*) printf '%s' ", {'_id': 'rare', 'dec': B(0x13, bytes.fromhex('6e000000000000000000000000003c30')), 'nan': float('nan'), 'inf': float('-inf'), 'zero': -0.0,
	 'min': B(0xff, b''), 'max': B(0x7f, b''), 'code': B(0x0d, b'\\x04\\0\\0\\0f()\\0'), 'nest': [[2.5, [None]], []]}" ;;
	esac
}

there_and_back() {
	client "{'insert': 'from', 'documents': [$simple, $other$1]}" >client.log 2>&1 || { fail "documents are put into a server of kind $kind" "$(cat client.log)"; return; }
	run sync-extract "$MONGODB" from
	status_is 0 "$kind: documents of every type are read"
	cp out from.stream
	run sync-load "$MONGODB" to <from.stream
	status_is 0 'and written'
	client --bson from >from.bson
	client --bson to >to.bson
	is "$(wc -l <from.bson) $(cmp from.bson to.bson && echo same)" "$2 same" 'as the same BSON'
	[ "$(cat from.bson)" = "$(cat to.bson)" ] || { client --types from; client --types to; } | sed 's/^/# /'
	run sync-load -v "$MONGODB" to <from.stream
	err_has " 0 inserted, 0 updated, $2 unchanged" 'and nothing is written by a second run'
	sync-extract "$MONGODB" from --sample=1 --stream to >other.stream
	run sync-load -v "$MONGODB" to <other.stream
	err_has " 0 inserted, 0 updated, $2 unchanged" 'nor with other types declared'
	zstd -q -f from.stream -o saved.zst
	sync-extract saved.zst >again.stream
	run sync-load -v "$MONGODB" to <again.stream
	err_has " 0 inserted, 0 updated, $2 unchanged" 'nor by way of a file'
}

schedule() {
	[ -n "$has_pg" ] || { skip 8 'no PostgreSQL server here, or no connector'; return; }
	pg 'DROP TABLE IF EXISTS games, back, fixtures, fixtures_back' 2>/dev/null
	pg "CREATE TABLE games (id bigint PRIMARY KEY, home text NOT NULL, price numeric(8,2), kickoff timestamptz, local timestamp, day date, score integer[],
	    meta jsonb, ok boolean, ratio double precision, u uuid, raw bytea, note varchar(20), span interval, small smallint)"
	pg "INSERT INTO games SELECT i, 'team ' || i % 20, (i % 97)::numeric / 4, '2024-03-01 15:00+00'::timestamptz + i * interval '1 hour 7.25 s',
	    timestamp '2024-01-01' + i * interval '1 hour', date '2024-01-01' + i, array[i % 5, i % 3],
	    jsonb_build_object('a', i, 'b', array[i, null], 'c', jsonb_build_object('d', 1.5)), i % 2 = 0, i / 7.0::float8,
	    gen_random_uuid(), decode(md5(i::text), 'hex'), CASE WHEN i % 3 = 0 THEN NULL ELSE 'n' || i END, i * interval '1 day 2 hours', i
	    FROM generate_series(1, 500) i"
	sync-extract "$PGURI" games >games.stream
	run sync-load -v "$MONGODB" games <games.stream
	status_is 0 "$kind: rows of PostgreSQL are documents"
	err_has '500 inserted' 'all of them'
	run sync-load -v "$MONGODB" games <games.stream
	err_has ' 0 inserted, 0 updated, 500 unchanged' 'and a second run writes nothing'
	sync-extract "$MONGODB" games --key id --query '{"projection":{"_id":0}}' >back.stream
	run sync-load "$PGURI" back <back.stream
	status_is 0 'and rows again'
	run sync-diff "$PGURI#games" "$PGURI#back"
	status_is 0 'which do not differ'
	ok 'with a unique index on their key' sh -c "python3 '$ROOT/tests/connectors/mongo_client.py' $MONGODB_AT $MONGODB_DB \"{'listIndexes': 'games', 'cursor': {}}\" | grep -q 'id_1.*unique.: True'"
	for f in "$DATA"/football/2024-25/*.json; do
		sync-extract "$f" --records matches --stream fixtures --plain
	done | jq -c '. + {id: input_line_number}' >fixtures.ndjson
	run sync-load --plain --key id "$PGURI" fixtures <fixtures.ndjson
	sync-extract "$PGURI" fixtures | sync-load "$MONGODB" fixtures
	sync-extract "$MONGODB" fixtures --key id --query '{"projection":{"_id":0}}' | sync-load "$PGURI" fixtures_back
	run sync-diff --summary "$PGURI#fixtures" "$PGURI#fixtures_back"
	status_is 0 'nor does the schedule'
	is "$(grep -c . fixtures.ndjson)" "$(awk '$1 == "equal" { print $2 }' out)" 'of which there is all'
}

for kind in $kinds; do
	mongodb_start "$kind" || { fail "a server of kind $kind starts"; continue; }
	there_and_back "$(rare "$kind")" 3
	[ "$kind" = ferretdb ] || schedule
	mongodb_stop
done

# ---- what MongoDB alone has, in typed columns
printf '%s\n' '{"_sync":{"op":"begin","format":1,"run":"1","scope":"full"}}' \
	'{"_sync":{"op":"schema","stream":"t","key":["id"],"schema":{"type":"object","x-type":"mongodb:document","x-values":"ejson","properties":{"id":{"type":"integer"},"n":{"type":"number"},"t":{"type":"string","format":"date-time"},"o":{"type":"string"},"b":{"type":"string","contentEncoding":"base64"}}}}}' \
	'{"_sync":{"stream":"t"},"id":1,"n":{"$numberDecimal":"1.50"},"t":{"$date":{"$numberLong":"1700000000500"}},"o":{"$oid":"0123456789abcdef01234567"},"b":{"$binary":{"base64":"AAEC","subType":"80"}}}' \
	'{"_sync":{"stream":"t"},"id":2,"n":{"$numberLong":"7"},"t":{"$literal":"2024-01-01T00:00:00.123456Z"},"o":{"$literal":"x"},"b":null}' \
	'{"_sync":{"op":"end","count":{"t":2}}}' >t.stream
run sync-load t.db <t.stream
is "$(sqlite3 t.db 'SELECT id, n, t, o, hex(b) FROM t')" '1|1.5|2023-11-14T22:13:20.5Z|0123456789abcdef01234567|000102
2|7|2024-01-01T00:00:00.123456Z|x|' "SQLite's columns take what Extended JSON stands for"
if [ -n "$has_pg" ]; then
	run sync-load "$PGURI" <t.stream
	is "$(pg 'SELECT * FROM t')" '1|1.50|2023-11-14 22:13:20.5+00|0123456789abcdef01234567|\x000102
2|7|2024-01-01 00:00:00.123456+00|x|' "PostgreSQL's too"
else
	skip 1 'no PostgreSQL server here, or no connector'
fi
finish
