#!/bin/sh
# extract-sqlite.t: SQLite through sync-extract, against Python's sqlite3.
. "${0%/*}/lib.sh"
[ -x "$BUILD/libexec/sync/sync-extract-sqlite" ] || { skip 1 'no SQLite here'; finish; }

sql() { python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1]); db.executescript(sys.argv[2]); db.commit()' "$@"; }
rows() { jq -c 'select(._sync.op|not)|del(._sync)' out; }

sql a.db "
create table team(id integer primary key, name text not null unique, founded int);
create table game(home integer not null references team(id), away integer references team, day date, price decimal(9,2), played boolean,
                  primary key(home, away, day)) without rowid;
create table notes(game_home int, game_away int, game_day date, photo blob, note,
                   foreign key(game_home, game_away, game_day) references game(home, away, day) on delete cascade);
create view big as select name, founded from team where founded > 1900;
create table _sync_state(job text primary key, generation integer, state text);
insert into team values(1,'FC Köln',1948),(2,'Ajax \"A\"',1900);
insert into game values(1,2,'2024-01-02',12.5,1);
insert into notes values(1,2,'2024-01-02',x'00ff10',null);"

run sync-extract a.db
status_is 0 'all tables'
is "$(tail -n 1 out | jq -c ._sync.count)" '{"team":2,"game":1,"notes":1}' 'but for our own and the views'
is "$(rows)" '{"id":1,"name":"FC Köln","founded":1948}
{"id":2,"name":"Ajax \"A\"","founded":1900}
{"home":1,"away":2,"day":"2024-01-02","price":12.5,"played":true}
{"game_home":1,"game_away":2,"game_day":"2024-01-02","photo":"AP8Q","note":null}' 'rows'
is "$(head -n 1 out | jq -c '._sync|[.scope,.source]')" '["full",["sqlite:a.db"]]' 'as of one moment, in full'
schema() { jq -c "select(._sync.op == \"schema\" and ._sync.stream == \"$1\")._sync|$2" out; }
is "$(schema team '[.key,.schema.required,.schema.properties.name,.schema.properties.founded,.schema["x-absent"]]')" \
	'[["id"],["id","name"],{"type":"string","x-type":"sqlite:TEXT"},{"type":["integer","null"],"x-type":"sqlite:INT"},null]' 'keys, types, not null'
is "$(schema game '[.key,.schema.properties.price.type,.schema.properties.played.type,.schema.properties.day.type]')" \
	'[["home","away","day"],["number","null"],["boolean","null"],["string","number"]]' 'of a table without rowids'
is "$(schema game '.schema["x-references"]')" '[{"in":"team","fields":["home"],"key":["id"]},{"in":"team","fields":["away"]}]' 'foreign keys'
is "$(schema notes '[.key,.schema["x-references"],.schema.properties.photo,.schema.properties.note]')" \
	'[null,[{"in":"game","fields":["game_home","game_away","game_day"],"key":["home","away","day"]}],{"type":["string","null"],"contentEncoding":"base64","x-type":"sqlite:BLOB"},{"x-type":"sqlite:"}]' \
	'of several columns; blobs; no type'

run sync-extract a.db big --plain
out_is '{"name":"FC Köln","founded":1948}' 'a view by its name'
run sync-extract a.db TEAM
is "$(tail -n 1 out | jq -c ._sync.count)" '{"team":2}' 'names as SQLite compares them'
run sync-extract a.db#team --stream clubs
is "$(tail -n 1 out | jq -c ._sync.count)" '{"clubs":2}' 'one table under another name'
run sync-extract a.db --stream x
status_is 2 'several under one name'
run sync-extract a.db nosuch
status_is 3 'no such table'
err_has "no table or view 'nosuch' in 'a.db'" 'is said'
run sync-extract a.db team team
status_is 2 'a table named twice'
run sync-extract nosuch.db
status_is 3 'no such file'
ok 'and none is made' test ! -e nosuch.db
echo 'no database, whatever it may be, but long enough to be one in its first hundred bytes, so that SQLite has to look' >x.db
run sync-extract x.db
status_is 3 'no database'
err_has "'x.db'" 'is said'
run sync-extract "sqlite://$T/a.db?mode=ro" team --plain
is "$(wc -l <out)" 2 'an address'
cp a.db 'a b.db'
run sync-extract "sqlite://$T/a%20b.db" team --plain
is "$(wc -l <out)" 2 'with escapes'
run sync-extract sqlite://a.db
status_is 2 'one that is none'

# ---- queries
run sync-extract a.db --query 'select 1 as a; select 2 as a' --stream q --plain
status_is 2 'one statement, not two'
run sync-extract a.db --query 'select home, count(*) as games from game group by home;' --stream q --plain
out_is '{"home":1,"games":1}' 'a query'
run sync-extract a.db --query 'select 1 as a, 2 as a' --stream q
status_is 2 'two columns of one name'
run sync-extract a.db --query 'delete from game' --stream q
status_is 2 'no query'
run sync-extract a.db --query 'selec' --stream q
status_is 2 'no SQL'
run sync-extract a.db --query 'select 1'
status_is 2 'a query without a name'
run sync-extract a.db --query 'select nosuch from team' --stream q
status_is 2 'no such column'
run sync-extract a.db --query 'select "nosuch" from team' --stream q
status_is 2 'a name in double quotes is no text'

run sync-extract a.db --query 'select id, name from team -- by id' --stream q --plain --cursor id --shard 1/1
is "$(jq -c .id out)" '1
2' 'with a cursor, in its order'
run sync-extract a.db --stats stats.json
is "$(jq -c '.records' stats.json)" '{"read":4,"written":4}' '--stats'

# ---- values: everything that SQLite can hold, against Python, and into another database and back
cat >values.py <<'EOF'
import base64, json, math, random, sqlite3, struct, subprocess, sys
r = random.Random(3)
db = sqlite3.connect('v.db')
db.execute('create table "t ""]x"(id integer primary key, i int, n numeric, r real, t text, b blob, z, d datetime, bo boolean, "_sync" text, '
           'g int as (id * 2), "a\'b\n" text)')
def any_value():
    k = r.randrange(6)
    if k == 0: return None
    if k == 1: return r.choice([0, 1, -1, 2**63 - 1, -2**63, r.getrandbits(40)])
    if k == 2: return r.choice([0.1, 1e300, 5e-324, -0.0, 1.0, 1e15, 1e16, 123456789.25, math.inf, -math.inf, struct.unpack('d', struct.pack('Q', r.getrandbits(62)))[0]])
    if k == 3: return ''.join(r.choice('aö€😀"\\\n\t\x00\x1f\u2028 ') for _ in range(r.choice([0, 1, 7, 40])))
    if k == 4: return r.choice(['NaN', 'Infinity', '-Infinity', '1', '1.0', ' 1', '1e5', '007', 'true', '0x10', 'AAA='])
    return bytes(r.randrange(256) for _ in range(r.choice([0, 1, 2, 3, 50])))
for i in range(800):
    db.execute('insert into "t ""]x"(i, n, r, t, b, z, d, bo, _sync, "a\'b\n") values(?,?,?,?,?,?,?,?,?,?)', [any_value() for _ in range(10)])
db.commit()
names = ['id', 'i', 'n', 'r', 't', 'b', 'z', 'd', 'bo', '__sync', 'g', "a'b\n"]
out = subprocess.run(['sync-extract', 'v.db', '--plain'], capture_output=True, check=True).stdout.decode()
lines = out.split('\n')[:-1]
def want(v, name):
    numeric = name in ('id', 'i', 'n', 'r', 'g')
    if isinstance(v, bytes):
        e = base64.b64encode(v).decode()
        return e if name == 'b' else {'$binary': {'base64': e, 'subType': '00'}}
    if isinstance(v, float) and math.isinf(v):
        s = 'Infinity' if v > 0 else '-Infinity'
        return s if numeric else {'$numberDouble': s}
    if isinstance(v, str) and (name == 'b' or (numeric and v in ('NaN', 'Infinity', '-Infinity'))): return {'$symbol': v}
    if name == 'bo' and isinstance(v, int) and v in (0, 1): return bool(v)
    return v
n = 0
for line, row in zip(lines, db.execute('select * from "t ""]x"')):
    got = json.loads(line)
    assert list(got) == names, list(got)
    for name, v in zip(names, row):
        w = want(v, name)
        assert got[name] == w and type(got[name]) == type(w), (name, v, got[name])
        if isinstance(v, float) and not math.isinf(v): assert math.copysign(1, got[name]) == math.copysign(1, v)
    n += 1
assert n == len(lines) == 800
# into another database and back: every value and its type
subprocess.run('sync-extract v.db | sync-load w.db', shell=True, check=True)
cols = ', '.join('"%s", typeof("%s")' % (c, c) for c in ('i', 'n', 'r', 't', 'b', 'z', 'd', 'bo', '_sync', "a'b\n"))
a = list(db.execute('select %s from "t ""]x" order by id' % cols))
b = list(sqlite3.connect('w.db').execute('select %s from "t ""]x" order by id' % cols))
for x, y in zip(a, b): assert x == y, [(p, q) for p, q in zip(x, y) if p != q]
assert len(b) == 800
EOF
ok 'every value as Python sees it, and there and back' python3 values.py

python3 - <<'EOF'
import sqlite3
db = sqlite3.connect('u.db')
db.execute('create table t(id integer primary key, x text)')
db.execute("insert into t values(1, 'a'), (2, cast(x'61ff62' as text)), (3, 'c')")
db.execute('create table long(x text)')
db.execute('insert into long values(?)', ('y' * 1000,))
db.commit()
EOF
run sync-extract u.db t
status_is 3 'text that is no UTF-8'
err_has '/x: t: text that is no UTF-8' 'is named'
run sync-extract u.db t --plain --rejects rej
status_is 1 'or set aside'
out_is '{"id":1,"x":"a"}
{"id":3,"x":"c"}' 'without the others'
is "$(jq -c '[._sync.error.code,.id,.x]' rej)" '["bad-utf8",2,{"$binary":{"base64":"Yf9i","subType":"00"}}]' 'with its bytes'
run sync-extract u.db long --max-record 500
status_is 3 'a row that is too long'

# ---- a table that a loader made remembers what its columns were
cat >m.ndjson <<'EOF'
{"_sync":{"op":"begin","format":1,"run":"x","scope":"full"}}
{"_sync":{"op":"schema","stream":"m","key":["id"],"schema":{"type":"object","properties":{"id":{"type":"integer"},"tags":{"type":["array","null"]},"o":{"type":"object"},"b":{"type":"boolean"},"when":{"type":"string","format":"date-time"},"u":{"type":["string","null"],"x-type":"untyped"},"__sync":{"type":"string"}}}}}
{"id":1,"tags":["a",{"b":1.10}],"o":{"$symbol":"x"},"b":true,"when":"2020-01-01T00:00:00Z","u":"007","__sync":"s"}
{"_sync":{"op":"end","count":{"m":1}}}
EOF
ok 'a table made from a schema' sh -c 'sync-load m.db <m.ndjson'
run sync-extract m.db --plain
is "$(cat out)" "$(sed -n 3p m.ndjson)" 'gives what was put in'
run sync-extract m.db
is "$(schema m '.schema.properties.u["x-type"],.schema.properties.when.format')" '"untyped"
"date-time"' 'as it was declared'

# ---- shards: each row in exactly one, whatever was written between them
python3 - <<'EOF'
import sqlite3
db = sqlite3.connect('s.db')
db.execute('create table r(id integer primary key, x)')
db.execute('create table w(a text, b int, primary key(a, b)) without rowid')
db.execute('create table k(a)')
ids = list(range(-9000, 30000, 7)) + [2**63 - 1, -2**63, 2**62, 10**12]
db.executemany('insert into r values(?, 1)', [(i,) for i in ids])
db.executemany('insert into w values(?, ?)', [(str(i), i) for i in range(3000)])
db.executemany('insert into k values(?)', [(i % 10,) for i in range(3000)])
db.execute('create view v as select a, count(*) n from k group by a')
db.commit()
EOF
for n in 1 2 5; do
	for t in r w k v; do
		: >parts
		for i in $(seq $n); do sync-extract --plain s.db $t --shard $i/$n >>parts; done
		sync-extract --plain s.db $t | sort >whole
		sort parts | cmp -s - whole || echo "$n $t" >>differ
	done
done
ok 'shards part tables, with rowids and without, and views' test ! -e differ

# ---- deltas by a cursor
cat >delta.py <<'EOF'
# A model against deltas: rows come, change, and share their cursor's value; after every run the copy equals the table.
import json, random, sqlite3, subprocess, sys, os
seed = int(sys.argv[1])
r = random.Random(seed)
for f in ('d.db', 'd.json', 'd.json.lock', 'copy.ndjson'):
    if os.path.exists(f): os.remove(f)
db = sqlite3.connect('d.db')
kind = ['updated text', 'updated int', 'updated real'][seed % 3]
key = ['id integer primary key, x int, ' + kind, 'id int, x int, ' + kind + ', primary key(id)'][seed % 2]
db.execute('create table t(%s)%s' % (key, ' without rowid' if seed % 4 == 1 else ''))
now, copy, seen = 0, {}, 0
value = lambda n: ['%09d' % n, n, n / 4][seed % 3]
for step in range(25):
    n = r.choice([0, 1, 3, 10] + ([700] if step == 3 else []))
    for _ in range(n):
        if r.random() < (.02 if n == 700 else .4): now += r.choice([0, 1, 2])
        db.execute('insert or replace into t(id, x, updated) values(?, ?, ?)', (r.randrange(2000), r.random() * 100 // 1, value(now)))
    db.commit()
    before = dict(copy)
    p = subprocess.run(['sync-extract', 'd.db', 't', '--cursor', 'updated', '--state', 'd.json'], capture_output=True)
    assert p.returncode == 0, p.stderr
    rows = 0
    for line in p.stdout.decode().splitlines():
        rec = json.loads(line)
        if rec.get('_sync', {}).get('op'): continue
        if '_sync' in rec: del rec['_sync']
        assert before.get(rec['id']) != rec or n == 0 or seen > 500, ('a row came twice', rec)
        copy[rec['id']] = rec
        rows += 1
    want = {i: {'id': i, 'x': x, 'updated': u} for i, x, u in db.execute('select id, x, updated from t')}
    assert copy == want, (step, [k for k in want if copy.get(k) != want[k]])
    seen = max([c for (c,) in db.execute('select count(*) from t group by updated')] + [0])
    q = subprocess.run(['sync-load', 'copy.ndjson', '--mode', 'append', '--state', 'd.json'], input=p.stdout, capture_output=True)
    assert q.returncode == 0, q.stderr
    p = subprocess.run(['sync-extract', 'd.db', 't', '--cursor', 'updated', '--state', 'd.json', '--plain'], capture_output=True)
    assert p.returncode == 0 and p.stdout == b'', (p.stdout[:300], p.stderr)
EOF
for i in 0 1 2 3 4 5; do ok "deltas by cursor neither skip nor repeat, seed $i" python3 delta.py $i; done

run sync-extract d.db --state d2.json
status_is 2 'a state wants a cursor'
run sync-extract d.db --follow
status_is 2 'so does following'
run sync-extract d.db --cursor nosuch
status_is 2 'a cursor that is no column'
sql c.db "create table t(a, c); insert into t values(1, 5), (2, null), (3, x'00')"
run sync-extract c.db --cursor c
status_is 3 'a blob as cursor'
sql n.db "create table t(id integer primary key, c); insert into t values(1, null), (2, 5)"
sync-extract n.db t --cursor c --state n.json >out
sync-load n.ndjson --mode append --state n.json <out
is "$(jq -c 'select(.id).id' out | tr '\n' ' ')" '1 2 ' 'a null cursor comes first'
sql n.db "insert into t values(3, null), (4, 6)"
run sync-extract n.db t --cursor c --state n.json --plain
out_is '{"id":4,"c":6}' 'and not again'
err_has "2 rows of 't' have no 'c'" 'with a warning'
run sync-extract s.db r --cursor rowid --state r.json
sync-load r.ndjson --mode append --state r.json <out
run sync-extract s.db r --cursor rowid --state r.json --plain
out_is '' 'rows by their number'
run sync-extract s.db w --cursor rowid
status_is 2 'where there are such'
run sync-extract s.db r --cursor x --state r.json
status_is 2 'another selection is refused'
cp s.db s2.db
run sync-extract s2.db r --cursor rowid --state r.json
status_is 2 'another database too'
err_has "belongs to another source" 'with a word'
run sync-extract s2.db r --cursor rowid --state r.json --reset
is "$(head -n 1 out | jq -r ._sync.scope)" full 'unless --reset'

# ---- one moment, locks
cat >moment.py <<'EOF'
# While sync-extract reads, another connection commits: none of it may be seen.
import sqlite3, subprocess, sys, os
if os.path.exists('mo.db'): os.remove('mo.db')
db = sqlite3.connect('mo.db')
db.execute('pragma journal_mode = wal')
db.execute('create table a(x)'); db.execute('create table b(x)')
db.executemany('insert into a values(?)', [('y' * 400,) for _ in range(20000)])
db.commit()
p = subprocess.Popen(['sync-extract', 'mo.db'], stdout=subprocess.PIPE)
p.stdout.readline(); p.stdout.readline(); p.stdout.readline()     # it reads the first table now, and waits for us
db.execute('insert into a values(1)'); db.execute('insert into b values(1)'); db.commit()
rest = p.stdout.read().decode()
assert p.wait() == 0 and '"count":{"a":20000}' in rest.splitlines()[-1], rest[-200:]
EOF
ok 'a run sees one moment' python3 moment.py
cat >locked.py <<'EOF'
import sqlite3, subprocess, sys, time
db = sqlite3.connect('lock.db', isolation_level=None)
db.execute('create table if not exists a(x)')
db.execute('begin exclusive')
t = time.monotonic()
p = subprocess.run(['sync-extract', 'lock.db', '--lock-timeout', '0.3'], capture_output=True)
assert p.returncode == 75 and b'--lock-timeout' in p.stderr, (p.returncode, p.stderr)
assert .2 < time.monotonic() - t < 10
p = subprocess.Popen(['sync-extract', 'lock.db'], stdout=subprocess.PIPE)
time.sleep(.2)
db.execute('commit')
assert p.wait() == 0
EOF
ok 'a lock is waited for, and 75 when it lasts' python3 locked.py
cat >hot.py <<'EOF'
# A writer killed in the middle of a transaction leaves a journal that must be rolled back before anything is read.
import os, shutil, sqlite3, subprocess
db = sqlite3.connect('h0.db', isolation_level=None)
db.execute('create table a(x)')
db.executemany('insert into a values(?)', [('old' * 100,) for _ in range(3000)])
db.execute('pragma cache_size = 5')
db.execute('begin')
db.execute("update a set x = 'new'")
shutil.copy('h0.db', 'hot.db'); shutil.copy('h0.db-journal', 'hot.db-journal')
db.execute('rollback')
p = subprocess.run(['sync-extract', 'hot.db', '--plain'], capture_output=True)
assert p.returncode == 0, p.stderr
assert p.stdout.count(b'oldold') // 50 == 3000 and b'new' not in p.stdout
EOF
ok 'what a killed writer left is rolled back' python3 hot.py

# ---- followed
sql f.db 'create table t(id integer primary key, x)'
sync-extract f.db t --cursor id --follow >fout 2>ferr &
pid=$!
seen() { grep -q -e "$1" fout; }
ok 'follow: it is there' until_true 10 seen '"op":"schema"'
sql f.db "insert into t values(1, 'one')"
ok 'follow: a row that comes' until_true 10 seen '"one"'
sql f.db "insert into t values(2, 'two')"
ok 'follow: and another' until_true 10 seen '"two"'
kill -TERM "$pid"
wait "$pid" 2>/dev/null
is "$?" 143 'follow: ends by the signal'
is "$(tail -n 1 fout | jq -c ._sync)" '{"op":"end","count":{"t":2}}' 'follow: its stream ends well'
is "$(jq -c 'select(._sync.op == "checkpoint")._sync.state.value' fout | tail -n 1)" '"2"' 'follow: with a checkpoint'

# ---- a state that is kept in a database
printf '{"id":1}\n' >st.ndjson
ok 'a file read with its state in a database' sh -c 'sync-extract st.ndjson --state st.db >st.out && sync-load st.db t --key id --state st.db <st.out'
printf '{"id":2}\n' >>st.ndjson
run sync-extract st.ndjson --state st.db --plain
out_is '{"id":2}' 'goes on from there'
finish
