#!/bin/sh
# load-sqlite.t: a stream into tables of SQLite: values kept, keys, constraints, what is refused.
. "${0%/*}/lib.sh"
sql() { sqlite3 "$@"; }
load() { printf '%b' "$1" >in; shift; run sh -c 'exec sync-load "$@" <in' - "$@"; }

# ---- where the database is
sql ro.db 'create table t(id integer primary key, a); insert into t values(1, 1)'
load '{"id":1,"a":2}\n' "sqlite://$T/ro.db?mode=ro" t
status_is 2 'an address that says mode=ro is not written to'
err_has 'mode=ro' 'which is said'
is "$(sql ro.db 'select a from t')" 1 'and the row is as it was'
load '{"id":1}\n' ./:memory:.db t --key id
status_is 0 'a name that SQLite would take for no file is a file'
load '{"id":1}\n' sqlite://"$T"/uri%20name.db t --key id
is "$(sql 'uri name.db' 'select id from t')" 1 'an address is decoded'
run sh -c 'printf "{\"id\":1}\n" | "$BUILD/libexec/sync/sync-load-sqlite" :memory: t --key id'
is "$(sql ./:memory: 'select id from t')" 1 ':memory: is a file here too'
load '{"id":1}\n' nosuch/a.db t --key id
status_is 3 'a folder that is not there fails'
err_has "nosuch/a.db" 'by name'
echo 'this is no database, but long enough for its head to be looked at by any reader of such files, is it not' >no.db
load '{"id":1}\n' no.db t --key id
status_is 3 'a file of another kind is refused'
load '{"id":1}\n' dry.db t --key id --dry-run
status_is 0 'a dry run on a database that is not there'
is "$(ls dry.db* 2>/dev/null)" '' 'makes none'
out_has '"op":"insert"' 'and says what it would do'

# ---- names
sql names.db 'create table t(id integer primary key, a)'
load '{"id":1,"a":1,"A":2}\n' names.db t --rejects r
status_is 1 'two members for one column are set aside'
is "$(jq -r ._sync.error.code r)" duplicate-field 'with a reason'
is "$(sql names.db 'select count(*) from t')" 0 'and neither is dropped'
load '{"ID":2,"A":2}\n' names.db t
is "$(sql names.db 'select a from t')" 2 'else a column takes a name of another case, as in SQL'
for name in _sync_state _SYNC_schema _sync_other sqlite_x; do
	load '{"job":"x","generation":9,"state":"{}"}\n' names.db "$name" --key job
	status_is 2 "a stream can not be called $name"
done
odd='a"b'\''; drop table x;--  é'
printf '{"id":1,"%s":5,"select":6}\n' 'q\"]`[' >in
run sync-load names.db "$odd" --key id <in
status_is 0 'identifiers hold anything'
is "$(sync-extract names.db "$odd" --plain)" "$(cat in)" 'and come back'

# ---- constraints and collations
sql c.db 'create table t(id integer primary key on conflict replace, a unique on conflict ignore); insert into t values(1, 1)'
load '{"id":1,"a":"new"}\n{"id":2,"a":1}\n' c.db t --mode append --rejects r.append
status_is 1 'append never overwrites, whatever the table says of conflicts'
is "$(sql c.db 'select id, a from t')" '1|1' 'the row that was there stays'
is "$(jq -r ._sync.error.code r.append | sort -u)" constraint 'the others are set aside'
load '{"id":2,"a":1}\n' c.db t --rejects r.ignore
status_is 1 'an upsert is never ignored'
sql nocase.db "create table t(id text collate nocase primary key, a text collate nocase, b text collate rtrim);
	insert into t values('k','abc','x')"
load '{"id":"k","a":"ABC","b":"x "}\n' nocase.db t -v
is "$(sql nocase.db "select a || b || '.' from t")" 'ABCx .' 'a change that the collation does not see is written'
load '{"id":"K","a":"ABC","b":"x "}\n' nocase.db t
is "$(sql nocase.db 'select id from t')" K 'that of a key too'
printf '{"id":"k","a":"ABC","b":"x "}\n' >in
run sh -c 'sync-extract in.ndjson 2>/dev/null | sync-load nocase.db t --mode mirror'
load '{"id":"k","a":"ABC","b":"x "}\n' nocase.db t --mode mirror --plain
status_is 0 'a mirror compares keys as their column does'
is "$(sql nocase.db 'select id from t')" k 'and keeps the row it has just written'
sql w.db "create table t(id text primary key, a) without rowid; insert into t values('1', 1)"
load '{"id":"1","a":2}\n{"id":"2","a":2}\n{"id":"1","a":2}\n' w.db t -v
err_has ' 1 inserted, 1 updated, 1 unchanged' 'changes of a table without rowid are counted as they are'
sql trigger.db "create table t(id integer primary key, a); create table log(x); insert into t values(1, 1);
	create trigger tr after update on t begin insert into log values(new.a); end"
load '{"id":1,"a":2}\n' trigger.db t -v
err_has ' 0 inserted, 1 updated' 'what a trigger does is not counted'
is "$(sql trigger.db 'select x from log')" 2 'but is done'

# ---- keys that moved
sql m.db "create table t(id integer primary key, a text not null, own text); insert into t values(1, 'x', 'mine')"
load '{"_sync":{"op":"update","key":{"id":1}},"id":2,"a":null}\n' m.db t --rejects r.moved
status_is 1 'an update that moves a key and then fails is set aside'
is "$(sql m.db 'select * from t')" '1|x|mine' 'as a whole'
load '{"_sync":{"op":"upsert","key":{"id":1}},"id":2,"a":"y"}\n' m.db t
status_is 0 'an upsert that moves a key'
is "$(sql m.db 'select * from t')" '2|y|mine' 'leaves no old row, and columns it does not know'
load '{"_sync":{"op":"upsert","key":{"id":1}},"id":2,"a":"y"}\n' m.db t -v
err_has '0 inserted, 0 updated, 1 unchanged' 'and changes nothing the second time'
sql m.db "insert into t values(3, 'old', 'c')"
load '{"_sync":{"op":"upsert","key":{"id":3}},"id":2,"a":"z"}\n' m.db t --max-delete 100%
is "$(sql m.db 'select id, a from t')" '2|z' 'onto a row that is there: the old one goes'

# ---- state
printf '{"id":1}\n' >in.ndjson
run sh -c 'sync-extract in.ndjson --state ./s.db | sync-load s.db t --key id --state ./s.db'
status_is 0 'the target may be spelled otherwise in --state'
is "$(sql s.db 'select count(*) from _sync_state')" 1 'the state is in its table'
printf '{"id":2}\n' >>in.ndjson
run sh -c 'sync-extract in.ndjson --state "$T/s.db" | sync-load ./s.db t --key id --state s.db -v'
err_has '^sync-load: note: 1 records: 1 inserted' 'and is found by each name'
run sh -c 'sync-extract in.ndjson --state "sqlite://$T/s.db" | sync-load "sqlite://$T/s.db" t --key id --state "sqlite://$T/s.db" -v'
err_has '^sync-load: note: 0 records' 'by its address too'
run sh -c 'sync-extract in.ndjson --state other.db | sync-load s.db t --key id --state other.db'
status_is 2 'another database can not keep the state'
err_has 'other.db' 'which is said'
is "$(ls other.db* 2>/dev/null)" '' 'and nothing is made'
sql s.db "update _sync_state set state='{broken'"
run sh -c 'sync-extract in.ndjson --state s.db | sync-load s.db t --key id --state s.db'
status_is 3 'a damaged state is an error'
err_has '[-]-reset' 'that says what to do'
run sh -c 'sync-extract in.ndjson --state s.db --reset | sync-load s.db t --key id --state s.db --reset -v'
status_is 0 'and --reset does it'
err_has '^sync-load: note: 2 records: 0 inserted' 'reading in full'
run sh -c 'sync-extract in.ndjson --state s.db | sync-load s.db t --key id --state s.db -v'
err_has '^sync-load: note: 0 records' 'after which it goes on'
echo '{broken' >st.json
run sh -c 'sync-extract in.ndjson --state st.json --reset | sync-load o.db t --key id --state st.json --reset'
status_is 0 'a damaged state file is begun anew'
run sh -c 'sync-extract in.ndjson --state st.json | sync-load o.db t --key id --state st.json -v'
err_has '^sync-load: note: 0 records' 'and then goes on'

# ---- tables that are made
load '{"id":1,"a":1}\n{"id":2,"b":2,"n":{"x":[1]}}\n' nf.db t --key id
status_is 0 'a new table has the members of the whole first batch'
is "$(sql nf.db 'select id, a, b, n from t')" "1|1||
2||2|{\"x\":[1]}" 'and all values'
is "$(sync-extract nf.db t --plain | jq -c 'del(..|nulls)')" '{"id":1,"a":1}
{"id":2,"b":2,"n":{"x":[1]}}' 'objects come back as objects'
load '{"id":1,"v":1}\n{"id":2,"v":"text"}\n{"id":3,"v":1.5}\n{"id":4,"v":"007"}\n' mix.db t --key id
is "$(sync-extract mix.db t --plain | jq -c .v)" '1
"text"
1.5
"007"' 'a column of numbers and text keeps both'

# ---- a value that moves between rows
fresh() { rm -f u.db; sql u.db "create table t(id integer primary key, m text unique); insert into t values(1,'a'),(2,'b')"; }
fresh
load '{"id":3,"m":"a"}\n{"id":2,"m":"b"}\n' u.db t --mode mirror --plain
status_is 0 'a mirror whose unique value moved to a new row'
is "$(sql u.db 'select * from t order by id')" "2|b
3|a" 'converges'
fresh
load '{"id":2,"m":"a"}\n{"id":1,"m":"c"}\n' u.db t
status_is 0 'a unique value that a later record frees'
is "$(sql u.db 'select * from t order by id')" '1|c
2|a' 'is there in the end'
fresh
load '{"id":3,"m":"a"}\n{"_sync":{"op":"delete"},"id":1}\n' u.db t
is "$(sql u.db 'select * from t order by id')" '2|b
3|a' 'or that a delete frees'
fresh
load '{"id":3,"m":"a"}\n{"id":3,"m":"x"}\n' u.db t --rejects r.u
is "$(sql u.db 'select m from t where id=3')" x 'records of one key keep their order'
fresh
for i in $(seq 100 300); do printf '{"id":%d,"m":"m%d"}\\n' "$i" "$i"; done >many
load "$(cat many)"'{"id":3,"m":"a"}\n{"_sync":{"op":"delete"},"id":1}\n' u.db t
is "$(sql u.db "select id from t where m='a'")" 3 'also behind many new rows'
fresh
load '{"id":4,"m":"a"}\n{"id":2,"m":"b"}\n{"id":1,"m":"a"}\n' u.db t --mode mirror --plain --rejects r.v
status_is 1 'one that nothing frees is set aside'
is "$(sql u.db 'select * from t order by id')" '1|a
2|b' 'and a mirror then deletes nothing'

# ---- columns that are added
sql e.db 'create table t(id integer primary key)'
load '{"id":1,"a":1}\n' e.db t --rejects r.e
status_is 1 'a field without a column is set aside'
is "$(jq -r ._sync.error.code r.e)" unknown-field 'with a reason'
load '{"id":1,"a":1,"n":{"x":1}}\n{"id":2,"b":"text"}\n' e.db t --evolve
status_is 0 '--evolve adds columns'
is "$(sync-extract e.db t --plain | jq -c 'del(..|nulls)')" '{"id":1,"a":1,"n":{"x":1}}
{"id":2,"b":"text"}' 'that give their values back'
printf '%s\n' '{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":"part"}}' \
	'{"_sync":{"op":"schema","stream":"t","key":["id"],"schema":{"properties":{"id":{"type":"integer"},"a":{"type":["integer","null"]}}}}}' \
	'{"_sync":{"stream":"t"},"id":3,"a":3}' \
	'{"_sync":{"op":"schema","stream":"t","key":["id"],"schema":{"properties":{"id":{"type":"integer"},"late":{"type":["object","null"]}}}}}' \
	'{"_sync":{"stream":"t"},"id":3,"late":{"y":[]}}' '{"_sync":{"op":"end","count":{"t":2}}}' >in
run sh -c 'sync-load e.db --evolve <in'
status_is 0 'a schema that changes in the middle adds its columns'
is "$(sync-extract e.db t --plain | tail -n 1 | jq -c 'del(..|nulls)')" '{"id":3,"a":3,"late":{"y":[]}}' 'and is obeyed from there'

# ---- values that a column bends
sql l.db 'create table t(id integer primary key, i integer, r real, s text, a)'
for v in '"i":9223372036854775808' '"r":0.10000000000000000001' '"r":9007199254740993' '"i":"12"' '"i":" 1e3 "' '"r":"0x10"' '"i":1e400'; do
	load "{\"id\":1,$v}\n" l.db t --rejects r.l
	case $v in
	'"r":"0x10"') is "$status:$(sql l.db 'select typeof(r) from t')" 0:text "$v is kept as it is" ;;
	*) is "$status:$(tail -n 1 r.l | jq -r ._sync.error.code)" 1:lossy "$v is set aside as lossy" ;;
	esac
done
load '{"id":2,"i":"12","r":9007199254740993}\n' l.db t --lossy
is "$(sql l.db 'select i, typeof(i) from t where id=2')" '12|integer' '--lossy takes it as the column does'
load '{"id":3,"a":12345678901234567890123456789,"s":12345678901234567890123456789,"i":1.0,"r":1e2}\n' l.db t
is "$(sql l.db 'select a, s, i, r from t where id=3')" '12345678901234567890123456789|12345678901234567890123456789|1|100.0' \
	'digits are kept where a column takes text, integers by value'

# ---- newer
sql n.db "create table t(id integer primary key, v, at text); insert into t values(1, 'there', '2026-03-01'), (2, 'there', null)"
load '{"id":1,"v":"old","at":"2026-02-01"}\n{"id":2,"v":"new","at":"2026-02-01"}\n{"id":3,"v":"new","at":"2026-02-01"}\n' n.db t --newer at
is "$(sql n.db 'select v from t order by id')" 'there
new
new' '--newer leaves a newer row alone, and no other'
load '{"_sync":{"op":"update"},"id":1,"v":"old","at":"2026-02-01"}\n{"_sync":{"op":"update"},"id":2,"v":"newer","at":"2026-02-02"}\n' n.db t --newer at
is "$(sql n.db 'select v from t order by id limit 2')" 'there
newer' 'an update too'

# ---- foreign keys
fk() { rm -f fk.db; sql fk.db 'create table team(id integer primary key); create table game(id integer primary key, home references team);
	insert into team values(1); insert into game values(1, 1)'; }
fk
printf '%s\n' '{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":"part"}}' '{"_sync":{"stream":"game"},"id":2,"home":2}' \
	'{"_sync":{"stream":"team"},"id":2}' '{"_sync":{"op":"end","count":{"game":1,"team":1}}}' >in
run sh -c 'sync-load fk.db <in'
status_is 0 'a child may come before its parent'
load '{"id":3,"home":9}\n' fk.db game
status_is 3 'a row that points nowhere fails'
err_has "row of 'game' points to a row of 'team'" 'with the names of both'
is "$(sql fk.db 'select count(*) from game')" 2 'and nothing is changed'
load '{"_sync":{"op":"delete"},"id":1}\n' fk.db team --max-delete 100%
status_is 3 'so does a delete of a row that others point to'
load '{"id":1}\n' fk.db team --mode replace --plain
status_is 3 'and a replace that leaves out such a row'
is "$(sql fk.db 'select count(*) from team')" 2 'which is undone'

# ---- deletes, and keys of other types
sql del.db "create table t(id text primary key, v); insert into t values('1', 1), ('2', 2), ('3', 3)"
load '{"_sync":{"op":"delete"},"id":1}\n{"_sync":{"op":"delete"},"id":9}\n' del.db t
status_is 0 'a number is a key of text by its digits; deleting what is not there succeeds'
is "$(sql del.db 'select id from t')" '2
3' 'and the row is gone'
load '{"_sync":{"op":"delete"},"id":"2"}\n{"_sync":{"op":"delete"},"id":"3"}\n' del.db t
status_is 3 'more deletes than --max-delete fail'
is "$(sql del.db 'select count(*) from t')" 2 'and are undone'
load '{"_sync":{"op":"truncate"}}\n{"id":"5"}\n' del.db t --max-delete 100%
is "$(sql del.db 'select id from t')" 5 'truncate empties a table'
load '{"_sync":{"op":"update"},"id":"6","v":1}\n' del.db t --rejects r.d
is "$status:$(jq -r ._sync.error.code r.d)" 1:missing-row 'an update of a row that is not there is set aside'
load '{"_sync":{"op":"update"},"id":"6","v":1}\n' del.db t --missing skip
is "$status:$(sql del.db 'select count(*) from t')" 0:1 'skipped'
load '{"_sync":{"op":"update"},"id":"6","v":1}\n' del.db t --missing insert
is "$status:$(sql del.db 'select count(*) from t')" 0:2 'or inserted'
load '{"_sync":{"op":"update","unset":["v"]},"id":"6"}\n' del.db t
is "$(sql del.db "select v is null from t where id='6'")" 1 'unset sets null'
load '{"_sync":{"op":"delete"},"id":1}\n' del.db none --key id
is "$status:$(sql del.db "select count(*) from sqlite_master where name='none'")" 0:0 'a delete makes no table'
load '{"_sync":{"op":"update"},"id":1}\n' del.db none --key id --rejects r.none
status_is 1 'an update of a table that is not there is set aside'
sql del.db 'create table nokey(a); insert into nokey values(1)'
load '{"a":1}\n' del.db nokey
status_is 2 'a table without a key is not upserted into'
load '{"a":1}\n' del.db nokey --key a
status_is 2 'nor by a key that no index makes unique'
err_has 'unique index' 'which is said'

# ---- locks
mkfifo hold
python3 -c "
import sqlite3
db = sqlite3.connect('del.db', isolation_level=None)
db.execute('begin immediate')
open('locked', 'w').close()
open('hold').read()" &
until_true 10 test -e locked
load '{"id":"7"}\n' del.db t --lock-timeout 0.05
status_is 75 'a lock that is not given back in time ends with 75'
err_has 'lock-timeout' 'and says how to wait longer'
(sync-load del.db t --lock-timeout 20 <in; echo $? >waited) &
: >hold
wait
is "$(cat waited):$(sql del.db "select count(*) from t where id='7'")" 0:1 'one that is is waited for'

# ---- reading and writing one file, with the state elsewhere
for journal in delete wal; do
	rm -f same.db*
	python3 -c "
import sqlite3
db = sqlite3.connect('same.db')
db.execute('pragma journal_mode=$journal')
db.execute('create table a(id integer primary key, v text)')
db.executemany('insert into a values(?,?)', ((i, 'x' * 100) for i in range(200000)))
db.commit()"
	rm -f same.state*
	run timeout 60 sh -c 'sync-extract same.db a --cursor id --state same.state | sync-load same.db b --key id --state same.state'
	is "$status:$(sql same.db 'select count(*) from b')" 0:200000 "one file is source and target, its state elsewhere ($journal)"
done

finish
