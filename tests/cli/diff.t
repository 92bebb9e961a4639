#!/bin/sh
# diff.t: sync-diff: what is compared with what, what comes out, what is refused.
. "${0%/*}/lib.sh"

lines() { for l; do printf '%s\n' "$l"; done; }
body() { grep -v '^{"_sync":{"op":"\(begin\|schema\|end\)"' "$T/out"; }

lines '{"id":1,"home":"Leeds","status":"scheduled"}' '{"id":2,"home":"York","status":"scheduled","note":"late"}' \
	'{"id":3,"home":"Hull","status":"played"}' >old.ndjson
lines '{"id":2.0,"status":"played","home":"York"}' '{"id":4,"home":"Goole"}' '{"id":1,"home":"Leeds","status":"scheduled"}' >new.ndjson

# ---- frames and exit status
run sync-diff -k id old.ndjson new.ndjson
status_is 1 'different is 1'
silent 'and nothing is said'
out_has '^\{"_sync":\{"op":"begin","format":1,"run":"[0-9A-Z]{26}","source":\["old.ndjson","new.ndjson"\],"scope":"part"\}\}$' 'begin is of scope part'
out_has '^\{"_sync":\{"op":"schema","stream":"old","key":\["id"\],"schema":\{\}\}\}$' 'the schema names the key'
out_has '^\{"_sync":\{"op":"end","count":\{"old":3\}\}\}$' 'end counts the changes'
run sync-diff -k id old.ndjson old.ndjson
status_is 0 'equal is 0'
is "$(body)" '' 'equal writes no record'

# ---- values
is_equal() { printf '{"k":1,%s}\n' "$1" >x.ndjson; printf '{"k":1,%s}\n' "$2" >y.ndjson; run sync-diff -k k x.ndjson y.ndjson; status_is "$3" "$1 and $2"; }
is_equal '"v":1' '"v":1.0' 0
is_equal '"v":100' '"v":1e2' 0
is_equal '"v":-0' '"v":0' 0
is_equal '"v":12345678901234567890123456789' '"v":12345678901234567890123456788' 1
is_equal '"v":1' '"v":"1"' 1
is_equal '"v":1' '"v":true' 1
is_equal '"v":null' '"w":null' 1
is_equal '"v":{"a":1,"b":2}' '"v":{"b":2,"a":1}' 0
is_equal '"v":[1,2]' '"v":[2,1]' 1
is_equal '"v":"A"' '"\u0076":"\u0041"' 0
is_equal '"v":1' '"v":1,"w":null' 1
run sync-diff --plain -k k x.ndjson y.ndjson
out_is '{"_sync":{"op":"update","stream":"x"},"k":1,"w":null}' 'a null that is new is set'
run sync-diff --plain -k k y.ndjson x.ndjson
out_is '{"_sync":{"op":"update","stream":"y","unset":["w"]},"k":1}' 'a field that is gone is unset'
printf '{"a":1.10,"b":12345678901234567890123456789}\n' >x.ndjson
: >y.ndjson
run sync-diff --plain -k a y.ndjson x.ndjson
out_is '{"_sync":{"op":"insert","stream":"y"},"a":1.10,"b":12345678901234567890123456789}' 'digits are kept'

# ---- keys
lines '{"a":{"x":1,"y":1},"b":"n","v":1}' '{"a":{"x":2},"b":"n","v":1}' >x.ndjson
lines '{"a":{"x":1.0,"y":2},"b":"n","v":1}' '{"a":{"x":2},"b":"m","v":1}' >y.ndjson
run sync-diff --plain -k a.x,b x.ndjson y.ndjson
out_is '{"_sync":{"op":"delete","stream":"x"},"a":{"x":2},"b":"n"}
{"_sync":{"op":"update","stream":"x"},"a":{"x":1.0,"y":2},"b":"n"}
{"_sync":{"op":"insert","stream":"x"},"a":{"x":2},"b":"m","v":1}' 'a composite key with a path; a moved key is delete and insert'
run sync-diff -k a.x,b x.ndjson y.ndjson
out_has '"key":\["/a/x","b"\]' 'the schema has a path as a pointer'
run sync-diff old.ndjson new.ndjson
status_is 2 'without a key'
err_has "neither 'old.ndjson' nor 'new.ndjson' says what the key of stream 'old' is \\(--key FIELD,…\\)" 'and says so'
run sync-diff -k id --ignore id old.ndjson new.ndjson
status_is 2 'the key is not ignored'

# ---- options
run sync-diff --plain -k id --ignore status,note old.ndjson new.ndjson
is "$(grep -c update out)" 0 'ignored fields make no update'
run sync-diff --plain -k id --only update --full-rows old.ndjson new.ndjson
out_is '{"_sync":{"op":"update","stream":"old","unset":["note"]},"id":2.0,"status":"played","home":"York"}' '--full-rows --only update'
run sync-diff -k id --only insert,remove old.ndjson new.ndjson
status_is 2 '--only of another word'
err_has "'remove' is none of insert, update, delete" 'is named'
run sync-diff -k id old.ndjson
status_is 2 'one operand'
run sync-diff -k id --memory 1000 old.ndjson new.ndjson
status_is 2 'too little memory'

# ---- what is set aside
lines '{"id":1,"v":1}' '{"id":2}' 'no json' '{"v":1}' '{"id":null}' '{"id":1.0,"v":2}' '{"id":3,"v":1,"v":1}' >bad.ndjson
lines '{"id":1,"v":1}' '{"id":5}' '{"id":2}' >good.ndjson
run sync-diff -k id bad.ndjson good.ndjson
status_is 3 'a bad line without --rejects'
err_has 'bad.ndjson:3: ' 'is named with its line'
run sync-diff --plain -k id --rejects rejects bad.ndjson good.ndjson
status_is 1 'bad rows set aside'
out_is '{"_sync":{"op":"insert","stream":"bad"},"id":5}' 'the others are compared'
is "$(jq -r ._sync.error.code rejects | tr '\n' ' ')" 'bad-json no-key no-key duplicate-key duplicate-name ' 'each with its reason'
run sync-diff --plain -k id --rejects rejects good.ndjson bad.ndjson
status_is 1 'rows of the second operand set aside'
is "$(grep -c delete out)" 0 'delete nothing'
err_has "1 rows that 'bad.ndjson' seems to lack are not deleted" 'which is said'
lines '{"id":1}' '{"id":2}' '{"id":1}' >bad.ndjson
run sync-diff -k id good.ndjson bad.ndjson
status_is 3 'a key twice'
err_has 'bad.ndjson:3: key 1 was there before' 'is named with its line'

# ---- operands
sync-extract new.ndjson >new.saved
run sync-diff -k id new.saved new.ndjson
status_is 0 'a saved stream'
run sync-diff -k id new.ndjson - <new.saved
status_is 0 'a stream on standard input'
run sh -c 'cat new.ndjson | sync-diff -k id - new.ndjson'
status_is 3 'input without frames may be cut off'
err_has 'accept-part' 'which is said'
run sh -c 'cat new.ndjson | sync-diff -k id --accept-part - new.ndjson'
status_is 0 '--accept-part'
run sh -c 'head -n 2 new.saved | sync-diff -k id - new.ndjson'
status_is 3 'a truncated stream'
run sh -c 'cat /dev/null | sync-diff -k id - new.ndjson'
status_is 3 'no input at all'
run sync-diff -k id nosuch.ndjson new.ndjson
status_is 3 'a file that is not there'
run sync-diff -k id new.ndjson nosuch.csv
status_is 3 'a CSV that is not there'
run sync-diff -k id old.ndjson new.ndjson
cp out changes.saved
run sync-diff -k id old.ndjson changes.saved --accept-part
status_is 3 'a change stream is no set of rows'
err_has "op 'delete': a stream of changes is no set of rows" 'which is said'
: >empty.ndjson
run sync-diff --plain -k id empty.ndjson new.ndjson
is "$(grep -c insert out)" 3 'an empty file is an empty source'
gzip -k new.ndjson
run sync-diff -k id new.ndjson new.ndjson.gz
status_is 0 'a compressed file'
lines '{"_sync":1,"id":1}' >x.ndjson
lines '{"_sync":2,"id":1}' >y.ndjson
run sync-diff --plain -k id x.ndjson y.ndjson
out_is '{"_sync":{"op":"update","stream":"x"},"id":1,"__sync":2}' "a field of the user's called _sync"
lines '{"_sync":{"op":"upsert","ts":"2026-01-01T00:00:00Z"},"id":4,"home":"x"}' >x.ndjson
run sync-diff --plain --accept-part --only update -k id --stream s - new.ndjson <x.ndjson
out_is '{"_sync":{"op":"update","stream":"s"},"id":4,"home":"Goole"}' 'what the old row says of itself does not go on'
run sync-diff --plain --accept-part --only update -k id --stream s new.ndjson - <x.ndjson
out_is '{"_sync":{"op":"update","stream":"s","ts":"2026-01-01T00:00:00Z"},"id":4,"home":"x"}' 'but what the new one says does'

run sync-diff -k id - - <new.saved
status_is 2 'standard input twice'

# ---- text without types
lines 'id,n,t,note' '1,2.50,true,' '2,007,x,"a"' '3,1,false,""' >x.csv
lines '{"id":1,"n":2.5,"t":true}' '{"id":2,"n":"007","t":"x","note":"a"}' '{"id":3,"n":1,"t":false,"note":""}' >x.ndjson
run sync-diff -k id x.csv x.ndjson
status_is 0 'CSV equals what it reads as'
run sync-diff -k id x.ndjson x.csv
status_is 0 'either way'
lines 'id,n,t,note' '1,2.75,true,' '4,5,false,z' '2,007,,a' >y.csv
lines '{"id":1,"n":2.5,"t":true}' '{"id":2,"n":8,"t":true,"note":"a"}' >x.ndjson
run sync-diff --plain -k id x.ndjson y.csv
out_is '{"_sync":{"op":"update","stream":"x"},"id":1,"n":2.75}
{"_sync":{"op":"update","stream":"x"},"id":2,"n":"007","t":null}
{"_sync":{"op":"insert","stream":"x"},"id":4,"n":5,"t":false,"note":"z"}' 'changes get the types of the other side'

# ---- streams
lines '{"_sync":{"op":"begin","format":1,"scope":"full"}}' '{"_sync":{"op":"schema","stream":"a","key":["id"],"schema":{}}}' \
	'{"_sync":{"op":"schema","stream":"b","key":["no"],"schema":{}}}' '{"_sync":{"stream":"a"},"id":1}' '{"_sync":{"stream":"b"},"no":1}' >head
{ sed '$d' head; lines '{"_sync":{"stream":"b"},"no":2,"v":1}' '{"_sync":{"op":"end","count":{"a":1,"b":1}}}'; } >two.ndjson
{ sed '$d' head; lines '{"_sync":{"stream":"a"},"id":2}' '{"_sync":{"stream":"b"},"v":2,"no":2}' '{"_sync":{"op":"end","count":{"a":2,"b":1}}}'; } >too.ndjson
run sync-diff --plain two.ndjson too.ndjson
out_is '{"_sync":{"op":"update","stream":"b"},"no":2,"v":2}
{"_sync":{"op":"insert","stream":"a"},"id":2}' 'streams by name, each with its key'
{ sed -n '1,2p;4p' head; lines '{"_sync":{"op":"end","count":{"a":1}}}'; } >one.ndjson
run sync-diff two.ndjson one.ndjson
status_is 2 'a stream that is not there'
err_has "'one.ndjson' has no stream 'b', which 'two.ndjson' has" 'is no empty one'
run sync-diff one.ndjson two.ndjson
status_is 1 'a new stream'
for order in 'two.ndjson new.ndjson' 'new.ndjson two.ndjson'; do
	run sync-diff -k id $order
	status_is 2 "several streams and one: $order"
	err_has "'two.ndjson' has several streams: name " 'is refused'
done
sed 's/"a"/"other"/g' one.ndjson >renamed.ndjson
lines '{"id":1}' >plain.ndjson
run sync-diff renamed.ndjson plain.ndjson
status_is 0 'one stream and one, whatever they are called'
run sync-diff plain.ndjson renamed.ndjson
status_is 0 'either way'
run sync-diff renamed.ndjson one.ndjson
status_is 2 'of two that could have several, names count'
lines '{"_sync":{"op":"begin","format":1,"scope":"keys"}}' '{"_sync":{"op":"schema","stream":"a","key":["id"],"schema":{}}}' '{"id":1}' \
	'{"_sync":{"op":"end","count":{"a":1}}}' >keys.ndjson
run sync-diff one.ndjson keys.ndjson
status_is 3 'keys alone are no rows'
run sync-diff --plain --only delete one.ndjson keys.ndjson
status_is 0 'but will do for deletes'
run sync-diff --plain --only delete --stream a -k id old.ndjson keys.ndjson
out_is '{"_sync":{"op":"delete","stream":"a"},"id":2}
{"_sync":{"op":"delete","stream":"a"},"id":3}' '--only delete by keys'

# ---- output to the last byte, statistics, and no file left
run sh -c 'sync-diff -k id old.ndjson new.ndjson >/dev/full'
status_is 3 'a full disk is noticed'
run sh -c 'sync-diff -k id old.ndjson new.ndjson --stats stats >/dev/null; jq -c "[.inserts,.updates,.deletes,.records.read]" stats'
out_is '[1,1,1,6]' 'statistics'

# ---- files that change, and programs that are killed, while they are read
mkfifo fifo
begin='{"_sync":{"op":"begin","format":1,"scope":"full"}}'
schema='{"_sync":{"op":"schema","stream":"s","key":["id"],"schema":{}}}'
lines '{"id":1,"v":1}' '{"id":2,"v":1}' >live.ndjson
waiting() { [ "$(cat "/proc/$1/comm")" = sync-diff ] && grep -q 'S (sleeping)' "/proc/$1/status"; }
start() { # RECORD COMMAND…: runs it with a stream on standard input that isn't over yet
	exec 9<>fifo
	lines "$begin" "$schema" "$1" >&9
	shift
	"$@" <fifo >out 2>err 9>&- &
	pid=$!
	until_true 20 waiting "$pid"
}
end() {
	lines "$@" >&9
	exec 9>&-
	wait "$pid"
	status=$?
}

start '{"id":1,"v":2}' sync-diff -k id live.ndjson -
lines '{"id":3}' >>live.ndjson
end '{"_sync":{"op":"end","count":{"s":1}}}'
status_is 3 'a file that grows while it is read'
err_has "'live.ndjson' was changed while it was read" 'is refused'

# the first row waits, and is read again when its partner comes
lines '{"id":1,"v":1}' '{"id":2,"v":1}' >live.ndjson
start '{"id":9}' sync-diff -k id live.ndjson -
touch -r live.ndjson stamp
printf 7 | dd of=live.ndjson bs=1 seek=12 conv=notrunc 2>/dev/null
touch -r stamp live.ndjson
end '{"id":1,"v":3}' '{"_sync":{"op":"end","count":{"s":2}}}'
is "$(head -n 1 live.ndjson)" '{"id":1,"v":7}' 'a row changed in place, size and time as before'
status_is 3 'is noticed by its hash'
err_has "'live.ndjson' was changed while it was read" 'and refused'

mkdir spill
lines '{"id":1}' >live.ndjson
awk 'BEGIN { for (i = 2; i < 60000; i++) printf "{\"id\":%d,\"text\":\"a row that waits in the spill file\"}\n", i }' >many
start '{"id":1}' env TMPDIR="$T/spill" sync-diff -k id --memory 1M live.ndjson -
cat many >&9
until_true 20 waiting "$pid"
spilled=$(find "/proc/$pid/fd" -lname "$T/spill/*" -exec stat -L -c %s {} + | tail -n 1)
ok 'rows are in the spill file' [ "${spilled:-0}" -gt 1000000 ]
is "$(ls -A spill)" '' 'which has no name'
kill -9 "$pid"
wait "$pid" 2>/dev/null
is "$(ls -A spill)" '' 'and is gone after kill -9'
exec 9>&-
run env TMPDIR="$T/nosuch" sync-diff -k id old.ndjson new.ndjson
status_is 3 'nowhere to spill to'
err_has "cannot make a temporary file in '.*/nosuch'" 'is said'

# ---- databases
if command -v sqlite3 >/dev/null && [ -x "$BUILD/libexec/sync/sync-extract-sqlite" ]; then
	sqlite3 app.db "create table games(id integer primary key, home text, price real, note text);
		insert into games values(1,'Leeds',2.5,null),(2,'007',10,''),(3,'York',null,'x')"
	sync-extract app.db games >games.saved
	lines 'id,home,price,note' '1,Leeds,2.50,' '2,007,10,""' '3,York,,x' >games.csv
	run sync-diff app.db#games games.csv
	status_is 0 'CSV against SQLite'
	run sync-diff games.csv app.db#games
	status_is 0 'and the other way'
	lines 'id,home,price,note' '1,Leeds,2.75,' '2,007,10,""' '4,Hull,1,y' >games.csv
	run sync-diff --plain app.db#games games.csv
	out_is '{"_sync":{"op":"delete","stream":"games"},"id":3}
{"_sync":{"op":"update","stream":"games"},"id":1,"price":2.75}
{"_sync":{"op":"insert","stream":"games"},"id":4,"home":"Hull","price":1,"note":"y"}' 'changes in the types of the table'
	run sh -c 'sync-diff app.db#games games.csv | sync-load app.db games --mode upsert --max-delete 3'
	run sync-diff app.db#games games.csv
	status_is 0 'and once loaded there are none'
fi

# ---- against a model
export PYTHONDONTWRITEBYTECODE=1
mkdir -p spill model
ok 'random documents agree with the model' sh -c 'cd model && python3 "$ROOT/tests/cli/diff_model.py" 1 20'
ok 'in memory, spilled and in any order it is the same' sh -c 'cd model && TMPDIR=$T/spill python3 "$ROOT/tests/cli/diff_model.py" 1 spill'
ok 'in the order of keys, and where that ends, it is right' sh -c 'cd model && TMPDIR=$T/spill python3 "$ROOT/tests/cli/diff_model.py" 1 order 40'
is "$(ls -A spill)" '' 'no spill file is left'
for seed in 1 2 3; do
	ok "a file is what its changes made it, $seed" sh -c "cd model && python3 \"\$ROOT/tests/cli/diff_model.py\" $seed load file"
done
if [ -x "$BUILD/libexec/sync/sync-load-sqlite" ]; then
	ok 'a table is what its changes made it' sh -c 'cd model && python3 "$ROOT/tests/cli/diff_model.py" 1 load sqlite'
fi
finish
