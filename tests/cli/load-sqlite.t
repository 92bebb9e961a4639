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
load '{"id":4,"m":"a"}\n{"id":2,"m":"b"}\n{"id":1,"m":"a"}\n' u.db t --mode mirror --plain --rejects r.v
status_is 1 'one that nothing frees is set aside'
is "$(sql u.db 'select * from t order by id')" '1|a
2|b' 'and a mirror then deletes nothing'

# ---- many rows at once, some of which come again or are refused
mkdir model
cd model || exit 99
ok 'random records leave what a dict has' python3 "$ROOT/tests/cli/load_model.py" 40
cd ..

finish
