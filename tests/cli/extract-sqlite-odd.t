#!/bin/sh
# extract-sqlite-odd.t: what SQLite files hold that is out of the ordinary: names, virtual tables, queries, journals, replaced files.
. "${0%/*}/lib.sh"
[ -x "$BUILD/libexec/sync/sync-extract-sqlite" ] || { skip 1 'no SQLite here'; finish; }

sql() { python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1]); db.executescript(sys.argv[2]); db.commit()' "$@"; }
plain() { run sync-extract --plain "$@"; }

# ---- names
sql n.db "
create table \"sel ect \"\"q\"\" #é/~\"(\"a b\" int primary key, \"x/y~z\" text, \"\" text, \"select\" int, \"_sync\" text, \"\"\"\" int);
insert into \"sel ect \"\"q\"\" #é/~\" values(1, cast(x'ff' as text), 'e', 5, '6', 7), (2, 'ok', null, null, cast(x'ff' as text), null);"
plain n.db 'sel ect "q" #é/~' --rejects rej
status_is 1 'names of any kind'
is "$(jq -c '[._sync.error.path, ."x/y~z", .__sync, ."a b", ."\""]' rej)" \
	'["/x~1y~0z",{"$binary":{"base64":"/w==","subType":"00"}},"6",1,7]
["/__sync","ok",{"$binary":{"base64":"/w==","subType":"00"}},2,null]' 'a reject names its field as the record has it, by JSON Pointer'
sql n.db 'create table "ü b/?"(a); insert into "ü b/?" values(1)'
plain 'n.db#ü b/?'
out_is '{"a":1}' 'as a fragment'

# ---- what is no ordinary table
if python3 -c "import sqlite3; sqlite3.connect(':memory:').execute('create virtual table f using fts5(a)')" 2>/dev/null; then
	sql v.db "
create virtual table f using fts5(title, body);
insert into f values('one', 'more words');
create table t(id integer primary key);"
	run sync-extract v.db
	is "$(tail -n 1 out | jq -c ._sync.count)" '{"f":1}' 'a virtual table, without what it is stored in'
	plain v.db f
	out_is '{"title":"one","body":"more words"}' 'and without its hidden columns'
fi
sql g.db "create table g(a int, b int as (a + 1) stored, c text generated always as (a || 'x') virtual); insert into g(a) values (1)"
run sync-extract g.db
is "$(jq -c 'select(.a)' out)" '{"a":1,"b":2,"c":"1x"}' 'generated columns, stored or not'
is "$(sed -n 2p out | jq -c '._sync.schema.properties | map_values(.readOnly)')" '{"a":null,"b":true,"c":true}' 'declared so'
sql b.db 'create view bad as select * from nosuch; create table t(a)'
run sync-extract b.db
status_is 0 'a broken view that nobody names'
run sync-extract b.db bad
status_is 3 'or somebody does'

# ---- queries
sql q.db 'create table t(id integer primary key, x); insert into t values(1, 5), (2, 7), (3, 6)'
query() { run sync-extract --plain q.db --stream q --query "$@"; }
query 'select id from t order by x desc'
is "$(jq -c .id out | tr '\n' ' ')" '2 3 1 ' 'a query in its order'
query 'select id from t where x > 5 limit 1; -- the first'
out_is '{"id":2}' 'a comment behind it'
query 'with big as (select id from t where x > 5) select count(*) as n from big'
out_is '{"n":2}' 'WITH'
query 'values (1, 2)'
out_is '{"column1":1,"column2":2}' 'VALUES'
for bad in 'select id from t where id > ?1' 'select :id as id' 'pragma table_info(t)' 'explain select 1' '' ' ; ' 'select 1 as a; select 2 as a' \
	'insert into t values(9, 9) returning id' "attach 'z.db' as z" 'select 1 as a) -- '; do
	query "$bad"
	status_is 2 "no query: $bad"
done
is "$(sqlite3 q.db 'select count(*) from t' 2>/dev/null || echo 3)" 3 'and nothing was changed'
run sync-extract q.db --stream q --query 'select id, x from t' --cursor id --state q.json
is "$(jq -c 'select(._sync.op|not).id' out | tr '\n' ' ')" '1 2 3 ' 'with a cursor'
sync-load q.ndjson --mode append --state q.json <out
sql q.db 'insert into t values(4, 1)'
run sync-extract --plain q.db --stream q --query 'select id, x from t' --cursor id --state q.json
out_is '{"id":4,"x":1}' 'and a state'
run sync-extract q.db --stream q --query 'select id, x from t where x' --cursor id --state q.json
status_is 2 'which another query is not for'

# ---- cursors
sql c.db "create table t(c text, n int); insert into t values('a' || char(0) || 'b', 1), ('', 2)"
run sync-extract c.db t --cursor c --state c.json
ok 'a NUL in a cursor: the loader takes the checkpoint' sync-load c.ndjson --mode append --state c.json <out
sql c.db "insert into t values('a' || char(0) || 'a', 3), ('a' || char(0) || 'c', 4), ('a' || char(0) || 'b', 5)"
plain c.db t --cursor c --state c.json
is "$(jq -c .n out | tr '\n' ' ')" '5 4 ' 'and the next run goes on from there'

cat >mixed.py <<'END'
# Values of every kind under a cursor of every declaration, in SQLite's order: each row comes once.
import json, random, sqlite3, subprocess, sys, os
seed=int(sys.argv[1]); r=random.Random(seed)
decl=['c','c int','c text','c text collate nocase','c real','c numeric','c datetime'][seed%7]
for f in ('mixed.db','mixed.json','mixed.json.lock','mixed.ndjson'):
    if os.path.exists(f): os.remove(f)
db=sqlite3.connect('mixed.db'); db.execute('create table t(id integer primary key, %s)'%decl); db.execute('create table vals(%s)'%decl)
pool=[-2**63,-5,0,1,2,2**53,2**53+1,2**63-1,-1.5,0.0,0.1,0.25,1e300,9007199254740993.0,'','a','A','b','B','é','É','😀','10','9','1.0',' x','a\0','2026-01-01']
for v in pool: db.execute('insert into vals values(?)',(v,))
vals=[v for (v,) in db.execute('select distinct c collate binary as c from vals order by c collate binary')]
db.commit()
at=0; copy=[]
for step in range(30):
    for _ in range(r.choice([0,1,4])):
        if r.random()<.5: at=min(at+1,len(vals)-1)
        db.execute('insert into t(c) values(?)',(None if step==0 and r.random()<.3 else vals[at],))
    db.commit()
    p=subprocess.run(['sync-extract','mixed.db','t','--cursor','c','--state','mixed.json'],capture_output=True)
    assert p.returncode==0,p.stderr
    for l in p.stdout.decode().splitlines():
        x=json.loads(l)
        if 'id' in x: copy.append(x['id'])
    want=[i for (i,) in db.execute('select id from t')]
    assert sorted(copy)==want,(decl,step,len(copy),len(want),vals[at], set(want)^set(copy))
    q=subprocess.run(['sync-load','mixed.ndjson','--mode','append','--state','mixed.json'],input=p.stdout,capture_output=True)
    assert q.returncode==0,(q.stderr, p.stdout)
END
for seed in 0 1 2 3 4 5 6; do ok "a cursor over mixed values, seed $seed" python3 mixed.py $seed; done

# ---- nested values that somebody wrote in several lines
cat >m.ndjson <<'END'
{"_sync":{"op":"begin","format":1,"run":"x","scope":"full"}}
{"_sync":{"op":"schema","stream":"m","key":["id"],"schema":{"type":"object","properties":{"id":{"type":"integer"},"o":{"type":["object","null"]},"x":{"type":["number","null"]}}}}}
{"id":1,"o":{"a":1.10},"x":"NaN"}
{"id":2,"o":null,"x":1.5}
{"id":3,"o":{},"x":"-Infinity"}
{"_sync":{"op":"end","count":{"m":3}}}
END
sync-load m.db <m.ndjson
plain m.db
is "$(cat out)" "$(sed -n 3,5p m.ndjson)" 'nested values and numbers that SQLite lacks come back'
sql m.db "update m set o = '{\"a\":
  [1.5, \"x\"]}' where id = 1; update m set o = 'no JSON' where id = 2; update m set o = '3' where id = 3"
plain m.db
is "$(jq -c .o out)" '{"a":[1.5,"x"]}
"no JSON"
"3"' 'nested values in several lines are nested values; other text is text'

# ---- journals
cat >journal.py <<'END'
# A database in WAL mode in a folder where nothing may be written, read by a user who may not go where the programs are.
import os, shutil, sqlite3, subprocess, sys
os.makedirs('prog/bin'); os.makedirs('prog/libexec/sync')
for name in ('bin/sync-extract', 'libexec/sync/sync-extract-sqlite'):
    shutil.copy(os.environ['BUILD'] + '/' + name, 'prog/' + name)
os.mkdir('ro')
db = sqlite3.connect('ro/w.db'); db.execute('pragma journal_mode = wal'); db.execute('create table t(a)'); db.execute('insert into t values(1)')
db.commit(); db.close()
os.chmod('ro/w.db', 0o444); os.chmod('ro', 0o555)
def run(operand):
    def drop():
        if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)
    return subprocess.run([os.getcwd() + '/prog/bin/sync-extract', '--plain', operand], preexec_fn=drop, capture_output=True)
os.chmod('.', 0o755)
p = run('ro/w.db')
assert p.returncode == 3 and b'immutable=1' in p.stderr, (p.returncode, p.stderr)
p = run('sqlite://%s/ro/w.db?immutable=1' % os.getcwd())
assert p.returncode == 0 and p.stdout == b'{"a":1}\n', (p.returncode, p.stdout, p.stderr)
os.chmod('ro', 0o755)
END
ok 'WAL mode where nothing may be written' python3 journal.py
cat >damage.py <<'END'
import os, sqlite3, subprocess
db = sqlite3.connect('d.db'); db.execute('create table t(a)'); db.executemany('insert into t values(?)', [('x' * 500,) for _ in range(2000)]); db.commit(); db.close()
good = open('d.db', 'rb').read()
for data in (good[:4096 * 50] + b'\xaa' * 40960 + good[4096 * 60:], good[:4096], good[:5000]):
    open('d.db', 'wb').write(data)
    p = subprocess.run(['sync-extract', 'd.db'], capture_output=True)
    assert p.returncode == 3 and b'malformed' in p.stderr and b'"status":3' in p.stdout.splitlines()[-1], (p.returncode, p.stderr)
END
ok 'a damaged database' python3 damage.py
: >e.db
run sync-extract e.db
status_is 0 'an empty file is an empty database'

# ---- a followed file that becomes another
sql f.db 'create table t(id integer primary key); insert into t values(1)'
sql f2.db 'create table t(id integer primary key); insert into t values(1), (2)'
sync-extract f.db t --cursor id --follow >fout 2>ferr &
pid=$!
seen() { grep -q -e "$1" fout; }
ok 'follow: it is there' until_true 10 seen '"id":1}'
mv f2.db f.db
ok 'follow: replaced, it ends' until_true 10 seen '"op":"end"'
seen '"op":"end"' || kill -KILL "$pid"
wait "$pid" 2>/dev/null
is "$?" 3 'with status 3'
ok 'and says why' grep -q "'f.db' is another file" ferr
finish
