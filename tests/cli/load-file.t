#!/bin/sh
# load-file.t: files as targets of sync-load. What stands in them is read by Python, jq, gzip and zstd.
. "${0%/*}/lib.sh"

rows() { jq -c . "$@"; }
load() { run sync-load --plain "$@"; }
# what a folder holds, hidden files too
names() { ls -A "$1" | LC_ALL=C sort | tr '\n' ' '; }

# ---- a file for each value: names are safe, and two values never share one
long=$(printf '%0200d' 0)
cat >split.ndjson <<END
{"t":"a"}
{"t":""}
{"t":"."}
{"t":".."}
{"t":"a/b"}
{"t":"/"}
{"t":"a."}
{"t":"a "}
{"t":"-x"}
{"t":"%"}
{"t":"%25"}
{"t":"a\u0000b","n":1}
{"t":"x"}
{"t":"a\u0000b","n":2}
{"t":"a\nb"}
{"t":"é"}
{"t":"${long}a"}
{"t":"${long}b"}
{"t":"${long}a%"}
{"t":7}
{"t":null}
{"t":{"x":1}}
{"t":"A"}
{"t":"con:*?\"<>|\\\\"}
END
load names --split-by t <split.ndjson
status_is 0 'a file for each value'
cat >names.py <<'END'
import json, os, sys
rows = [json.loads(l) for l in open('split.ndjson')]
found = []
for name in os.listdir('names'):
    assert len(name.encode()) < 200 and not name.startswith(('.', '-')), name
    assert not any(c in name for c in '/\\:*?"<>|\0\n'), name
    stem, end = os.path.splitext(name)
    assert end == '.ndjson' and not stem.endswith(('.', ' ')), name
    these = [json.loads(l) for l in open(os.path.join('names', name))]
    assert len({json.dumps(r['t']) for r in these}) == 1, name
    found += these
key = lambda r: json.dumps(r)
assert sorted(found, key=key) == sorted(rows, key=key), found
END
ok 'has every record, each value in its own' python3 names.py
ok 'plain names stay plain' test -e names/a.ndjson -a -e names/é.ndjson -a -e names/7.ndjson -a -e names/null.ndjson
python3 - >wide.ndjson <<'END'
print('{"t":"%s"}' % ('?' * 100000))
print('{"t":"%s"}' % ('é' * 150))
print('{"t":"é%s"}' % ('é' * 150))
END
load wide --split-by t <wide.ndjson
status_is 0 'values that are too long for a name'
is "$(ls wide | wc -l) $(cat wide/* | wc -l)" '3 3' 'have names all the same'
ok 'of whole characters' python3 -c 'import os; [n.encode() for n in os.listdir("wide")]'
before=$(names wide)
load wide --split-by t <wide.ndjson
is "$(names wide)" "$before" 'and the same ones the next time'
load names --split-by nosuch <split.ndjson
status_is 3 'a record without the field'
err_has "no 'nosuch' to split by" 'is set aside or an error'
# two names of one file, as on a disk that doesn't tell A from a
mkdir one
echo '{"t":"old"}' >one/a.ndjson
ln -s a.ndjson one/b.ndjson
load one --split-by t <<'END'
{"t":"a"}
{"t":"b"}
END
status_is 3 'two names of one file'
err_has "'one/b.ndjson' is 'one/a.ndjson' by another name" 'are noticed'
is "$(cat one/a.ndjson)" '{"t":"old"}' 'and nothing is lost'

# ---- append
lines() { i=$1; while [ "$i" -le "$2" ]; do echo "{\"id\":$i,\"v\":\"x$i\"}"; i=$((i + 1)); done; }
job() { sync-extract in.ndjson --state s.json | sync-load out.ndjson --mode append --state s.json "$@"; }
mkdir app && cd app || exit 99
lines 1 3 >in.ndjson
run job
status_is 0 'an append'
echo '{"by":"somebody else"}' >>out.ndjson
lines 4 4 >>in.ndjson
run job
status_is 0 'behind what somebody else has appended'
silent 'is nothing to talk about'
is "$(cat out.ndjson)" "$(lines 1 3; echo '{"by":"somebody else"}'; lines 4 4)" 'and keeps it'
run job
is "$status $(cat out.ndjson)" "0 $(lines 1 3; echo '{"by":"somebody else"}'; lines 4 4)" 'without news too'
printf '{"by":"without a line feed"}' >>out.ndjson
lines 5 5 >>in.ndjson
run job
is "$(tail -n 2 out.ndjson)" '{"by":"without a line feed"}
{"id":5,"v":"x5"}' 'a last line without its line feed gets one'
is "$(names .)" 'in.ndjson out.ndjson s.json s.json.lock ' 'nothing else is left'
lines 6 6 >>in.ndjson
cp out.ndjson whole.ndjson
head -c 20 whole.ndjson >out.ndjson
run job
status_is 3 'what is gone of that was loaded is noticed'
err_has "'out.ndjson' has 20 bytes, and [0-9]+ were there" 'and said'
rm out.ndjson
run job
status_is 3 'all of it too'
ok 'and no file is left where none was' test ! -e out.ndjson
cp whole.ndjson out.ndjson
run job
is "$status $(tail -n 1 out.ndjson)" '0 {"id":6,"v":"x6"}' 'brought back, it goes on'
run sh -c 'sync-extract in.ndjson --state s.json --reset | sync-load new.ndjson --mode append --state s.json --reset'
ok 'and anew with --reset' cmp in.ndjson new.ndjson

# a stream that breaks off adds nothing, whatever its size
lines 1 20000 >big.ndjson
lines 1 2 >t.ndjson
run sh -c 'sync-extract big.ndjson | head -c 300000 | sync-load t.ndjson --mode append'
status_is 3 'a cut stream'
is "$(cat t.ndjson)" "$(lines 1 2)" 'adds nothing'
is "$(names . | grep -c ' \.[^ ]*append')" 0 'and leaves nothing'
run sh -c 'sync-extract big.ndjson | head -c 300000 | sync-load fresh.ndjson --mode append'
ok 'nor makes a file' test ! -e fresh.ndjson
run sh -c 'sync-extract big.ndjson | sync-load t.ndjson --mode append'
is "$(wc -l <t.ndjson)" 20002 'and a whole one adds all'
(ulimit -f 1300; sh -c 'trap "" XFSZ; exec sync-load t.ndjson --mode append --plain' <big.ndjson) 2>full.err
is "$? $(wc -l <t.ndjson)" '3 20002' 'a disk that fills up: nothing is added'
is "$(names . | grep -c ' \.[^ ]*append')" 0 'or left'
(ulimit -f 1300; sync-load t.ndjson --mode append --plain <big.ndjson) 2>/dev/null
ok 'killed while it adds: some of it is there' test "$(wc -c <t.ndjson)" -gt "$(wc -c <whole.ndjson)" -a -e .t.ndjson.append
ok 'perhaps half a record' test "$(tail -c 1 t.ndjson | od -An -c | tr -d ' ')" != '\n'
cp t.ndjson cut.ndjson; cp .t.ndjson.append cut.append
run sync-load t.ndjson --mode append --plain -v </dev/null
is "$status $(wc -l <t.ndjson)" '0 20002' 'the next run takes it back'
err_has 'bytes of a run that didn.t end are taken back' 'and says so with --verbose'
ln t.ndjson t.keep; cat cut.ndjson >t.ndjson; cp cut.append .t.ndjson.append
echo '{"by":"somebody else"}' >>t.ndjson
cp t.ndjson before.ndjson
run sync-load t.ndjson --mode append --plain <whole.ndjson
status_is 3 'half a record with the line of somebody else behind it'
err_has "the bytes [0-9]+ to [0-9]+, and somebody else has added more behind them.*remove '.*/.t.ndjson.append'" 'is for people'
ok 'and left as it is' cmp before.ndjson t.ndjson
rm .t.ndjson.append
run sync-load t.ndjson --mode append --plain <whole.ndjson
status_is 0 'without the journal it goes on'
cp cut.append .t.ndjson.append
cat cut.ndjson >copy && mv copy t.ndjson
run sync-load t.ndjson --mode append --plain </dev/null
ok 'another file of that name is not cut' cmp cut.ndjson t.ndjson
echo junk >.t.ndjson.append
run sync-load t.ndjson --mode append --plain </dev/null
is "$status $(names . | grep -c ' \.[^ ]*append')" '0 0' 'what is no whole journal goes'

# CSV follows its header
printf 'b,a\r\n1,2\r\n' >h.csv
printf '\357\273\277id;name\n1;x' >bom.csv
printf 'a,b\n' >empty.csv
run sync-load h.csv --mode append --plain --fields a,b,c <<'END'
{"a":3,"b":4,"c":5}
END
status_is 2 'a field of --fields that the header lacks'
err_has "'h.csv' has no column 'c'" 'is said'
run sync-load h.csv --mode append --plain --fields a,b <<'END'
{"a":3,"b":4,"c":5}
END
run sync-load h.csv --mode append --plain --fields a <<'END'
{"a":6,"b":7}
END
run sync-load h.csv --mode append --plain <<'END'
{"a":8}
{"a":"x\ny","b":{"c":[1,"\""]}}
END
status_is 0 'an append to a CSV file'
python3 - >got <<'END'
import csv
text = open('h.csv', newline='').read()
assert text.count('\r\n') == 6 and text.count('\n') == 7, text
print(list(csv.reader(open('h.csv', newline=''))))
END
is "$(cat got)" "[['b', 'a'], ['1', '2'], ['4', '3'], ['', '6'], ['', '8'], ['{\"c\":[1,\"\\\\\"\"]}', 'x\\ny']]" 'follows its header and its line ends'
run sync-load h.csv --mode append --plain --rejects rej <<'END'
{"a":9,"z":1}
{"a":10}
END
status_is 1 'a record with another field'
is "$(jq -c '[._sync.error.code,.z]' rej) $(tail -n 1 h.csv | tr -d '\r')" '["unknown-field",1] ,10' 'is set aside, the others go on'
run sync-load bom.csv --mode append --plain -d ';' <<'END'
{"name":"y","id":"2"}
END
is "$status $(tail -n 2 bom.csv)" '0 1;x
2;y' 'a header with a byte order mark'
run sync-load empty.csv --mode append --plain <<'END'
{"b":1,"a":""}
END
is "$(cat empty.csv)" 'a,b
"",1' 'a header without rows'
printf 'a,a\n' >twice.csv
run sync-load twice.csv --mode append --plain <t.ndjson
status_is 3 'two columns of one name'
run sync-load new.csv --mode append --plain --fields 'a.b,["x,y"],c[0],d' <<'END'
{"a":{"b":1},"x,y":2,"c":[3,4]}
END
run sync-load new.csv --mode append --plain --fields 'd,a.b' <<'END'
{"a":{"b":5},"d":6}
END
is "$(cat new.csv)" 'a.b,"x,y",c[0],d
1,2,3,
5,,,6' 'paths of --fields are columns, found again by their names'
run sync-load n2.csv --plain --fields a,b,a </dev/null
status_is 2 'a field twice in --fields'
for form in json ndjson.gz csv.zst; do
	run sync-load "x.$form" --mode append --plain <t.ndjson
	status_is 2 "no append to .$form"
	ok 'which makes no file' test ! -e "x.$form"
done
cd ..
if command -v strace >/dev/null && [ "${SYNC_TEST_PROFILE:-release}" = release ] && strace -o /dev/null true 2>/dev/null; then
	for scenario in single stateless folder folder-state single+other folder+other; do
		ok "killed at every system call: $scenario" python3 "$ROOT/tests/cli/load_kills.py" $scenario
	done
else
	skip 6 'no strace here'
fi
finish
