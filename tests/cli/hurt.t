#!/bin/sh
# hurt.t: the lines that hurt people elsewhere: what they exit with, and what they leave.
. "${0%/*}/lib.sh"
lines() { i=$1; while [ "$i" -le "$2" ]; do echo "{\"id\":$i,\"v\":\"x$i\"}"; i=$((i + 1)); done; }
fresh() { rm -f app.db; lines 1 4 | sync-load app.db t --key id --plain; }
rows() { sqlite3 app.db 'select group_concat(id) from (select id from t order by id)'; }
lines 1 4 >in.ndjson
echo 'id,v' >old.csv

run sh -c 'sync-extract nosuch.csv | sync-load old.csv'
status_is 3 'a source that is not there fails at the end of the pipe'
is "$(cat old.csv)" 'id,v' 'and the target is unharmed'
run sh -c 'sync-extract nosuch.csv | sort | sync-load old.csv'
status_is 3 'also with sort in the middle'

# parts into replace and mirror
cp in.ndjson target.ndjson
run sh -c 'sync-extract in.ndjson --shard 1/2 | sync-load target.ndjson'
status_is 3 'a shard does not replace a file'
ok 'which is as it was' cmp in.ndjson target.ndjson
run sh -c 'sync-extract in.ndjson --shard 1/2 | sync-load target.ndjson --accept-part'
status_is 0 'unless it is taken for the whole'
cp in.ndjson target.ndjson
lines 2 4 >changed.ndjson
run sh -c 'sync-diff --key id in.ndjson changed.ndjson | sync-load target.ndjson'
status_is 3 'nor does a change stream'
ok 'which is as it was' cmp in.ndjson target.ndjson
fresh
run sh -c 'sync-extract in.ndjson --shard 1/2 | sync-load app.db t --mode mirror'
status_is 3 'nor is a table mirrored by a shard'
is "$(rows)" 1,2,3,4 'which is as it was'
run sh -c 'sync-diff --key id in.ndjson changed.ndjson | sync-load app.db t --mode mirror'
status_is 3 'or by a change stream'
is "$(rows)" 1,2,3,4 'which is as it was'
fresh
lines 2 3 >two.ndjson
run sh -c 'sync-extract two.ndjson | sync-load app.db t --mode mirror'
status_is 0 'half of the rows may go'
is "$(rows)" 2,3 'and do'
fresh
lines 3 3 >one.ndjson
run sh -c 'sync-extract one.ndjson | sync-load app.db t --mode mirror'
status_is 3 'more than half may not'
err_has 'max-delete' 'by which guard is said'
is "$(rows)" 1,2,3,4 'and all is as it was'
run sh -c 'sync-extract one.ndjson | sync-load app.db t --mode mirror --max-delete 3'
is "$(rows)" 3 'unless that is wanted'

# nothing, and things set aside
fresh
: >empty.ndjson
run sh -c 'sync-extract empty.ndjson | sync-load app.db t --mode mirror'
status_is 3 'an empty source deletes nothing'
is "$(rows)" 1,2,3,4 'from a table'
run sh -c 'sync-extract empty.ndjson | sync-load target.ndjson'
status_is 3 'nor from a file'
ok 'which is as it was' cmp in.ndjson target.ndjson
run sh -c 'sync-extract empty.ndjson | sync-load app.db t --mode mirror --allow-empty'
is "$(rows)" '' 'unless that is wanted'
fresh
{ lines 1 3; echo 'no record'; } >bad.ndjson
run sh -c 'sync-extract bad.ndjson --rejects rej | sync-load app.db t --mode mirror'
status_is 1 'with something set aside a mirror is done but to be looked at'
is "$(rows)" 1,2,3,4 'and deletes nothing'
run sh -c 'sync-extract bad.ndjson --rejects rej | sync-load target.ndjson'
status_is 3 'and a file is not replaced'
ok 'which is as it was' cmp in.ndjson target.ndjson

# other tools in the middle
run sh -c 'sync-extract in.ndjson | sort | sync-load x.ndjson'
status_is 3 'sort moves the frames, which is noticed'
run sh -c 'sync-extract in.ndjson | head -n 3 | sync-load x.ndjson'
status_is 3 'head cuts the stream, which is noticed'
run sh -c 'sync-extract in.ndjson | split -l 3 - part. && sync-load x.ndjson <part.aa'
status_is 3 'a piece of split is no stream'
run sh -c 'cat part.* | sync-load x.ndjson'
status_is 0 'but all pieces are'
run sh -c 'sync-extract in.ndjson | tee copy | sync-load y.ndjson && cmp in.ndjson y.ndjson && sync-load z.ndjson <copy && cmp y.ndjson z.ndjson'
status_is 0 'tee keeps a stream, to be loaded again'
run sh -c 'sync-extract in.ndjson | jq -c "select(.id != 2)" | sync-load w.ndjson'
status_is 3 'jq drops a record, which is noticed'
run sh -c 'sync-extract in.ndjson | jq -c "select(.id != 2)" | sync-load w.ndjson --uncounted'
status_is 0 'and taken if that is said'
run sh -c "sync-extract in.ndjson | jq -c -L '$ROOT/share' 'include \"sync\"; rec(.id += 1)' | sync-load w.ndjson"
status_is 0 'with sync.jq a record stays a record'
is "$(head -n 1 w.ndjson)" '{"id":2,"v":"x1"}' 'changed'
run sh -c 'sync-extract in.ndjson | sync-validate --nosuch | sync-load w2.ndjson'
status_is 3 'a stage that ends before it has written anything'
ok 'writes nothing' test ! -e w2.ndjson
run sh -c 'sync-extract in.ndjson | sync-validate --schema nosuch.json | sync-load w2.ndjson'
status_is 2 'or that says how it failed'

# CSV with few columns into a table with many
sqlite3 wide.db 'create table t (id integer primary key, v text, a text, b integer)' "insert into t values (1, 'old', 'keep', 7), (2, 'old', 'too', 8)"
printf 'id,v\n1,new\n' >narrow.csv
run sh -c 'sync-extract narrow.csv --stream t | sync-load wide.db'
status_is 0 'a CSV of two columns into a table of four'
is "$(sqlite3 wide.db 'select * from t')" '1|new|keep|7
2|old|too|8' 'leaves the others alone'
run sync-diff narrow.csv wide.db#t --key id --stream t --summary
status_is 1 'CSV against SQLite'
out_has 'update +1 ' 'by the types of the table'

# the same table as source and target
for journal in delete wal; do
	rm -f same.db same.db-*
	{ echo 'create table t (id integer primary key, v text);'; echo "pragma journal_mode=$journal;"; } | sqlite3 same.db >/dev/null
	sqlite3 same.db "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) insert into t select i, 'x' || i from n"
	run timeout 60 sh -c 'sync-extract same.db t | sync-load same.db t --mode replace'
	status_is 0 "the same table as source and target, journal $journal"
	is "$(sqlite3 same.db 'select count(*), sum(id) from t')" '20000|200010000' 'is as it was'
	run timeout 60 sh -c 'sync-extract same.db t | sync-load same.db t2 --key id'
	is "$(sqlite3 same.db 'select count(*) from t2')" 20000 'and is copied beside itself'
done

# a reason that may pass
sqlite3 busy.db 'create table t (id integer primary key)'
mkfifo hold
sh -c 'sqlite3 busy.db >/dev/null <hold' &
exec 3>hold
echo 'begin exclusive; select 1;' >&3
until_true 20 sh -c '! sqlite3 busy.db "select 1 from t" 2>/dev/null'
run sh -c 'sync-extract busy.db t --lock-timeout 50ms | sync-load busy2.ndjson'
status_is 75 'a lock that is held is 75, at the end of the pipe too'
run sh -c 'echo "{\"id\":1}" | sync-load busy.db t --plain --lock-timeout 50ms'
status_is 75 'and for a loader'
exec 3>&-
wait

# Monday's reject, repaired after Tuesday's newer row
rm -f news.db
echo '{"id":1,"v":"tuesday","at":"2026-03-03"}' | sync-load news.db t --key id --plain
echo '{"_sync":{"error":{"code":"x"}},"id":1,"v":"monday","at":"2026-03-02"}' >repaired.ndjson
run sh -c 'sync-load news.db t --plain --newer at <repaired.ndjson'
status_is 0 'a repaired reject'
is "$(sqlite3 news.db 'select v from t')" tuesday 'does not undo what is newer'
finish
