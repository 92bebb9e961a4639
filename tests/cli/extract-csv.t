#!/bin/sh
# extract-csv.t: CSV and TSV through sync-extract, against Python's csv and json.
. "${0%/*}/lib.sh"

plain() { run sync-extract --plain "$@"; }

printf 'id,name\n1,a\n2,\n3,""\n' >a.csv
plain a.csv
out_is '{"id":"1","name":"a"}
{"id":"2","name":null}
{"id":"3","name":""}' 'an empty cell is null, a quoted one ""'
status_is 0 'and all is well'
silent 'and silent'

run sync-extract a.csv
out_has '"op":"schema","stream":"a","schema":\{"type":"object","x-absent":null,"properties":\{"id":\{"type":\["string","null"\],"x-type":"untyped"\}' 'columns are declared untyped'
out_has '"op":"end","count":\{"a":3\}' 'rows are counted'

printf '\357\273\277n;t\r\n007;"x\r\ny ""z"""\r\n 8 ;\\\t\303\266\r\n' >b.csv
plain b.csv -d ';'
out_is '{"n":"007","t":"x\r\ny \"z\""}
{"n":" 8 ","t":"\\\tö"}' 'byte order mark, CR LF, quoted line breaks, nothing trimmed, zeros kept'

printf 'a\n1\n\n2' >one.csv
plain one.csv
out_is '{"a":"1"}
{"a":null}
{"a":"2"}' 'an empty line is a row of one empty cell; the last line needs no line feed'

printf 'x y\t"q"\n1\t2\n' >t.tsv
plain t.tsv
out_is '{"x y":"1","q":"2"}' 'TSV'
plain t.tsv --quote ''
out_is '{"x y":"1","\"q\"":"2"}' 'no quotes'
printf "'a,b',c\n'it''s',\"\n" >q.csv
plain q.csv --quote "'"
out_is '{"a,b":"it'"'"'s","c":"\""}' 'another quote'

printf '1,2\n3,4\n' >nohead.csv
plain nohead.csv --header a,b
out_is '{"a":"1","b":"2"}
{"a":"3","b":"4"}' 'given names'
run sync-extract nohead.csv --header a,a
status_is 2 'given twice'

printf '_sync,__sync\n1,2\n' >r.csv
plain r.csv
out_is '{"__sync":"1","___sync":"2"}' 'reserved names get an underscore'

: >empty.csv
run sync-extract empty.csv
status_is 0 'an empty file is an empty source'
out_has '"scope":"full"' 'of full scope'
printf 'a,b\n' >head.csv
plain head.csv
out_is '' 'a header without rows'

printf '\357\273\2771,2\n' >mark.csv
plain mark.csv --header a,b
out_is '{"a":"1","b":"2"}' 'a byte order mark before rows'

# ---- damage
printf 'a,b\n1,2\n3\n4,5\n' >rag.csv
run sync-extract rag.csv
status_is 3 'a ragged row stops the run'
err_has "rag.csv:3: 1 cell where there are 2 columns" 'and is named by its line'
run sync-extract rag.csv --plain --rejects bad.ndjson
status_is 1 'or is set aside'
out_is '{"a":"1","b":"2"}
{"a":"4","b":"5"}' 'and the others go on'
is "$(jq -c '[._sync.raw, ._sync.error.code, ._sync.stream]' bad.ndjson)" '["3","ragged-row","rag"]' 'as it was written'

refused() {
	printf "$1" >d.csv
	run sync-extract d.csv --plain
	status_is 3 "$3"
	err_has "d.csv:$2" "$3, told"
}
refused 'a,a\n1,2\n' "1: two columns are called 'a'" 'one name twice'
refused 'a,b\n1,"x"y\n' "2: column 'b': text stands behind a closing quote" 'text behind a closing quote'
refused 'a,b\n"1\n\n2",3\n4,"5\n6\n' '5: the input ends inside a quoted cell' 'a quote that nothing closes'
refused 'a,b\n1,\377\n' "2: column 'b': text that is no UTF-8" 'no UTF-8'
refused 'a,b\n1,2\r3\n' '2: .*carriage return' 'a single carriage return'
refused 'a,b\n1,2\n\n' '3: 1 cell' 'an empty line among several columns'
refused '\377,b\n' '1: .*no UTF-8' 'a header that is no UTF-8'

python3 -c '
n = 400000
print(",".join("c%d" % i for i in range(n))); print(",".join("1" for i in range(n)))' >wide.csv
run timeout 60 sync-extract wide.csv
status_is 0 'very many columns, in no time to speak of'
ok 'all of them' python3 -c '
import json
row = json.loads(open("out").read().split("\n")[2])
assert row == {"c%d" % i: "1" for i in range(400000)}'
run sync-extract wide.csv --max-tokens 1000
status_is 3 'more than --max-tokens'
err_has 'wide.csv:1: more than 500 columns \(--max-tokens\)' 'says the bound'
printf '%s,c7\n' "$(head -n 1 wide.csv)" >twice.csv
run sync-extract twice.csv
err_has "two columns are called 'c7'" 'the last one called like another'

# ---- types
cat >schema.json <<'EOF'
{"type": "object",
 "properties": {"i": {"type": "integer"}, "n": {"type": ["number", "null"]}, "b": {"type": "boolean"}, "s": {"type": "string"},
                "j": {"type": "array"}}}
EOF
printf 'i,n,b,s,j,u\n007,1.10,true,1,"[1, 2]",3\n12345678901234567890123,NaN,False,,,\n-1,"1e5",TRUE,"",{},x\n' >ty.csv
plain ty.csv --schema schema.json
out_is '{"i":7,"n":1.10,"b":true,"s":"1","j":[1, 2],"u":"3"}
{"i":12345678901234567890123,"n":"NaN","b":false,"s":null,"j":null,"u":null}
{"i":-1,"n":1e5,"b":true,"s":"","j":{},"u":"x"}' 'a schema types cells, digits kept'
run sync-extract ty.csv --schema schema.json
out_has '"schema":\{"type": "object",  "properties": \{"i": \{"type": "integer"\}' 'and is declared'
for bad in 1.5,1,true,x, 1,x,true,x, 1,1,yes,x, '1,1,true,x,[' '"",1,true,x,' '0x1,,,,' '+1,,,,'; do
	printf 'i,n,b,s,j\n%s\n' "$bad" >ty.csv
	run sync-extract ty.csv --schema schema.json
	status_is 3 "$bad is refused"
	err_has 'ty.csv:2: column' 'by line and column'
done

# ---- streams
mkdir d
cp a.csv one.csv d
run sync-extract d
is "$(jq -c 'select(._sync.op|not)|[._sync.stream, .id // .a]' out)" '["a","1"]
["a","2"]
["a","3"]
["one","1"]
["one",null]
["one","2"]' 'a folder: a stream for each file'
plain d --stream all
is "$(jq -c ._sync out | sort -u)" null 'or one stream'
plain d --with-path
is "$(jq -r ._path out | uniq)" 'd/a.csv
d/one.csv' 'paths'
printf '_path\n1\n' >p.csv
run sync-extract p.csv --with-path
status_is 3 'a column called _path and --with-path'

# ---- random tables against Python
cat >tables.py <<'EOF'
import csv, io, json, random, subprocess, sys
r = random.Random(int(sys.argv[1]))
alphabet = ['a', 'ö', '€', '😀', '"', ',', '\n', '\r\n', '\\', '\t', ' ', '\x01', '0', 'x' * 17, 'y' * 40, "'"]
for round in range(60):
    columns, delimiter, end = r.randint(1, 9), r.choice(',;\t|'), r.choice(['\n', '\r\n'])
    def cell():
        return None if r.random() < .2 else ''.join(r.choice(alphabet) for _ in range(r.choice([0, 1, 3, 8, 30])))
    names = ['%d%s' % (i, cell() or '') for i in range(columns)]
    rows = [[cell() for _ in names] for _ in range(r.randint(0, 40))]
    def quoted(c, name=False):
        if c is None: return ''
        if c == '' or r.random() < .2 or any(x in c for x in '"\r\n' + delimiter): return '"' + c.replace('"', '""') + '"'
        return c
    text = end.join([delimiter.join(quoted(c) for c in row) for row in [names] + rows]) + r.choice([end, end, ''] if columns > 1 else [end])
    open('r.csv', 'w', newline='', encoding='utf-8').write(text)
    p = subprocess.run(['sync-extract', '--plain', '-d', delimiter, 'r.csv'], capture_output=True)
    assert p.returncode == 0, (text, p.stderr)
    got = [json.loads(l) for l in p.stdout.decode().splitlines()] if False else [json.loads(l) for l in p.stdout.decode().split('\n')[:-1]]
    want = [dict(zip(names, row)) for row in rows]
    assert got == want, (text, got, want)
    read = list(csv.reader(io.StringIO(text, newline=''), delimiter=delimiter))
    assert [[c or '' for c in row] for row in rows] == [x if x else [''] for x in read[1:]], text
EOF
ok 'random tables are read as Python reads them' python3 tables.py 1
cat >odd.py <<'EOF'
# Random text as CSV, well formed or not, against Python's strict reader: the same rows, or refused by both.
import csv, io, json, random, subprocess, sys
r = random.Random(int(sys.argv[1]))
files, wants = [], []
N = int(sys.argv[2])
for n in range(N):
    delimiter, quote = r.choice([',', ';', '\t', '|', ' ']), r.choice(['"', '"', "'"])
    columns = r.randint(1, 4)
    parts = ['a', 'ö', quote, quote, quote * 2, delimiter, delimiter, '\n', '\n', '\r\n', ' ', quote + delimiter + quote, '"', "'", '\\']
    if n % 2:       # a table whose cells are odd
        cell = lambda: r.choice(['', quote * 2, 'x', quote + 'a' + delimiter + quote, quote + 'a\n' + quote, 'b' + quote, quote + quote * 2 + quote, ' ' + quote + 'a' + quote])
        text = ''.join(delimiter.join(cell() for _ in range(columns)) + r.choice(['\n', '\r\n']) for _ in range(r.randint(1, 12)))
        if r.random() < .2: text = text[:r.randrange(len(text)) + 1]
    else:
        text = ''.join(r.choice(parts) for _ in range(r.choice([1, 5, 30])))
    if text.endswith('\r'): text += '\n'
    header = ','.join('c%d' % i for i in range(columns))
    p = subprocess.run(['sync-extract', '--plain', '-', '--format', 'csv', '-d', delimiter, '--quote', quote, '--header', header, '--rejects', 'rej', '-q'],
                       input=text.encode(), capture_output=True)
    open('rej', 'a').close()
    bad = [json.loads(l)['_sync'] for l in open('rej')]; open('rej', 'w').close()
    got = [list(json.loads(l).values()) for l in p.stdout.decode().split('\n')[:-1]]
    # Python, row by row, so that a broken row is known by its own
    want, broken = [], False
    reader = csv.reader(io.StringIO(text, newline=''), delimiter=delimiter, quotechar=quote, strict=True)
    try:
        for row in reader: want.append(row)
    except csv.Error as e:
        broken = True
    if broken:
        assert p.returncode in (1, 3), (text, delimiter, quote, want, got)
        continue
    rows = [row or [''] for row in want]
    good = [row for row in rows if len(row) == columns]
    assert p.returncode == (1 if len(good) < len(rows) else 0), (text, p.returncode, p.stderr)
    assert [[c or '' for c in row] for row in got] == good, (text, delimiter, quote, got, good)
    assert len(bad) == len(rows) - len(good) and all(b['error']['code'] == 'ragged-row' for b in bad)
    # what was set aside is as it was written
    for b in bad: assert b['raw'] in text, (b, text)
EOF
ok 'odd texts are read as Python reads them, or refused where it refuses them' python3 odd.py 1 300
python3 - <<'EOF' >big.csv
print('a,b,c')
for i in range(200000): print('%d,"%s",%s' % (i, 'x' * (i % 60), 'y,z'.replace(',', '') * (i % 9)))
EOF
run sync-extract big.csv
is "$(tail -n 1 out | jq -c ._sync.count)" '{"big":200000}' 'many buffers full'
ok 'the same as Python reads' python3 -c '
import csv, json
rows = csv.DictReader(open("big.csv", newline=""))
for line in open("out"):
    r = json.loads(line)
    if "_sync" in r: continue
    w = next(rows)
    assert r == {k: v if v or k == "b" else None for k, v in w.items()}, (r, w)
'
for i in 1 2 3; do
	run sync-extract --plain big.csv --shard $i/3
	cp out shard.$i
done
sync-extract --plain big.csv >all
ok 'three shards make the whole' sh -c 'cat shard.1 shard.2 shard.3 | cmp - all'
finish
