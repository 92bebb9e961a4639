#!/bin/sh
# extract-state.t: files read on from where a state left them, rotated, truncated, followed; states that are of no use.
. "${0%/*}/lib.sh"

# A run with a state. What came is in got, its begin frame in begin.
step() {
	status=0
	sync-extract "$@" --state s.json >"$T/out" 2>"$T/err" || status=$?
	jq -c 'select(._sync.op|not)|del(._sync)' out >got
	jq -c '._sync|select(.op == "begin")' out >begin
	[ "$status" = 0 ] || return 0
	sync-load sink.ndjson --mode append --state s.json <out 2>load.err || fail 'the loader takes it' "$(cat load.err)"
}
got_is() { is "$(cat got)" "$1" "$2"; }
anew() { rm -rf s.json* sink.ndjson a a.* b.* d; }

# ---- NDJSON
anew
printf '{"i":1}\n{"i":2}\n' >a.ndjson
step a.ndjson
got_is '{"i":1}
{"i":2}' 'the first run reads all'
is "$(jq -c '[.scope,.from.generation,.from.connector]' begin)" '["full","0","file"]' 'in full, from no state'
step a.ndjson
got_is '' 'the second nothing'
is "$(jq -c '[.scope,.from.generation != "0"]' begin)" '["part",true]' 'a part, from the state'
printf '{"i":3}\n{"i":4}' >>a.ndjson
step a.ndjson
got_is '{"i":3}
{"i":4}' 'what was appended, also a whole record without its line feed'
silent 'silently'
printf '\n{"i":5}\n{"i"' >>a.ndjson
step a.ndjson
got_is '{"i":5}' 'half a record is left'
err_has "'a.ndjson' doesn't end with a line feed" 'and said'
printf ':6}\n' >>a.ndjson
step a.ndjson
got_is '{"i":6}' 'until it is whole'
is "$(jq -c .i sink.ndjson | tr '\n' ' ')" '1 2 3 4 5 6 ' 'the sink has each once'

# rotated: renamed, and a new one made
printf '{"i":7}\n' >>a.ndjson
mv a.ndjson a.ndjson.1
printf '{"i":8}\n' >a.ndjson
step a.ndjson
got_is '{"i":7}
{"i":8}' 'a rotated file is read to its end first'
silent 'without a word, since nothing is lost'
# packed after it was rotated
printf '{"i":9}\n' >>a.ndjson
gzip -c a.ndjson >a.ndjson.2.gz
printf '{"i":10}\n' >new
mv new a.ndjson
step a.ndjson
got_is '{"i":9}
{"i":10}' 'packed too'
# rotated more than once between two runs, in all the ways that names may go
printf '{"i":"a"}\n' >>a.ndjson
mv a.ndjson a.ndjson.9
printf '{"i":"b"}\n' >a.ndjson.8
touch -r a.ndjson.9 -d '+1 second' a.ndjson.8
printf '{"i":"c"}\n' | gzip -c >a.ndjson.7.gz
touch -r a.ndjson.9 -d '+2 seconds' a.ndjson.7.gz
printf '{"i":"old"}\n' >a.ndjson.10
touch -r a.ndjson.9 -d '-1 second' a.ndjson.10
printf '{"i":"other"}\n' >a.ndjson.x8
touch -r a.ndjson.8 a.ndjson.x8
printf '{"i":"d"}\n' >a.ndjson
touch -r a.ndjson.9 -d '+3 seconds' a.ndjson
step a.ndjson
got_is '{"i":"a"}
{"i":"b"}
{"i":"c"}
{"i":"d"}' 'rotated several times: all that came between, in the order of time, and nothing else'
silent 'nothing is lost'
step a.ndjson
got_is '' 'each once'
rm a.ndjson.9 a.ndjson.8 a.ndjson.7.gz a.ndjson.10 a.ndjson.x8
# copied, and truncated in its place
printf '{"i":11}\n' >>a.ndjson
cp a.ndjson a.ndjson.3
printf '{"i":12}\n' >a.ndjson
step a.ndjson
got_is '{"i":11}
{"i":12}' 'copied and truncated too'
# truncated, and the old one is gone
printf '{"i":"thirteen"}\n' >a.ndjson
step a.ndjson
got_is '{"i":"thirteen"}' 'a truncated file is read from its start'
err_has "'a.ndjson' is another file than it was" 'with a word'
# what stands beside it and is no file is not waited for
mkfifo a.ndjson.pipe
mkdir a.ndjson.d
printf '{"i":"thirteen and a half"}\n' >a.ndjson
run timeout 10 sync-extract a.ndjson --state s.json
status_is 0 'a FIFO beside a truncated file'
rm -r a.ndjson.pipe a.ndjson.d
printf '{"i":"thirteen"}\n' >a.ndjson
# replaced by a copy of itself that has grown
{ cat a.ndjson; printf '{"i":14}\n'; } >new
mv new a.ndjson
step a.ndjson
got_is '{"i":14}' 'another inode with the same beginning goes on'
# the state keeps its place when the file is named otherwise
anew
mkdir d
printf '{"i":1}\n' >d/a.ndjson
step d --stream s
mv d/a.ndjson d/b.ndjson
printf '{"i":2}\n' >>d/b.ndjson
printf '{"i":3}\n' >d/a.ndjson
step d --stream s
got_is '{"i":3}
{"i":2}' 'a file that was renamed within its folder goes on, the new one of its name starts'
printf '{"i":4}\n' >>d/b.ndjson
printf '{"i":5}\n' >d/c.ndjson
step d --stream s
got_is '{"i":4}
{"i":5}' 'and so on'

anew
printf 'a,b\n1,2\n' >b.csv
step b.csv
printf '3,4\n' >>b.csv
mv b.csv b-20260301.csv
printf 'b,a\n5,6\n' >b-20260302.csv
touch -r b-20260301.csv -d '+1 second' b-20260302.csv
printf 'a,b\n7,8\n' >b.csv
touch -r b-20260301.csv -d '+2 seconds' b.csv
step b.csv
got_is '{"a":"3","b":"4"}
{"b":"5","a":"6"}
{"a":"7","b":"8"}' 'CSV that was rotated twice, each with its own header'
# a run that ends between: a checkpoint inside the second of three
anew
printf '{"i":0}\n' >a.ndjson
step a.ndjson
mv a.ndjson a.ndjson.2
python3 -c '
for i in range(1, 400001): print("{\"i\":%d,\"pad\":\"%s\"}" % (i, "x" * 180))' >a.ndjson.1
touch -r a.ndjson.2 -d '+1 second' a.ndjson.1
printf '{"i":400001}\n' >a.ndjson
touch -r a.ndjson.2 -d '+2 seconds' a.ndjson
sync-extract a.ndjson --state s.json >out
sed '/"op":"checkpoint"/q' out >cut
run sync-load sink.ndjson --mode append --state s.json <cut
status_is 3 'a stream cut in a file between'
step a.ndjson
is "$(wc -l <sink.ndjson)" 400002 'none lost, none doubled'
is "$(tail -n 1 sink.ndjson | jq .i)" 400001 'to the end'

# ---- CSV, packed
anew
printf 'a,b\n1,2\n' >a.csv
step a.csv
got_is '{"a":"1","b":"2"}' 'CSV'
printf '3,"4\n' >>a.csv
step a.csv
got_is '' 'half a row is left'
printf '5"\n6,7' >>a.csv
step a.csv
got_is '{"a":"3","b":"4\n5"}' 'until it is whole'
err_has 'line feed' 'the last row may go on'
printf '8\n' >>a.csv
step a.csv
got_is '{"a":"6","b":"78"}' 'as it does here'
printf 'x,"\n' >>a.csv
printf '"\n' >>a.csv
step a.csv
got_is '{"a":"x","b":"\n"}' 'columns are those of the header'
printf 'x\n' >>a.csv
run sync-extract a.csv --state s.json
err_has 'a.csv:8: 1 cell' 'lines are counted from the start'

anew
printf 'a,b' >a.csv
step a.csv
got_is '' 'half a header'
err_has 'line feed' 'is left too'
is "$(jq -c '._sync|select(.op == "schema").schema.properties' out)" '{}' 'no column is known yet'
printf 'c,"d\n' >>a.csv
step a.csv
printf 'e"\n1,2,3\n' >>a.csv
step a.csv
got_is '{"a":"1","bc":"2","d\ne":"3"}' 'until it is whole'
printf '4,5,6\n' >>a.csv
step a.csv
got_is '{"a":"4","bc":"5","d\ne":"6"}' 'and on'

anew
printf '{"i":1}\n' | gzip -c >a.ndjson.gz
step a.ndjson.gz
printf '{"i":2}\n' | gzip -c >>a.ndjson.gz
step a.ndjson.gz
got_is '{"i":2}' 'a packed file with another member'
step a.ndjson.gz
got_is '' 'and nothing new'

# ---- a checkpoint in the middle covers what is before it, whoever reads on
anew
python3 -c '
for i in range(400000): print("{\"i\":%d,\"pad\":\"%s\"}" % (i, "x" * 180))' >a.ndjson
sync-extract a.ndjson --state s.json >out
n=$(jq -c 'select(._sync.op == "checkpoint")._sync.count.a' out | head -n 1)
ok 'a large file has more than one' test "$(grep -c '"op":"checkpoint"' out)" -gt 1
ok 'the first of them is in its middle' test "$n" -gt 0 -a "$n" -lt 400000
sed '/"op":"checkpoint"/q' out >cut
run sync-load sink.ndjson --mode append --state s.json <cut
status_is 3 'a stream cut there'
step a.ndjson
is "$(head -n 1 got | jq .i)" "$n" 'goes on behind it'
is "$(wc -l <sink.ndjson)" 400000 'none lost, none doubled'
is "$(tail -n 1 sink.ndjson | jq .i)" 399999 'to the end'

# ---- very many files
anew
mkdir d
python3 -c '
for i in range(4000): open("d/%06d.ndjson" % i, "w").write("{\"i\":%d}\n" % i)'
run timeout 20 sync-extract d --stream s --state s.json
status_is 0 'very many files, in no time to speak of'
sync-load sink.ndjson --mode append --state s.json <out
python3 -c '
import os
for i in range(4000, 8000): open("d/%06d.ndjson" % i, "w").write("{\"i\":%d}\n" % i)
for i in range(2000): os.rename("d/%06d.ndjson" % i, "d/z%06d.ndjson" % i)'
run timeout 20 sync-extract d --stream s --state s.json
status_is 0 'and as many new ones'
is "$(jq -c 'select(._sync.op|not).i' out | sort -n | sed -n '1p;$p' | tr '\n' ' ')$(tail -n 1 out | jq -c ._sync.count)" '4000 7999 {"s":4000}' 'nothing of the old ones, renamed or not'

# ---- states of no use
anew
printf '{"i":1}\n' >a.ndjson
printf '{"i":2}\n' >b.ndjson
step a.ndjson
run sync-extract b.ndjson --state s.json
status_is 2 'a state of another file is refused'
err_has "belongs to other files than 'b.ndjson'" 'with a word'
run sync-extract a.ndjson --state s.json --with-path
status_is 2 'of another selection'
err_has 'another selection' 'with a word'
run sync-extract b.ndjson --state s.json --reset
status_is 0 '--reset reads in full whatever it says'
is "$(head -n 1 out | jq -c '._sync|[.scope,.from.generation != "0"]')" '["full",true]' 'from its generation'
printf '{"format":1,"jobs":{"default":' >bad.json
run sync-extract a.ndjson --state bad.json
status_is 3 'a damaged one is an error'
run sync-extract a.ndjson --state d
status_is 0 'a missing one is a first run'
run sync-extract a.ndjson --state .
status_is 3 'one that cannot be read is an error'
run sh -c 'sync-extract - --state s.json <a.ndjson'
run sh -c 'cat a.ndjson | sync-extract - --state s.json'
status_is 2 'a pipe has no place to go on from'
run sync-extract a.ndjson --state s.json --shard 1/2
status_is 2 'shards have none either'
run sync-extract a.ndjson --reset
status_is 2 '--reset without a state'
sync-extract a.ndjson --state s.json#job2 >out
is "$(head -n 1 out | jq -c '._sync.from.generation')" '"0"' 'another job of the same file'

# ---- followed
anew
follow() {
	sync-extract --follow "$@" >fout 2>ferr &
	pid=$!
}
seen() { grep -q -e "$1" fout; }
stop() {
	kill -TERM "$pid"
	wait "$pid" 2>/dev/null
	is "$?" 143 "$1: ends by the signal"
	is "$(tail -n 1 fout | jq -c '._sync|[.op,.status]')" '["end",null]' "$1: its stream ends well"
}
printf '{"i":1}\n' >a.ndjson
follow a.ndjson
ok 'follow: what is there' until_true 10 seen '"i":1}'
printf '{"i":2}\n{"i":' >>a.ndjson
ok 'follow: what comes' until_true 10 seen '"i":2}'
printf '3}\n' >>a.ndjson
ok 'follow: half a record when it is whole' until_true 10 seen '"i":3}'
ok 'follow: checkpoints' until_true 10 seen '"op":"checkpoint"'
mv a.ndjson a.ndjson.1
printf '{"i":4}\n' >>a.ndjson.1
printf '{"i":5}\n' >a.ndjson
ok 'follow: a rotated file' until_true 10 seen '"i":5}'
printf '{"i":6,"x":"longer than what was there before"}\n' >new
cat new >a.ndjson
ok 'follow: a truncated file' until_true 10 seen '"i":6,'
stop follow
is "$(jq -c 'select(._sync.op|not).i' fout | tr '\n' ' ')" '1 2 3 4 5 6 ' 'follow: each once, in order'
is "$(head -n 1 fout | jq -r ._sync.scope)" part 'follow: a part'

anew
mkdir d
printf '{"i":1}\n' >d/a.ndjson
follow d --stream s
ok 'folder: what is there' until_true 10 seen '"i":1}'
printf 'i\n2\n' >d/b.csv
ok 'folder: a new file' until_true 10 seen '"i":"2"}'
printf '3\n' >>d/b.csv
ok 'folder: it grows' until_true 10 seen '"i":"3"}'
mv d/a.ndjson d/c.ndjson
printf '{"i":4}\n' >>d/c.ndjson
ok 'folder: a renamed file goes on' until_true 10 seen '"i":4}'
stop folder
is "$(jq -c 'select(._sync.op|not).i' fout | tr '\n' ' ')" '1 "2" "3" 4 ' 'folder: each once'

run sh -c 'printf "{}\n" | sync-extract - --follow'
status_is 2 'a pipe is not followed: it is read as it comes anyway'
mkfifo pipe
sync-extract - <pipe >fout &
pid=$!
exec 9>pipe
printf '{"live":1}\n' >&9
ok 'a pipe is live' until_true 10 seen '"live":1'
exec 9>&-
wait "$pid"
finish
