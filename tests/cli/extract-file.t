#!/bin/sh
# extract-file.t: NDJSON, JSON, packed files, folders, shards and saved streams through sync-extract.
. "${0%/*}/lib.sh"

plain() { run sync-extract --plain "$@"; }

# ---- NDJSON
printf '{"a":1.10,"b":12345678901234567890123456789}\n' >d.ndjson
plain d.ndjson
out_is '{"a":1.10,"b":12345678901234567890123456789}' 'digits are kept'
run sync-extract d.ndjson
is "$(jq -c '._sync|[.op,.stream,.scope,.count]' out | head -n 2)" '["begin",null,"full",null]
["schema","d",null,null]' 'begin and schema'
is "$(tail -n 1 out | jq -c ._sync)" '{"op":"end","count":{"d":1}}' 'end counts'
silent 'silent'

printf '\357\273\277 {"a" : 1}\r\n\r\n\t\n{"b":"\\u00e9"}' >w.ndjson
plain w.ndjson
out_is ' {"a" : 1}
{"b":"\u00e9"}' 'byte order mark, CR LF, empty lines, no last line feed; else byte for byte' || od -c out
for f in ndjson json csv tsv; do
	printf '\357\273\277' >mark.$f
	run sync-extract mark.$f
	status_is 0 "$f: a byte order mark and nothing else is an empty source"
	is "$(sed -n 2p out | jq -c '._sync.schema.properties // {}')" '{}' "$f: without columns"
done
printf '\357\273\277\n \n{"a":1}\n' >mark.ndjson
plain mark.ndjson
out_is '{"a":1}' 'a byte order mark before an empty line'
printf '\357\273\277 [{"a":1}]' >mark.json
plain mark.json
out_is '{"a":1}' 'one before a document'
run sh -c '{ printf "\357"; sleep 0.1; printf "\273\277[{\"a\":2}"; sleep 0.1; printf "]"; } | sync-extract --plain --format json -'
out_is '{"a":2}' 'however it comes'
printf '[\n{"a":1},\n\357\273\277{"a":1}]' >mark.json
run sync-extract mark.json
status_is 3 'but not in its middle'
printf '{"_sync":{"op":"delete"},"__sync":1,"x":{"_sync":2}}\n{"\\u005fsync":1}\n' >r.ndjson
plain r.ndjson
is "$(jq -c . out)" '{"__sync":{"op":"delete"},"___sync":1,"x":{"_sync":2}}
{"__sync":1}' 'data cannot pass for control, escaped or not'
plain r.ndjson --changes --max-errors 0
is "$(head -n 1 out)" '{"_sync":{"op":"delete"},"__sync":1,"x":{"_sync":2}}' 'but it can with --changes'
printf '{"_sync":1,"_sync":2}\n' >r2.ndjson
run sync-extract r2.ndjson
status_is 3 'two reserved names'
err_has "r2.ndjson:1: two members are called '_sync'" 'and where'
plain d.ndjson d.ndjson
status_is 2 'a file named twice'

refused() {
	printf "$1" >bad.ndjson
	run sync-extract bad.ndjson
	status_is 3 "$2"
	err_has "bad.ndjson:2: .*$3" "$2, where"
	rm -f rejects
	run sync-extract --plain --rejects rejects bad.ndjson
	status_is 1 "$2, set aside"
	out_is '{"a":1}
{"a":2}' "$2, the others go on"
	is "$(jq -c '._sync|[.stream,.error.by,(.error.message|test("bad.ndjson:2: ")),(.raw!=null)]' rejects)" '["bad","sync-extract",true,true]' \
		"$2, with its reason"
}
refused '{"a":1}\n{"a":}\n{"a":2}\n' 'a line that is no JSON' 'byte 6'
refused '{"a":1}\n[1]\n{"a":2}\n' 'a line that is no object' 'JSON object'
refused '{"a":1}\n{"a":"\377"}\n{"a":2}\n' 'a line that is no UTF-8' 'UTF-8'
refused '{"a":1}\n{"a":{}\n{"a":2}\n' 'half a line' 'byte'
is "$(jq -r '._sync.raw' rejects)" '{"a":{}' 'raw is the line'

run sync-extract nosuch.ndjson
status_is 3 'no such file'
err_has "cannot open 'nosuch.ndjson': No such file" 'is said'
is "$(tail -n 1 out | jq -c ._sync.status)" 3 'and those after it are told'
run sync-extract
status_is 2 'no operand'
mkdir empty
run sync-extract empty
status_is 0 'an empty folder is an empty source'
is "$(jq -c ._sync.op out)" '"begin"
"end"' 'with a frame at both ends'
: >e.ndjson
run sync-extract e.ndjson
is "$(jq -c ._sync.op out)" '"begin"
"schema"
"end"' 'an empty file names its stream'

# ---- standard input
run sh -c 'cat d.ndjson | sync-extract -'
is "$(jq -c '._sync.scope' out | head -n 1)" '"part"' 'a pipe may have ended early: scope part'
run sh -c 'sync-extract - <d.ndjson'
is "$(jq -c '._sync.scope' out | head -n 1)" '"full"' 'a file as standard input is whole'
run sh -c ': | sync-extract -'
status_is 3 'nothing from a pipe is a truncated stream'
run sh -c ': | sync-extract - --plain'
status_is 0 'unless --plain says that it is meant'
run sh -c 'printf "a\n1\n" | sync-extract - --format csv --stream s'
out_has '"stream":"s".*"a":\{"type"' 'CSV from a pipe'
run sh -c 'sync-extract - <&-'
status_is 3 'a closed standard input'

# ---- JSON
python3 - <<'EOF'
import json
rows = [{'id': i, 'name': 'ö"\n%d' % i, 'tags': ['a', {'b': [i]}], 'n': None} for i in range(500)]
json.dump(rows, open('arr.json', 'w'), indent=2)
json.dump({'name': 'x', 'skip': {'rows': [1, 2, {'rows': '][}{'}]}, 'data': {'rows': rows, 'other': [1]}, 'parts': [{'rows': rows[:2]}, {'rows': rows[2:3]}, {}]},
          open('doc.json', 'w'), indent=1)
with open('want.ndjson', 'w') as f:
    for r in rows: f.write(json.dumps(r) + '\n')
open('seq.json', 'w').write('{"a":1}\n{"a":2} [{"a":3},{"a":4}]')
EOF
same() { python3 -c '
import json, sys
a, b = ([json.loads(l) for l in open(f)] for f in sys.argv[1:3])
n = int(sys.argv[3]) if len(sys.argv) > 3 else len(b)
assert a == b[:n], (len(a), len(b))
' "$@"; }
plain arr.json
ok 'an array in many lines' same out want.ndjson
is "$(wc -l <out)" 500 'a record a line'
plain doc.json --records data.rows
ok 'records inside a document' same out want.ndjson
plain doc.json --records 'parts[*].rows'
ok 'in several places' same out want.ndjson 3
plain doc.json --records /parts/1/rows/0
is "$(jq .id out)" 2 'by JSON Pointer, one object'
run sync-extract doc.json --records no.such
status_is 3 'nothing there'
err_has "nothing at --records 'no.such'" 'is said'
plain seq.json
out_is '{"a":1}
{"a":2}
{"a":3}
{"a":4}' 'several values, one after the other'
printf '[]' >none.json
plain none.json
out_is '' 'an empty array'
json_refused() {
	printf "$1" >bad.json
	line=$2
	what=$3
	shift 3
	run sync-extract bad.json "$@"
	status_is 3 "$what"
	err_has "bad.json:$line: " "$what, where"
}
json_refused '[{"a":1},\n{"a":2}' 2 'a truncated array'
json_refused '[{"a":1},\n{"a":"x' 2 'a truncated string'
json_refused '[{"a":1}\n{"a":2}]' 2 'no comma'
json_refused '[{"a":1},\n3]' 2 'a record that is no object'
json_refused '[{"a":1},\n{"a":01}]' 2 'a wrong number'
json_refused '[{"a":1},\n{"a":[1}]]' 2 'brackets that do not match'
json_refused '{"x":[1,\n2 3],"rows":[]}' 2 'damage in what is passed over' --records rows
json_refused '{"x":[1,\n2 3],"rows":[]}' 1 'two words in a record of several lines'
json_refused '[{"a":tr\nue}]' 1 'half a word'
json_refused '[{"a":"x\ny"}]' 1 'a line feed in a string'
json_refused '[{"a":1},\n\001]' 2 'a control character in place of a record'
cat >documents.py <<'EOF'
# Random documents, written in many ways, against Python; and one cut at every byte.
import json, random, subprocess
r = random.Random(4)
def value(depth):
    k = r.randrange(7 if depth else 4)
    if k == 0: return r.choice([None, True, False])
    if k == 1: return r.choice([0, -1.5, 1e30, 123456789012345678901234567890])
    if k <= 3: return ''.join(r.choice('a{}[]",\\:ö\n\t 1') for _ in range(r.choice([0, 1, 5, 40])))
    if k == 4: return [value(depth - 1) for _ in range(r.randrange(4))]
    return {str(i) + r.choice('a "\\'): value(depth - 1) for i in range(r.randrange(5))}
def extract(text, *options):
    open('j.json', 'w', newline='').write(text)
    return subprocess.run(['sync-extract', '--plain', 'j.json', *options], capture_output=True)
for n in range(60):
    rows = [{'i': i, 'v': value(4)} for i in range(r.randrange(60))]
    text = json.dumps(rows if n % 2 else {'x': value(3), 'rows': rows, 'y': value(3)}, indent=r.choice([None, 0, 1, 4]), ensure_ascii=r.random() < .5)
    if r.random() < .3: text = text.replace('\n', '\r\n')
    p = extract(text, *([] if n % 2 else ['--records', 'rows']))
    assert p.returncode == 0, p.stderr
    assert [json.loads(l) for l in p.stdout.decode().split('\n')[:-1]] == rows
text = '[{"a":[1,{"b":"x\\"]"}]},\n {"c":null}]'
for i in range(1, len(text)): assert extract(text[:i]).returncode == 3, text[:i]
p = extract('[{"a":"' + 'x' * 700000 + '"},{"b":1}]')
assert p.returncode == 0 and p.stdout.count(b'\n') == 2
EOF
ok 'random documents' python3 documents.py
run sync-extract arr.json --state s.json
status_is 2 'a document has no place to go on from'

printf '{"a":1}\n' >tiny.ndjson

# ---- packed
gzip -c d.ndjson >d2.ndjson.gz
cat d2.ndjson.gz d2.ndjson.gz >d3.ndjson.gz
plain d3.ndjson.gz
out_is '{"a":1.10,"b":12345678901234567890123456789}
{"a":1.10,"b":12345678901234567890123456789}' 'gzip, two members'
zstd -q -c d.ndjson >d4
cat d4 d4 >d5.ndjson
plain d5.ndjson
is "$(wc -l <out)" 2 'zstd, two frames, by content'
run sh -c 'cat d3.ndjson.gz | sync-extract -'
is "$(tail -n 1 out | jq -c ._sync.count)" '{"":2}' 'packed standard input'
head -c 40 d2.ndjson.gz >trunc.ndjson.gz
run sync-extract trunc.ndjson.gz
status_is 3 'truncated gzip'
err_has "cannot unpack 'trunc.ndjson.gz': .*truncated" 'is said'
head -c 30 d4 >trunc.ndjson.zst
run sync-extract trunc.ndjson.zst
status_is 3 'truncated zstd'
python3 -c '
b = bytearray(open("d2.ndjson.gz", "rb").read()); b[-6] ^= 1; open("crc.ndjson.gz", "wb").write(b)'
run sync-extract crc.ndjson.gz
status_is 3 'a wrong checksum'
gzip -c arr.json >arr2.json.gz
plain arr2.json.gz
ok 'a packed document' same out want.ndjson
python3 -c '
import sys
sys.stdout.buffer.write(b"\n" * (400 << 20))' | zstd -q -c >bomb.ndjson.zst
run sync-extract bomb.ndjson.zst
status_is 3 'what unpacks without end'
err_has '2000 times' 'is bounded'

python3 -c '
import sys
for i in range(300000): sys.stdout.write("{\"i\":%d,\"x\":\"%s\"}\n" % (i, i * 7919 % 1000003))' | zstd -q --long=24 -c >wide.ndjson.zst
run sync-extract wide.ndjson.zst
status_is 3 'a zstd window above 8 MiB'
err_has "cannot unpack 'wide.ndjson.zst': .*window" 'is told from damage'

# ---- what happens to a file while it is read
cat >meanwhile.py <<'EOF'
import os, subprocess, sys
def read(what):
    with open('live.ndjson', 'w') as f:
        for i in range(60000): f.write('{"i":%d,"x":"%s"}\n' % (i, 'y' * 80))
    size = os.stat('live.ndjson').st_size
    p = subprocess.Popen(['sync-extract', 'live.ndjson'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdout.read(1000)              # it has begun, and waits for us
    what(size)
    out = p.stdout.read()
    return p.wait(), p.stderr.read().decode(), out
def replace(size):
    open('new', 'w').write('{}\n'); os.rename('new', 'live.ndjson')
def rewrite(size):
    with open('live.ndjson', 'r+') as f: f.write('{"i":1')
    os.utime('live.ndjson', (1, 1))
def append(size):
    with open('live.ndjson', 'a') as f: f.write('{"i":-1}\n')
code, err, out = read(lambda size: os.truncate('live.ndjson', size // 2))
assert code == 3 and 'shrank' in err, (code, err)
code, err, out = read(lambda size: os.remove('live.ndjson'))
assert code == 3 and 'vanished' in err, (code, err)
code, err, out = read(rewrite)
assert code == 3 and 'written to' in err, (code, err)
code, err, out = read(replace)       # the old file is read to its end
assert code == 0 and b'"count":{"live":60000}' in out, (code, err)
code, err, out = read(append)
assert code == 0, (code, err)
EOF
ok 'a file that shrinks, goes, is written to, replaced or appended to while it is read' python3 meanwhile.py

# ---- streams
mkdir f
cp d.ndjson f/a.ndjson
gzip -c d.ndjson >f/b.ndjson.gz
echo x >f/README
run sync-extract f
is "$(jq -c ._sync.count out | tail -n 1)" '{"a":1,"b":1}' 'a folder'
is "$(jq -c 'select(.a)|._sync.stream' out)" '"a"
"b"' 'records name their stream'
run sync-extract 'f/*.ndjson*' --stream s
is "$(jq -c ._sync.count out | tail -n 1)" '{"s":2}' 'a pattern, in one stream'
run sync-extract 'f/*.nosuch'
status_is 3 'a pattern without a match'
mkdir f/below
cp d.ndjson f/below/c.ndjson
cp d.ndjson f/.hidden.ndjson
ln -s a.ndjson f/z.jsonl
printf 'a\n1\n' >f/a.csv
run sync-extract f
is "$(jq -c ._sync.count out | tail -n 1)" '{"a":2,"b":1,"z":1}' 'not what is below it, nor what begins with a dot; one base name is one stream'
plain f --with-path --stream s
is "$(jq -r ._path out | tr '\n' ' ')" 'f/a.csv f/a.ndjson f/b.ndjson.gz f/z.jsonl ' 'in the order of their names'
run sync-extract 'f/b*'
is "$(jq -c ._sync.count out | tail -n 1)" '{"b":1,"c":1}' 'a pattern that a folder fits'
ln -s nowhere f/broken
run sync-extract 'f/br*'
status_is 3 'a link to nowhere'
rm -r f/below f/z.jsonl f/a.csv f/broken
cp d.ndjson 'a[1].ndjson'
run sync-extract 'a[1].ndjson'
is "$(jq -c ._sync.count out | tail -n 1)" '{"a[1]":1}' 'a file whose name looks like a pattern'
cp d.ndjson 'a#b.ndjson'
run sync-extract 'a#b.ndjson'
is "$(jq -c ._sync.count out | tail -n 1)" '{"a#b":1}' 'or like a fragment'
plain f --with-path --stream s
is "$(jq -r ._path out)" 'f/a.ndjson
f/b.ndjson.gz' 'with paths'
echo '{"_path":1}' >p.ndjson
run sync-extract p.ndjson --with-path
status_is 3 'a member _path of its own and --with-path'
run sync-extract d.ndjson#games
is "$(tail -n 1 out | jq -c ._sync.count)" '{"games":1}' 'a fragment names the stream'
run sync-extract d.ndjson --key a,b
is "$(sed -n 2p out | jq -c ._sync.key)" '["a","b"]' '--key is declared'
run sync-extract d.ndjson --key a,,b
status_is 2 'a key with an empty name'
run sync-extract d.ndjson --key "$(printf 'a\377')"
status_is 2 'a key that is no UTF-8'
echo '{"}":{},"e":{}}' >braces.ndjson
echo '{}' >>braces.ndjson
run sync-extract braces.ndjson d.ndjson
is "$(jq -c 'select(._sync.op|not)|del(._sync)|keys' out)" '["e","}"]
[]
["a","b"]' 'empty objects among several streams'

cp d.ndjson 'a b.ndjson'
run sync-extract "file://$T/a%20b.ndjson"
is "$(tail -n 1 out | jq -c ._sync.count)" '{"a b":1}' 'an address'
for bad in file://d.ndjson file:///a%2 file:///a%zz.ndjson file:///a%00b; do
	run sync-extract "$bad"
	status_is 2 "$bad is none"
done
run sync-extract d.ndjson x.db
status_is 2 'a database among files'
run sync-extract d.ndjson --header a
status_is 2 '--header where nothing is CSV'
run sync-extract d.ndjson --records a
status_is 2 '--records where nothing is JSON'
echo '{"properties":{"a":{"type":"number"}}}' >schema.json
run sync-extract d.ndjson --schema schema.json
is "$(sed -n 2p out | jq -c ._sync.schema)" '{"properties":{"a":{"type":"number"}}}' '--schema is declared for NDJSON too'
echo '[' >no.json
run sync-extract d.ndjson --schema no.json
status_is 2 'a schema that is none'
printf '{}\n{}\n[]\n' >pc.ndjson
run sync-extract pc.ndjson --rejects rej --max-errors 20%
status_is 3 'more set aside than --max-errors'
run sync-extract pc.ndjson --rejects rej --max-errors 50%
status_is 1 'less'
run sync-extract d.ndjson tiny.ndjson --stats stats.json
is "$(jq -c '[.records.read,.records.written,.bytes.read,.streams]' stats.json)" '[2,2,53,{"d":{"read":1,"written":1,"rejects":0},"tiny":{"read":1,"written":1,"rejects":0}}]' '--stats'

# ---- shards: each line in exactly one
python3 -c '
import random
r = random.Random(5)
for i in range(3000): print("{\"i\":%d,\"x\":\"%s\"}" % (i, "y" * r.choice([0, 1, 10, 300])))' >many.ndjson
gzip -c many.ndjson >manyz.ndjson.gz
python3 -c '
import json
json.dump([json.loads(l) for l in open("many.ndjson")], open("many.json", "w"))'
for n in 1 2 7; do
	for f in many.ndjson manyz.ndjson.gz many.json; do
		for i in $(seq $n); do sync-extract --plain --shard $i/$n $f; done | jq .i | sort -n >got
		seq 0 2999 | cmp -s - got || echo "$n $f" >>differ
	done
done
ok 'shards part files' test ! -e differ
for i in 1 2 3 4 5 6 7 8 9; do sync-extract --plain --shard $i/9 tiny.ndjson; done >got
is "$(cat got)" '{"a":1}' 'more shards than lines'
cat >shards.py <<'EOF'
# Random files in every form: the shards of any number, one after the other, are the whole.
import gzip, json, random, subprocess, sys
r = random.Random(int(sys.argv[1]))
def extract(*a, **k):
    p = subprocess.run(['sync-extract', '--plain', *a], capture_output=True, **k)
    assert p.returncode == 0, (a, p.stderr)
    return p.stdout
text = lambda: ''.join(r.choice(['a', 'ö', 'x' * 40, ' ']) for _ in range(r.choice([0, 1, 9])))
def ndjson():
    lines = [r.choice(['', ' ']) + json.dumps({'i': i, 't': text()}, ensure_ascii=False) for i in range(r.choice([0, 1, 3, 30]))]
    for _ in range(r.choice([0, 0, 5])): lines.insert(r.randint(0, len(lines)), r.choice(['', ' ', '\t']))
    out = r.choice(['', '', '\ufeff']) + ''.join(l + r.choice(['\n', '\n', '\r\n']) for l in lines)
    return 'a.ndjson', out[:-1] if out.endswith('}\n') and r.random() < .3 else out, []
def table():
    columns = r.randint(1, 3)
    cell = lambda: r.choice(['', '""', text(), '"%s\n%s"' % (text(), text()), '"\n\r\n,"', '"a""\n"'])
    rows = [','.join(['h%d' % i if r.random() < .8 else '"h\n%d"' % i for i in range(columns)])] + [','.join(cell() for _ in range(columns)) for _ in range(r.choice([0, 1, 3, 30]))]
    end = r.choice(['\n', '\r\n'])
    out = r.choice(['', '\ufeff']) + ''.join(row + end for row in rows)
    if columns > 1 and r.random() < .3: out = out[:-len(end)]
    return 'a.csv', out, r.choice([[], ['--header', ','.join('k%d' % i for i in range(columns))]])
def document():
    return 'a.json', json.dumps([{'i': i, 't': text()} for i in range(r.choice([0, 1, 3, 30]))], indent=r.choice([None, 1])), []
for n in range(int(sys.argv[2])):
    name, content, options = r.choice([ndjson, ndjson, table, table, document])()
    data = content.encode()
    if r.random() < .3: name += '.gz'; data = gzip.compress(data)
    open(name, 'wb').write(data)
    whole = extract(name, *options)
    N = r.choice([1, 2, 3, 5, 11, 50])
    parts = [extract(name, *options, '--shard', '%d/%d' % (i + 1, N)) for i in range(N)]
    got, want = b''.join(parts), whole
    if name.endswith('.gz') or name.startswith('a.json'): got, want = sorted(got.splitlines()), sorted(want.splitlines())
    elif whole and not whole.endswith(b'\n'): want += b'\n'
    assert got == want, (name, content, N, parts, whole)
EOF
ok 'shards of random files are the whole' python3 shards.py 1 60
run sync-extract --shard 1/2 many.ndjson
is "$(head -n 1 out | jq -r ._sync.scope)" part 'a shard is a part'

# ---- saved streams
sync-extract many.ndjson >saved.ndjson
cp saved.ndjson cmp.ndjson
run sync-extract saved.ndjson
ok 'a saved stream passes as it is' cmp out cmp.ndjson
gzip -c saved.ndjson >savedz.ndjson.gz
run sync-extract savedz.ndjson.gz
ok 'packed too' cmp out cmp.ndjson
run sh -c 'cat saved.ndjson | sync-extract -'
ok 'from a pipe too' cmp out cmp.ndjson
head -n 100 saved.ndjson >cut.ndjson
run sync-extract cut.ndjson
status_is 3 'a truncated one is noticed'
run sync-extract saved.ndjson --state st.json
status_is 2 '--state has no meaning for it'
run sync-extract d.ndjson saved.ndjson tiny.ndjson
is "$(jq -c 'select(._sync.op == "end")._sync.count' out)" '{"d":1}
{"many":3000}
{"tiny":1}' 'between others: sections one after the other'
status_is 0 'all well'

# ---- what is read is not written to
printf 'bad\n{"a":1}\n' >own.ndjson
cp own.ndjson own.was
run sync-extract own.ndjson --rejects own.ndjson
status_is 2 'rejects into the source'
err_has "'own.ndjson' is read, and --rejects would write to it" 'is said'
run sync-extract f --rejects f/a.ndjson
status_is 2 'or into a file of the folder'
run sync-extract own.ndjson --stats own.ndjson
status_is 2 'statistics into the source'
run sh -c 'sync-extract own.ndjson >>own.ndjson'
status_is 2 'the stream into the source'
run sh -c 'sync-extract - <own.ndjson >>own.ndjson'
status_is 2 'which is standard input'
ok 'and nothing was written' cmp own.ndjson own.was

# ---- output that cannot be written
if [ -e /dev/full ]; then
	run sh -c 'sync-extract many.ndjson >/dev/full'
	status_is 3 'a full disk is seen'
fi
run sh -c 'sync-extract many.ndjson --max-record 100'
status_is 3 'a line that is too long'
err_has '--max-record' 'says the bound'
finish
