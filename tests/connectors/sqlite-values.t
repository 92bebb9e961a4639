#!/bin/sh
# sqlite-values.t: what SQLite has no type for comes back from tables that sync-load made.
. "${0%/*}/../cli/lib.sh"
if ! [ -x "$BUILD/libexec/sync/sync-load-sqlite" ]; then
	skip 1 'SQLite: its connector is not built here'
	finish
fi
load() { printf '%s\n' "$1" >in; shift; run sync-load "$@" <in; }
back() { sync-extract "$1" t --plain | jq -c .v; }

# ---- objects, texts, booleans and numbers in one column
values='{"a":1}
"plain"
"{\"a\":1}"
[1,"x"]
"[1"
true
"true"
"\"quoted\""
7
12345678901234567890123
{"$numberDecimal":"1.5"}
"{\"$numberDecimal\":\"1.5\"}"'
printf '%s\n' "$values" | awk '{print "{\"id\":" NR ",\"v\":" $0 "}"}' >all.ndjson
run sync-load mixed.db t --key id <all.ndjson
status_is 0 'values of all kinds go into one column'
is "$(sync-extract mixed.db t --plain | sed 's/.*"v"://; s/}$//; s/^ //')" "$values" 'and come back as they were'
is "$(sqlite3 mixed.db 'select v from t where id in (1, 2, 9)')" '{"a":1}
plain
7' 'most of them look in SQL as anybody would write them'
run sync-load mixed.db t -v <all.ndjson
err_has ' 0 inserted, 0 updated, 12 unchanged' 'loaded again they change nothing'
run sh -c 'sync-extract mixed.db t | sync-load copy.db'
is "$(sqlite3 copy.db 'select typeof(v), v from t')" "$(sqlite3 mixed.db 'select typeof(v), v from t')" 'another database has the same cells'
run sh -c 'head -n 6 all.ndjson | sync-load mixed.db t --mode mirror --plain --dry-run --max-delete 100%'
is "$status:$(grep -c '"op":"delete"' out)" 0:6 'what a mirror would delete is told'

# ---- a column that was made for objects takes texts that look so, one for numbers booleans
load '{"id":1,"v":{"a":1}}' made.db t --key id
load '{"id":2,"v":"{\"a\":1}"}
{"id":3,"v":false}' made.db t
is "$status:$(back made.db)" '0:{"a":1}
"{\"a\":1}"
false' 'a text like an object stays a text'
load '{"id":1,"v":1.5}' number.db t --key id
load '{"id":2,"v":true}
{"id":3,"v":9007199254740993.0}' number.db t
is "$status:$(sync-extract number.db t --plain | sed 's/.*"v"://')" '0:1.5}
true}
9007199254740993}' 'a boolean among numbers stays one, a number keeps its digits'
load '{"id":1,"v":"x"}' text.db t --key id
load '{"id":2,"w":{"a":"b"}}
{"id":3,"w":"{\"a\":\"b\"}"}' text.db t --evolve
is "$status:$(sync-extract text.db t --plain | jq -c .w)" '0:null
{"a":"b"}
"{\"a\":\"b\"}"' 'so does one in a column that was added'
is "$(printf '{"id":{"x":1},"v":1}\n{"id":"{\\"x\\":1}","v":2}\n' | sync-load keys.db t --key id && sync-extract keys.db t --plain | jq -c .id | sort)" '"{\"x\":1}"
{"x":1}' 'keys are told apart too'

# ---- random values
mkdir values
for seed in 1 2; do
	ok "random values are what they were, seed $seed" sh -c "cd values && exec python3 \"\$ROOT/tests/connectors/sqlite_values.py\" $seed 60"
done
finish
