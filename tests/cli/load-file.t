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
head -c 100 cut.append >.t.ndjson.append
run sync-load t.ndjson --mode append --plain </dev/null
is "$status $(names . | grep -c ' \.[^ ]*append')" '0 0' 'what is no whole journal goes'
echo junk >.t.ndjson.append
run sync-load t.ndjson --mode append --plain </dev/null
is "$status $(cat .t.ndjson.append)" '3 junk' 'what is none at all stays'
rm .t.ndjson.append

# what a journal says is final goes by the state that it names, wherever that is now
cat >journal.py <<'END'
import hashlib, json, os, sys
name, generation, state, added = sys.argv[1], sys.argv[2], sys.argv[3], open(sys.argv[4], 'rb').read()
st = os.stat(name)
line = {'inode': st.st_ino, 'start': st.st_size - len(added), 'length': len(added), 'glued': 0, 'changed': 0, 'generation': generation}
line = {k: str(v) for k, v in line.items()}
line.update(digest=hashlib.blake2b(added, digest_size=16).hexdigest(), state=state, job='default')
with open('.%s.append' % name, 'wb') as f:
    f.write(b'sync-load append 1\n' + added + json.dumps(line).encode() + b'\n')
END
rm -f in.ndjson out.ndjson s.json*
lines 1 3 >in.ndjson
run job
cp s.json s1.json
for case in '0 here final' '1 here back' '0 gone final' '1 gone back' '7 here kept'; do
	set -- $case
	cp s1.json s.json
	lines 1 5 >out.ndjson
	case $2 in here) place=$PWD/s.json ;; *) place=/nosuch/s.json ;; esac
	lines 4 5 >added
	python3 journal.py out.ndjson "$1" "$place" added
	run sync-load out.ndjson --mode append --state s.json <<END
{"_sync":{"op":"begin","format":1,"run":"r","source":["in.ndjson"],"scope":"part","from":{"generation":"1"}}}
{"_sync":{"op":"end","count":{}}}
END
	is "$status $(wc -l <out.ndjson) $(names . | grep -c ' \.out')" "0 $(test "$3" = back && echo 3 || echo 5) 0" "a journal of generation $1, its state $2: $3"
done
mkdir sizes
printf '{"t":"a"}\n{"t":"b"}\n' >t2.ndjson
split() { sync-extract t2.ndjson --state sizes.json | sync-load sizes/ --split-by t --mode append --state sizes.json; }
run split
echo '{"t":"b"}' >>t2.ndjson
run split
: >sizes/a.ndjson
echo '{"t":"a"}' >>t2.ndjson
run split
status_is 3 'a file of a folder that was cut since some run before the last one'
err_has "sizes/a.ndjson' has 0 bytes, and 10 were there" 'is noticed too'

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
	for scenario in single stateless folder folder-state single+other folder+other upsert; do
		ok "killed at every system call: $scenario" python3 "$ROOT/tests/cli/load_file_kills.py" $scenario
	done
else
	skip 7 'no strace here'
fi

# ---- upsert: change streams, against a model, for documents and for rows
export PYTHONDONTWRITEBYTECODE=1
for kind in ndjson json csv; do
	for seed in 1 2; do
		ok "changes in $kind, seed $seed" python3 "$ROOT/tests/cli/load_file_model.py" $kind $seed 25
	done
done
for seed in 1 2; do
	ok "what sync-diff says of any form is done, seed $seed" python3 "$ROOT/tests/cli/load_file_cross.py" $seed 40
done
mkdir ups && cd ups || exit 99
upsert() { run sync-load --mode upsert --plain "$@"; }
python3 -c 'print("id,price,v\n7,2.50,a\n\"8\",,\"\"\n007,1,b")' >t.csv
cp t.csv as.csv
upsert t.csv --key id -v <<'END'
{"id":7,"price":2.5,"v":"a"}
{"id":8.0,"v":""}
{"id":"x","v":null}
END
status_is 0 'numbers and text as keys into CSV'
is "$(cat t.csv)" 'id,price,v
7,2.50,a
8,,""
007,1,b
x,,' 'meet what reads as them'
err_has '3 records: 1 inserted, 0 updated, 2 unchanged' 'and change nothing that reads as it should'
upsert t.csv --key id <<'END'
{"id":7,"price":3}
{"id":"7","price":4}
END
status_is 3 'a key that is a number here and text there'
err_has "the key .7. as text and as another value" 'is refused'
ok 'and nothing is changed' sh -c 'grep -q "^7,2.50,a" t.csv'
cp t.csv mixed.csv
upsert mixed.csv --key id <<'END'
{"_sync":{"op":"delete"},"id":"7"}
{"_sync":{"op":"update"},"id":8,"v":"w"}
{"id":9}
END
is "$status $(tr '\n' ' ' <mixed.csv)" '0 id,price,v 8,,w 007,1,b x,, 9,, ' 'but one is met by either'
upsert t.csv --key id <<'END'
{"id":{"a":1},"price":3}
END
err_has 'no such|which CSV can.t have' 'and so is an object'
upsert t.csv --key nosuch <t.ndjson
upsert t.csv --key nosuch <<'END'
{"nosuch":1}
END
status_is 2 'a key that is no column'
upsert t.csv --key id --rejects rej <<'END'
{"id":7,"price":5,"z":1}
{"_sync":{"op":"update"},"id":8,"price":6}
{"_sync":{"op":"update","unset":["v"]},"id":9,"price":6}
END
status_is 1 'a field without a column, and an update of nothing'
is "$(jq -c '[._sync.error.code,._sync.op,._sync.unset,.id]' rej)" '["unknown-field",null,null,7]
["missing-row","update",["v"],9]' 'are set aside, whole'
is "$(sed -n 3p t.csv)" '8,6,""' 'the others go on'
upsert t.csv --key id <<'END'
{"_sync":{"op":"update"},"id":9,"price":6}
END
status_is 3 'without --rejects that is an error'
# untyped text against types
sync-extract t.csv >t.stream
printf '{"id":7,"price":2.5,"v":"a"}\n{"id":8,"price":6,"v":null}\n{"id":5,"price":1}\n' >d.ndjson
run sync-load d.ndjson --mode upsert --key id <t.stream
status_is 0 'CSV into NDJSON'
is "$(cat d.ndjson)" '{"id":7,"price":2.5,"v":"a"}
{"id":8,"price":6,"v":""}
{"id":5,"price":1}
{"id":"007","price":1,"v":"b"}
{"id":"x","price":null,"v":null}' 'by the types that stand there'
# what a schema declares
printf '{"id":1,"a":1,"b":2}\n' >s.ndjson
printf '{"properties":{"id":{"type":"integer"},"a":{"type":"integer"}}}' >s.json
printf 'id,a,b\n1,5,6\n2,7,8\n' >s.csv
printf '{"id":1}\n' >s1.ndjson
run sh -c 'sync-extract s1.ndjson --schema s.json | sync-load s.csv --mode upsert --key id'
is "$(cat s.csv)" 'id,a,b
1,,6
2,7,8' 'a declared field that is absent becomes null, other columns stay'
# --fields
printf 'home.id;who\r\n1;x\r\n' >f.csv
upsert f.csv --key home.id --fields home.id,who -d ';' <<'END'
{"home":{"id":1},"who":"y","more":1}
{"home":{"id":2},"who":"z"}
END
is "$status $(od -An -c f.csv | tr -d ' \n')" '0 home.id;who\r\n1;y\r\n2;z\r\n' 'paths of --fields are columns by their names'
upsert f.csv --key who --fields who,what -d ';' <d.ndjson
status_is 2 'a field that the file has no column for'
printf '\357\273\277id,v\n1,x\n' >b.csv
upsert b.csv --key id <<'END'
{"id":2,"v":"y"}
END
is "$(head -c 5 b.csv | od -An -tx1) $(tail -n 1 b.csv)" ' ef bb bf 69 64 2,y' 'a byte order mark stays'
printf 'id,v\n1,x\n' | gzip >g.csv.gz
upsert g.csv.gz --key id <<'END'
{"id":1,"v":"y"}
END
is "$(gzip -dc g.csv.gz)" 'id,v
1,y' 'packed CSV'
printf '{"id":1}\n' | zstd -q >g.ndjson.zst
upsert g.ndjson.zst --key id <<'END'
{"id":2}
END
is "$(zstd -dcq g.ndjson.zst)" '{"id":1}
{"id":2}' 'packed NDJSON'
# moves
printf '{"id":1,"v":"a"}\n{"id":2,"v":"b"}\n{"id":3,"v":"c"}\n' >m.ndjson
cp m.ndjson m0.ndjson
upsert m.ndjson --key id <<'END'
{"_sync":{"op":"update","key":{"id":1}},"id":9}
{"_sync":{"op":"update","key":{"id":2}},"id":1,"v":"B"}
{"_sync":{"op":"update","key":{"id":9}},"id":2}
{"_sync":{"op":"upsert","key":{"id":3}},"id":4,"v":"d"}
END
status_is 0 'keys that move, and change places'
is "$(cat m.ndjson)" '{"id":2,"v":"a"}
{"id":1,"v":"B"}
{"id":4,"v":"d"}' 'take their rows along'
upsert m.ndjson --key id <<'END'
{"_sync":{"op":"update","key":{"id":1}},"id":4}
END
status_is 3 'onto a key that is there'
ok 'nothing is changed' grep -q '"v":"d"' m.ndjson
upsert m.ndjson --key id --rejects rej2 <<'END'
{"id":4,"v":"e"}
{"_sync":{"op":"update","key":{"id":1}},"id":4}
{"_sync":{"op":"update","key":{"id":77}},"id":78}
END
is "$status $(jq -c '._sync.error.code' rej2 | tr '\n' ' ')" '1 "key-exists" "missing-row" ' 'or is set aside'
# --dry-run
cp m0.ndjson dry.ndjson
upsert dry.ndjson --key id --dry-run <<'END'
{"_sync":{"op":"delete"},"id":1}
{"id":2,"v":"b"}
{"id":3,"w":1}
{"id":4,"__sync":5}
END
status_is 0 'a dry run'
is "$(grep -v '"begin"\|"end"' "$T/out")" '{"_sync":{"op":"delete"},"id":1}
{"_sync":{"op":"update","unset":["v"]},"id":3,"w":1}
{"_sync":{"op":"insert"},"id":4,"__sync":5}' 'prints the changes'
ok 'and makes none' cmp dry.ndjson m0.ndjson
is "$(names . | grep -c tmp)" 0 'nor anything else'
upsert dry.ndjson --key id --dry-run <<'END'
{"_sync":{"op":"delete"},"id":1}
{"_sync":{"op":"delete"},"id":2}
END
status_is 3 'its guards hold'
upsert dry.ndjson --key id <<'END'
{"_sync":{"op":"truncate"}}
{"id":1}
END
status_is 3 'a truncate is a delete of all, for --max-delete'
upsert dry.ndjson --key id --max-delete 3 <<'END'
{"_sync":{"op":"truncate"}}
{"id":1}
END
is "$status $(cat dry.ndjson)" '0 {"id":1}' 'and may be allowed'
run sh -c 'sync-extract m0.ndjson | sync-load dry2.csv --dry-run'
is "$status $(grep -c '"v"' "$T/out")" '0 3' 'a dry run of a file that is made'
ok 'makes none' test ! -e dry2.csv
run sh -c 'sync-extract m0.ndjson | sync-load dryd/ --split-by v --dry-run'
ok 'nor a folder' test "$status" = 0 -a ! -e dryd
run sync-load t.csv --mode append --plain --dry-run --rejects rej3 <<'END'
{"id":1,"z":2}
{"id":1}
END
is "$status $(grep -c '"id"' "$T/out") $(wc -l <rej3)" '1 1 1' 'and sets aside what would be'
# what is there already
before=$(stat -c %i:%Y m0.ndjson)
upsert m0.ndjson --key id -v <<'END'
{"v":"b","id":2.0}
END
is "$status $(stat -c %i:%Y m0.ndjson) $(sed -n 2p m0.ndjson)" "0 $before {\"id\":2,\"v\":\"b\"}" 'an equal row changes nothing, not even the file'
err_has '1 unchanged' 'and is counted so'
# --newer
printf '{"id":1,"v":"tuesday","at":"2026-03-03T00:00:00Z"}\n{"id":2,"v":"old","at":"2026-03-01T00:00:00Z"}\n' >n.ndjson
upsert n.ndjson --key id --newer at <<'END'
{"id":1,"v":"monday","at":"2026-03-02T01:00:00+01:00"}
{"id":2,"v":"new","at":"2026-03-02T00:00:00Z"}
{"id":2,"v":"between","at":"2026-03-01T12:00:00Z"}
END
is "$(jq -r .v n.ndjson | tr '\n' ' ')" 'tuesday new ' '--newer leaves rows alone that are'
printf 'id,v,at\n1,new,2026-03-03\n2,old,2026-03-01\n3,new,10\n4,old,9\n' >n.csv
upsert n.csv --key id --newer at <<'END'
{"id":1,"v":"x","at":"2026-03-02"}
{"id":2,"v":"y","at":"2026-03-02"}
{"id":3,"v":"x","at":9}
{"id":4,"v":"y","at":"10"}
END
is "$status $(cut -d , -f 2 n.csv | tr '\n' ' ')" '0 v new y new y ' 'by dates too, and by numbers that are text'
printf '{"id":2,"v":"a"}\n{"id":5,"v":"b"}\n' >again.ndjson
cp again.ndjson again0.ndjson
echo '{"_sync":{"op":"update","key":{"id":1}},"id":2,"v":"c"}' >again.stream
upsert again.ndjson --key id <again.stream
is "$status $(cat again.ndjson)" '0 {"id":2,"v":"c"}
{"id":5,"v":"b"}' 'a row that has moved already, in a run that was killed, is changed where it is'
for first in '{"id":1,"v":"x"}\n{"id":2,"v":"y"}' '{"id":2,"v":"y"}\n{"id":1,"v":"x"}'; do
	printf "$first\n" >clash.ndjson
	cp clash.ndjson clash0.ndjson
	upsert clash.ndjson --key id <again.stream
	is "$status $(cmp clash.ndjson clash0.ndjson)" '3 ' 'if both are there nothing is changed'
done
echo '{"rows":[{"id":1}]}' >doc.json
upsert doc.json --key id <again0.ndjson
status_is 3 'a JSON document that is no array'
is "$(cat doc.json)" '{"rows":[{"id":1}]}' 'is left as it is'
mkfifo hold
sync-load again.ndjson --mode upsert --plain --key id <hold &
exec 3>hold
echo '{"id":77}' >&3
until_true 20 sh -c 'ls .again.ndjson.*.tmp'
upsert again.ndjson --key id <again0.ndjson
status_is 75 'a second run at once'
echo '{"by":"somebody else"}' >>again.ndjson
exec 3>&-
status=0
wait "$!" || status=$?
is "$status $(tail -n 1 again.ndjson)" '75 {"by":"somebody else"}' 'and a file that is written to meanwhile'
run sync-load n2.ndjson --plain --newer at <n.ndjson
status_is 2 'and means nothing in replace'
printf '{"id":1}\n{"id":1}\n' >twice.ndjson
upsert twice.ndjson --key id <<'END'
{"id":1,"v":2}
END
status_is 3 'two rows of the key'
err_has "'twice.ndjson' has two rows of one key" 'are refused'
upsert n3.ndjson <n.ndjson
status_is 2 'no key'
upsert folder/ --key id <n.ndjson
status_is 2 'no folder'
upsert n.ndjson --key id </dev/null
status_is 0 'nothing came'
cd ..

# ---- forms: what Python, gzip and zstd read of them
mkdir forms && cd forms || exit 99
cat >forms.py <<'END'
import csv, gzip, io, json, random, subprocess, sys
r = random.Random(int(sys.argv[1]))
TEXTS = ['', 'x', ' y ', 'é😀', 'a,b', 'a;b', 'a\tb', 'q"u', '"', '\n', 'r\r\ns', '\r', '007', 'null', '-0', '\\N', '\ufeffx', '=1+1', "it's", '#c', 'z' * 9000]
def value(depth=0):
    k = r.randrange(9 if depth < 2 else 6)
    return (r.choice(TEXTS) if k < 3 else r.choice([0, -1, 1.5, 2**63, 1e300, 10**30]) if k < 5 else r.choice([None, True, False]) if k == 5 else
            {t: value(depth + 1) for t in r.sample(TEXTS, r.randrange(3))} if k < 7 else [value(depth + 1) for _ in range(r.randrange(3))])
names = r.sample(['id', 'a', 'b c', 'd,e', 'f"g', 'h\ni', '_sync', '__sync', 'é', '\ufeffj', ' k', 'l;', '', '7'], r.randrange(1, 8))
rows = [{n: value() for n in names} for _ in range(r.randrange(1, 200))]
def cell(v):
    return '' if v is None else v if isinstance(v, str) else json.dumps(v, ensure_ascii=False)
def same_cell(got, v):
    return got == cell(v) or (not isinstance(v, str) and v is not None and json.loads(got) == v)
def travel(row):
    return {('_' + n if n.lstrip('_') == 'sync' and n[0:1] == '_' else n): v for n, v in row.items()}
stream = ''.join(json.dumps(travel(row), ensure_ascii=bool(r.randrange(2))) + '\n' for row in rows)
def load(name, *options):
    p = subprocess.run(['sync-load', '--plain', name, *options], input=stream.encode(), capture_output=True)
    assert p.returncode == 0 and not p.stderr, (name, p)
    data = open(name, 'rb').read()
    if name.endswith('.gz'):
        data = gzip.decompress(data)
    elif name.endswith('.zst'):
        data = subprocess.run(['zstd', '-dcq', name], capture_output=True, check=True).stdout
    return data.decode()
for end in '', '.gz', '.zst':
    assert [json.loads(line) for line in load('t.ndjson' + end).split('\n')[:-1]] == rows
    assert json.loads(load('t.json' + end)) == rows
    for name, options, delimiter in ('t.csv', [], ','), ('t.tsv', [], '\t'), ('u.csv', ['-d', ';'], ';'), ('v', ['--format', 'csv'], ','):
        text = load(name + end, *options)
        got = list(csv.reader(io.StringIO(text, newline=''), delimiter=delimiter))
        if len(names) == 1:     # a null alone is an empty line, which Python passes over
            got = [g or [''] for g in got]
        assert got[0] == names, (got[0], names)
        assert len(got) == len(rows) + 1, (len(got), len(rows))
        for g, row in zip(got[1:], rows):
            assert all(same_cell(c, row[n]) for c, n in zip(g, names)) and len(g) == len(names), (g, row)
        back = subprocess.run(['sync-extract', '--plain', '--format', 'csv', '-d', delimiter, name + end], capture_output=True, check=True).stdout
        for line, row in zip(back.decode().split('\n'), rows):
            assert all((v is None) == (row[n] is None) and (v == '') == (row[n] == '') for (_, v), n in zip(json.loads(line).items(), names)), (line, row)
END
for seed in 1 2 3 4 5 6; do
	ok "every form, seed $seed" python3 forms.py $seed
done
printf '{"a":1.10,"b":12345678901234567890123456789,"c":1e400,"d":-0.0}\n' >digits.ndjson
run sync-load --plain digits.csv <digits.ndjson
is "$(tail -n 1 digits.csv)" '1.10,12345678901234567890123456789,1e400,-0.0' 'CSV has the digits'
for quote in '"' '
' é ab ''; do
	run sync-load --plain -d "$quote" x.csv <digits.ndjson
	status_is 2 "no delimiter: '$quote'"
done
ok 'nothing is made then' test ! -e x.csv

# nothing came
: >empty.ndjson
for name in e.ndjson e.json e.csv e.ndjson.gz e.csv.zst; do
	run sh -c "sync-extract empty.ndjson | sync-load $name && sync-extract --plain $name"
	is "$status $(cat "$T/out")" '0 ' "an empty source makes an empty $name"
done
is "$(jq -c . e.json)" '[]' 'an array too'
printf 'a,b\n' >head.csv
run sh -c 'sync-extract head.csv | sync-load e2.csv && cmp head.csv e2.csv'
status_is 0 'columns without rows'
sqlite3 two.db 'create table one (id integer primary key, v text)' "insert into one values (1, 'x')" 'create table two (a text primary key, b real)'
run sh -c 'sync-extract two.db | sync-load two.d/ --format csv'
is "$status $(names two.d) $(cat two.d/one.csv two.d/two.csv)" '0 one.csv two.csv  id,v
1,x
a,b' 'a folder has a file for each stream, each with its own columns, without rows too'
sqlite3 two.db 'delete from one' "insert into two values ('k', 2.5)"
run sh -c 'sync-extract two.db | sync-load two.d/ --format csv'
status_is 3 'a stream without rows does not empty its file'
is "$(cat two.d/one.csv two.d/two.csv)" 'id,v
1,x
a,b' 'and nothing is changed'
run sh -c 'sync-extract two.db | sync-load two.d/ --format csv --allow-empty'
is "$status $(cat two.d/one.csv two.d/two.csv)" '0 id,v
a,b
k,2.5' 'unless that is wanted'
run sh -c 'sync-extract two.db | sync-load two.d/ all --format csv'
ok 'one name for two streams is an error' test "$status" = 2
run sh -c "sync-extract two.db | sync-load one.csv"
status_is 2 'two streams do not go to one file, with rows or without'
err_has "name a folder .'one.csv/'." 'but to a folder'
cd ..

# ---- what a file is replaced by
mkdir repl && cd repl || exit 99
lines 1 3 >in.ndjson
lines 1 9 >old.ndjson
chmod 640 old.ndjson
ln -s ../repl/old.ndjson link.ndjson
run sh -c 'sync-extract in.ndjson | sync-load link.ndjson'
is "$status $(stat -c %a old.ndjson) $(readlink link.ndjson)" '0 640 ../repl/old.ndjson' 'a link stays a link, and its file keeps its mode'
ok 'and has the new rows' cmp in.ndjson old.ndjson
run sh -c 'sync-extract in.ndjson | sync-load link.ndjson --mode append'
is "$status $(wc -l <old.ndjson) $(names .)" '0 6 in.ndjson link.ndjson old.ndjson ' 'an append goes to where the link points'
ln -s nowhere.ndjson dangling.ndjson
run sh -c 'sync-extract in.ndjson | sync-load dangling.ndjson && cmp in.ndjson nowhere.ndjson && test -L dangling.ndjson'
status_is 0 'a link to nothing makes its file'
ln -s loop.ndjson loop.ndjson
run sh -c 'sync-extract in.ndjson | sync-load loop.ndjson'
status_is 3 'a link to itself'
(umask 027 && sync-load --plain mode.ndjson <in.ndjson)
is "$(stat -c %a mode.ndjson)" 640 'a new file is made by the umask'
for mode in replace append upsert; do
	run sync-load --plain --key id --mode $mode /dev/full <in.ndjson
	status_is 3 "a full disk, $mode"
	run sync-load --plain --key id --mode $mode /proc/nosuch/x.ndjson <in.ndjson
	status_is 3 "a folder that is not there, $mode"
	err_has "x.ndjson': No such file or directory" 'is named'
	run sync-load --plain --key id --mode $mode /proc/x.ndjson <in.ndjson
	status_is 3 "a folder that can't be written to, $mode"
done
run sync-load --plain x.ndjson.gz --format csv --fields a,b <in.ndjson
status_is 0 'packed and another form'
run sh -c 'sync-load --plain --format json - <in.ndjson | jq -c "map(.id)"'
out_is '[1,2,3]' 'standard output'
run sh -c 'cat in.ndjson | sync-load --plain --format csv /dev/stdout | tail -n 1'
out_is '3,x3' 'and by its name'
# a reader sees the old file or the new one
lines 1 20000 >big.ndjson
cp big.ndjson seen.ndjson
mkfifo hold
sync-load --plain seen.ndjson <hold &
exec 3>hold
lines 1 10000 >&3
until_true 20 sh -c 'test "$(stat -c %s .seen.ndjson.*.tmp)" -gt 100000'
ok 'while it is written the old one stands' cmp big.ndjson seen.ndjson
kill -9 "$!" 2>/dev/null
exec 3>&-
wait 2>/dev/null
ok 'after a kill too' cmp big.ndjson seen.ndjson
ok 'with what was begun' sh -c 'ls .seen.ndjson.*.tmp'
run sync-load --plain seen.ndjson <in.ndjson
is "$status $(names . | grep -c tmp)" '0 0' 'which the next run removes'
# gone, moved, replaced while it is appended to
for what in 'rm gone.ndjson' 'mv gone.ndjson moved.ndjson' 'cp in.ndjson g && mv g gone.ndjson' ': >gone.ndjson'; do
	cp in.ndjson gone.ndjson
	rm -f moved.ndjson
	sync-load --plain gone.ndjson --mode append <hold 2>gone.err &
	exec 3>hold
	lines 1 10000 >&3
	until_true 20 test -s .gone.ndjson.append
	sh -c "$what"
	exec 3>&-
	status=0
	wait "$!" || status=$?
	is "$status $(cat gone.ndjson moved.ndjson 2>/dev/null | grep -c x9)" '3 0' "an append to a file that is gone meanwhile: $what"
	is "$(names . | grep -c append)" 0 'leaves nothing'
done
sync-load --plain gone.ndjson --mode append <hold &
exec 3>hold
lines 1 10000 >&3
until_true 20 test -s .gone.ndjson.append
run sync-load --plain gone.ndjson --mode append <in.ndjson
status_is 75 'two appends at once'
kill -TERM "$!"
exec 3>&-
wait 2>/dev/null
is "$(names . | grep -c append)" 0 'a signal leaves nothing'
cd ..

# ---- rejects
printf '{"id":1}\n{"id":2,"z":1}\nnonsense\n{"id":3,"id":4}\n{"id":5}\n' >rejected.ndjson
run sync-load --plain rejected.csv --rejects rej.ndjson <rejected.ndjson
is "$status $(tr '\n' ' ' <rejected.csv) $(jq -c '._sync.error.code' rej.ndjson | tr '\n' ' ')" '1 id 1 5  "unknown-field" "bad-json" "duplicate-name" ' 'bad records are set aside, the others are written'
run sync-load --plain rejected2.csv <rejected.ndjson
status_is 3 'or nothing is, without --rejects'
ok 'not even a file' test ! -e rejected2.csv

# ---- what means nothing, or would destroy something
mkdir odd && cd odd || exit 99
lines 1 3 >in.ndjson
for option in '--fields id' '-d ;'; do
	run sync-load --plain x.ndjson $option <in.ndjson
	status_is 2 "$option is for CSV"
	run sync-load --plain x/ --split-by v $option <in.ndjson
	status_is 2 "$option is for CSV, in a folder too"
done
ok 'nothing is made' test ! -e x.ndjson -a ! -e x
cp in.ndjson s.ndjson
for mode in replace append upsert; do
	run sh -c "sync-extract in.ndjson --state new.json | sync-load new.json --mode $mode --key id --format ndjson --state new.json"
	status_is 2 "a state that is the file itself, $mode"
	ln -sf s.ndjson "rejects.$mode"
	run sync-load --plain s.ndjson --mode $mode --key id --rejects "rejects.$mode" <in.ndjson
	status_is 2 "rejects that are, $mode"
done
ok 'is harmed by none' cmp in.ndjson s.ndjson
printf '{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":"keys"}}\n{"id":1}\n{"_sync":{"op":"end","count":{"":1}}}\n' >keys.stream
run sync-load s.ndjson --mode upsert --key id <keys.stream
status_is 3 'keys are no rows'
run sync-load s.ndjson <keys.stream
status_is 3 'to replace neither'
ok 'and empty none' cmp in.ndjson s.ndjson
python3 - >long.ndjson <<'END'
print('{"id":1,"v":"%s"}' % ('x' * 100))
print('{"id":2,"v":%s}' % ('[' * 200 + ']' * 200))
END
cp long.ndjson long0.ndjson
run sync-load --plain long.ndjson --mode upsert --key id <in.ndjson
status_is 3 'rows deeper than --max-depth in the old file'
ok 'stay' cmp long.ndjson long0.ndjson
run sync-load --plain long.ndjson --mode upsert --key id --max-depth 300 <in.ndjson
ok 'and are changed if that is more' cmp long.ndjson in.ndjson
run sh -c 'sync-extract in.ndjson | sync-load frag/#games && cmp in.ndjson frag/games.ndjson && sync-extract in.ndjson | sync-load one.ndjson#games && cmp in.ndjson one.ndjson'
status_is 0 'a fragment names the stream'
mkfifo pipe
cat pipe >got &
run timeout 20 sync-load --plain pipe --mode append <in.ndjson
wait
is "$status $(cat got)" "0 $(cat in.ndjson)" 'a FIFO is appended to when somebody reads it'
cat pipe >got &
run timeout 20 sync-load --plain pipe <in.ndjson
wait
is "$status $(cat got)" "0 $(cat in.ndjson)" 'and written to'
sync-extract in.ndjson >saved.ndjson
cp saved.ndjson saved0.ndjson
for mode in append upsert; do
	run sync-load --plain saved.ndjson --mode $mode --key id <in.ndjson
	status_is 3 "no $mode to a saved stream"
done
ok 'which is left as it is' cmp saved.ndjson saved0.ndjson
printf 'a,b\n1,"x' >open.csv
run sync-load --plain open.csv --mode append <<'END'
{"a":1,"b":2}
END
status_is 3 'no append inside quotes that somebody left open'
is "$(tail -n 1 open.csv)" '1,"x' 'and nothing is added'
printf 'a,b\n1,"x""\ny",\n' | head -c -2 >shut.csv
run sync-load --plain shut.csv --mode append <<'END'
{"a":1,"b":2}
END
is "$status $(tail -n 1 shut.csv)" '0 1,2' 'but behind those that are closed'
: >none.csv
run sh -c 'sync-extract none.csv | sync-load none2.csv'
is "$status $(wc -c <none2.csv)" '0 0' 'a file without columns is one without columns'
echo '{"properties":{}}' >none.json
run sh -c 'sync-extract in.ndjson --schema none.json | sync-load some.csv'
is "$status $(head -n 1 some.csv)" '0 id,v' 'a schema that says nothing of columns'
run sync-load --plain x.ndjson --mode mirror <in.ndjson
status_is 2 'files have no mirror'
cd ..

# ---- many files, and live ones
mkdir many && cd many || exit 99
i=0
while [ "$i" -lt 500 ]; do echo "{\"t\":$i}"; i=$((i + 1)); done >500.ndjson
run sh -c 'ulimit -S -n 300; sync-load --plain d/ --split-by t --mode append <500.ndjson'
is "$status $(find d -type f | wc -l)" '0 500' 'five hundred files at once'
echo '{"t":"x"}' >>500.ndjson
for mode in append replace; do
	run sync-load --plain e/ --split-by t --mode $mode <500.ndjson
	status_is 3 "one more are refused, $mode"
	is "$(find e -type f | wc -l)" 0 'and none is made'
done
lines 1 1 >live.ndjson
sync-extract live.ndjson --follow >live.fifo.tmp 2>/dev/null &
extract=$!
ok 'a source that is followed' until_true 20 grep -q checkpoint live.fifo.tmp
kill "$extract"
wait "$extract" 2>/dev/null
mkfifo live
sync-load out.ndjson --mode append <live &
load=$!
exec 3>live
grep -v '"end"' live.fifo.tmp >&3
ok 'is seen at its checkpoint' until_true 20 grep -q x1 out.ndjson
kill -9 "$load"
exec 3>&-
wait "$load" 2>/dev/null
run sync-load --plain out.ndjson --mode append </dev/null
is "$status $(cat out.ndjson) $(names . | grep -c ' \.out')" '0 {"id":1,"v":"x1"} 0' 'and stays'
cd ..
finish
