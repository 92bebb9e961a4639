#!/bin/sh
# load-sqlite-edge.t: a stream into SQLite where a table, a name, an order or another process makes it hard.
. "${0%/*}/lib.sh"
sql() { sqlite3 -cmd '.timeout 20000' "$@"; }
load() { printf '%b' "$1" >in; shift; run sh -c 'exec sync-load "$@" <in' - "$@"; }
# framed STREAM-COUNTS LINE…: a whole stream
framed() {
	count=$1
	shift
	printf '%s\n' '{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":"full"}}' "$@" "{\"_sync\":{\"op\":\"end\",\"count\":$count}}" >in
}

# ---- rows that are refused by more than a constraint, among many
sql a.db 'create table t(id integer primary key, v)'
load '{"id":null,"v":1}\n{"id":null,"v":2}\n{"id":null,"v":3}\n{"id":null,"v":4}\n{"id":"abc","v":5}\n{"id":null,"v":6}\n' a.db t --mode append --rejects r.a
status_is 1 'a text for a rowid is set aside'
is "$(sql a.db 'select group_concat(v) from t')" 1,2,3,4,6 'and no other row is lost or doubled'
sql a.db 'create table s(id integer, v integer) strict'
load '{"id":1,"v":1}\n{"id":2,"v":2}\n{"id":3,"v":3}\n{"id":4,"v":4}\n{"id":5,"v":"abc"}\n{"id":6,"v":6}\n' a.db s --mode append --rejects r.s
is "$status:$(sql a.db 'select group_concat(id) from s')" 1:1,2,3,4,6 'so with a STRICT table'
sql a.db "create table j(id integer primary key, v); create index je on j(json_extract(v, '\$.a'))"
load '{"id":1,"v":"{}"}\n{"id":2,"v":"{}"}\n{"id":3,"v":"{}"}\n{"id":4,"v":"{}"}\n{"id":5,"v":"abc"}\n{"id":6,"v":"{}"}\n' a.db j --mode append --rejects r.j
is "$status:$(sql a.db 'select group_concat(id) from j')" 1:1,2,3,4,6 'so with an index that can not take it'
run sync-extract a.db j --plain
status_is 0 'a table with such an index is read'
is "$(jq -r ._sync.error.code r.a r.s r.j)" 'constraint
constraint
constraint' 'each with its reason'
sql a.db 'create table any(id any primary key, v any) strict'
load '{"id":1,"v":"1"}\n{"id":"1","v":1.0}\n{"id":2.5,"v":2}\n' a.db any
is "$status:$(sql a.db 'select quote(id), quote(v) from any')" "0:1|'1'
'1'|1.0
2.5|2" 'a column that takes any value takes it as it is'
framed '{"any":2}' '{"_sync":{"stream":"any"},"id":"1","v":1.0}' '{"_sync":{"stream":"any"},"id":2.5,"v":2}'
run sh -c 'sync-load a.db --mode mirror <in'
is "$status:$(sql a.db 'select quote(id) from any order by quote(id)')" "0:'1'
2.5" 'and a mirror tells 1 from a text'

# ---- names
framed '{"t":1,"T":1}' '{"_sync":{"stream":"t"},"id":1}' '{"_sync":{"stream":"T"},"id":2}'
sql b.db 'create table t(id integer primary key); insert into t values(9)'
run sh -c 'sync-load b.db --mode mirror --max-delete 100% <in'
status_is 2 'two streams that would be one table are refused'
is "$(sql b.db 'select id from t')" 9 'and nothing is changed'
sql f.db 'create table excluded(id integer primary key, v, excluded, at); insert into excluded values(1, 1, 1, 1), (2, 2, 2, 9)'
load '{"id":1,"v":2,"excluded":3,"at":2}\n{"id":2,"v":0,"excluded":0,"at":2}\n' f.db excluded --newer at
is "$(sql f.db 'select * from excluded')" '1|2|3|2
2|2|2|9' 'a table may be called excluded'
load '{"id":1,"v":2}\n' f.db excluded --newer nosuch
status_is 2 '--newer wants a column'
err_has "nosuch" 'and names it'
sql g.db 'create table t(ID integer primary key, v); insert into t values(1, 1), (2, 2), (3, 3)'
load '{"_sync":{"op":"delete"},"id":1}\n{"_sync":{"op":"update","key":{"id":2}},"Id":4}\n' g.db t
is "$status:$(sql g.db 'select * from t')" '0:3|3
4|2' 'a key is found by a name of another case, as a column is'

printf '%s\n' '{"id":1}' '{"id":2,"a\u0000b":1}' >in
run sh -c 'sync-load nul.db t --key id --rejects r.nul <in'
is "$status:$(jq -r ._sync.error.code r.nul)" 1:unknown-field 'a name with a NUL, which SQL has not, is set aside'
run sh -c 'sync-load nul.db t --evolve --rejects r.nul <in'
is "$status:$(sql nul.db 'select * from t')" 1:1 'with --evolve too'
framed '{"t\u0000x":1}' '{"_sync":{"stream":"t\u0000x"},"id":5}'
run sh -c 'sync-load nul.db --key id <in'
status_is 3 'a stream of such a name is no table'
is "$(sql nul.db 'select * from t')" 1 'of a shorter one least of all'

printf '%s\n' '{}' '{"_sync":{"op":"delete"},"id":1}' '{"id":1}' '{}' >in
run sh -c 'sync-load none.db t --key id --rejects r.none <in'
is "$status:$(sql none.db 'select * from t'):$(grep -c bad-record r.none)" 1:1:2 'a record without members makes no table, and is set aside'
load '{}\n' none.db other --key id
status_is 3 'or fails'

# ---- order
framed '{"t":2}' '{"_sync":{"stream":"t"},"id":1}' \
	'{"_sync":{"op":"schema","stream":"t","key":["id"],"schema":{"properties":{"id":{"type":"integer"},"v":{"type":["integer","null"]}}}}}' \
	'{"_sync":{"stream":"t"},"id":2,"v":2}'
run sh -c 'sync-load c.db --key id --evolve <in'
is "$status:$(sql c.db 'select * from t')" '0:1|
2|2' 'a schema that comes late loses no record'
sql u.db "create table t(id integer primary key, u text unique, b blob); insert into t values(1, 'a', null), (2, 'b', null)"
framed '{"t":2}' '{"_sync":{"op":"schema","stream":"t","key":["id"],"schema":{"properties":{"id":{"type":"integer"},"b":{"type":"string","contentEncoding":"base64"},"u":{"type":"string"}}}}}' \
	'{"_sync":{"stream":"t"},"id":1,"u":"b","b":"YQ=="}' \
	'{"_sync":{"op":"schema","stream":"t","key":["id"],"schema":{"properties":{"id":{"type":"integer"},"b":{"type":"string"},"u":{"type":"string"}}}}}' \
	'{"_sync":{"stream":"t"},"id":2,"u":"c","b":"text"}'
run sh -c 'sync-load u.db --rejects r.u <in'
is "$status:$(sql u.db 'select id, u, quote(b) from t')" "1:1|a|NULL
2|c|'text'" 'a row that waits is taken by the schema that it came with, or not at all'
sql u.db "create table m(id integer primary key, u text unique, own); insert into m values(1, 'a', 'mine'), (2, 'b', 2), (9, 'x', 9)"
framed '{"m":2}' '{"_sync":{"stream":"m","op":"upsert","key":{"id":1}},"id":5,"u":"x"}' '{"_sync":{"stream":"m"},"id":2,"u":"b"}'
run sh -c 'sync-load u.db --mode mirror --max-delete 100% <in'
is "$status:$(sql u.db 'select * from m')" '0:2|b|2
5|x|mine' 'the row that a waiting record moves is not deleted by the mirror'

# ---- keys that moved
sql e.db "create table t(id text collate nocase primary key, v, own); insert into t values('k', 1, 'mine')"
load '{"_sync":{"op":"upsert","key":{"id":"k"}},"id":"K","v":2}\n' e.db t
is "$status:$(sql e.db 'select * from t')" '0:K|2|mine' 'a key that changes its case keeps its row'
sql e.db "create table n(id primary key, v, own); insert into n values(1, 1, 'mine')"
load '{"_sync":{"op":"upsert","key":{"id":1}},"id":1.0,"v":2}\n' e.db n
is "$(sql e.db 'select v, own from n')" '2|mine' 'so one that is written otherwise'
sql e.db 'create table m(id integer primary key, v); insert into m values(1, 1), (2, 2), (3, 3)'
load '{"_sync":{"op":"update","key":{"id":1}},"id":9}\n{"_sync":{"op":"upsert","key":{"id":2}},"id":8,"v":2}\n' e.db m -v
err_has '0 inserted, 2 updated, 0 unchanged, 0 deleted' 'rows that move are counted as updated'
load '{"_sync":{"op":"upsert","key":{"id":9}},"id":8,"v":2}\n{"_sync":{"op":"upsert","key":{"id":3}},"id":8,"v":2}\n' e.db m
status_is 3 'rows that go for another of their key count for --max-delete'

# ---- deletes, against the rows at the start
sql h.db 'create table t(id integer primary key); insert into t values(1), (2), (3), (4)'
{ seq -f '{"id":%g}' 100 200; seq -f '{"_sync":{"op":"delete"},"id":%g}' 1 4; } >in
run sh -c 'sync-load h.db t <in'
status_is 3 'rows that came before do not make room for deletes'
is "$(sql h.db 'select count(*) from t')" 4 'and nothing is changed'
load '{"id":1}\n{"id":2}\n{"id":3}\n{"_sync":{"op":"delete"},"id":1}\n' h.db new --key id
status_is 0 'in a new table they count against what was put there'

# ---- many columns
python3 -c "
import json
print(json.dumps({'id': 1, **{f'c{i}': i for i in range(1999)}}))" >wide
run sh -c 'sync-load w.db t --key id <wide; sed s/1998}/0}/ wide | sync-load w.db t -v'
status_is 0 'a row of 2000 columns'
err_has '0 inserted, 1 updated' 'is changed too'
is "$(sql w.db 'select c1997, c1998 from t')" '1997|0' 'in each of them'

# ---- the state
printf '{"id":1}\n' >in.ndjson
both() { run sh -c 'sync-extract in.ndjson --state k.db "$@" | sync-load k.db t --key id --state k.db "$@"' - "$@"; }
both
sql k.db 'update _sync_state set generation=99'
printf '{"id":2}\n' >>in.ndjson
both
status_is 3 'a state whose row tells another generation is damaged'
both --reset
status_is 0 'and --reset begins it anew'
both
is "$status:$(sql k.db 'select count(*) from t')" 0:2 'after which it goes on'
for how in "delete from _sync_state" "update _sync_state set generation=generation+1, state=replace(state, '\"generation\":\"' || generation, '\"generation\":\"' || (generation+1))"; do
	printf '{"id":%d}\n' $(($(wc -l <in.ndjson) + 1)) >>in.ndjson
	sync-extract in.ndjson --state k.db >taken
	was=$(sql k.db 'select count(*) from t')
	cp k.db before.db
	mkfifo half
	(sync-load k.db t --key id --state k.db <half 2>err.k; echo $? >status.k) &
	exec 9>half
	head -n 1 taken >&9
	sql k.db "$how"
	tail -n +2 taken >&9
	exec 9>&-
	wait
	rm half
	is "$(cat status.k):$(sql k.db 'select count(*) from t')" "75:$was" "a state that is moved under a run ends it with 75 (${how%% *})"
	cp before.db k.db
done

# ---- another process
mkfifo half
(sync-load two.db t --key id <half 2>err.two; echo $? >status.two) &
exec 9>half
echo '{"id":1}' >&9
until_true 20 test -e two.db
load '{"id":2}\n' two.db t --key id
exec 9>&-
wait
case $(cat status.two) in
75) is "$(sql two.db 'select id from t')" 2 'a table that another process makes meanwhile may be tried again' ;;
*) is "$(cat status.two):$(sql two.db 'select id from t order by id')" '0:1
2' 'a table that another process has made is taken' ;;
esac

# ---- what a dry run says is what a real run does
# same DB ARGS…: prints the change stream for `in`, loads it into a copy, and `in` into another
same() {
	db=$1
	shift
	cp "$db" real.db
	cp "$db" told.db
	cp "$db" untouched.db
	run sync-load "$db" "$@" --dry-run <in
	dry=$status
	is "$(sql "$db" .dump | cksum)" "$(sql untouched.db .dump | cksum)" 'a dry run changes nothing'
	run sh -c 'sync-load real.db "$@" <in' - "$@"
	is "$dry" "$status" 'and ends like the real one'
	sync-load "$db" "$@" --dry-run <in >said
	run sh -c 'sync-load told.db --max-delete 100% <said'
	status_is 0 'what it prints can be loaded'
	is "$(sql told.db .dump | cksum)" "$(sql real.db .dump | cksum)" 'and does the same'
}
fresh() { rm -f d.db; sql d.db "create table t(id integer primary key, v, w, u text unique);
	insert into t values(1,1,1,'a'), (2,2,2,'b'), (3,3,3,'c'), (4,4,4,'d')"; }
fresh
printf '%s\n' '{"_sync":{"op":"update","key":{"id":1},"unset":["v"]},"id":9}' '{"_sync":{"op":"upsert","key":{"id":2}},"id":8,"v":2,"w":2}' \
	'{"_sync":{"op":"delete"},"id":3}' '{"id":7,"v":"x"}' '{"id":4,"v":4}' '{"_sync":{"op":"update","unset":["w"]},"id":4}' >in
same d.db t
printf '{"id":1,"v":5,"u":"z"}\n{"id":6,"v":5,"u":"a"}\n' >in
same d.db t --mode replace --plain
printf '{"id":4,"v":5,"u":"a"}\n{"id":2,"u":"c"}\n{"id":3,"u":"b2"}\n' >in
same d.db t --mode mirror --plain
printf '{"id":4,"v":5,"u":"b"}\n{"id":2,"u":"b"}\n{"id":3,"u":"c"}\n' >in
cp d.db real.db
run sync-load d.db t --mode mirror --plain --dry-run --rejects r.dry <in
is "$status:$(grep -c delete out)" 1:0 'a mirror that would delete nothing, since a row is set aside, says so'
sql d.db 'create table b(id integer primary key, v blob, n integer); insert into b values(1, x'"'00'"', 1)'
framed '{"x":2}' '{"_sync":{"op":"schema","stream":"x","key":["id"],"schema":{"properties":{"id":{"type":"integer"},"v":{"type":"string","contentEncoding":"base64"},"n":{"type":"string","x-type":"untyped"}}}}}' \
	'{"_sync":{"stream":"x"},"id":1,"v":"YWI=","n":"007"}' '{"_sync":{"stream":"x"},"id":2,"n":"8"}'
same d.db b

# ---- unique values that go round in a circle
sql r.db "create table t(id integer primary key, u text not null unique, pos integer unique, v);
	insert into t values(1, 'a', 1, 'one'), (2, 'b', 2, 'two'), (3, 'c', 3, 'three'), (4, 'd', 4, 'four')"
cp r.db want.db
sql want.db "delete from t; insert into t values(1, 'b', 3, 'one'), (2, 'a', 1, 'two'), (3, 'c', 2, 'three'), (4, 'd', 4, 'four')"
run sh -c 'sync-diff r.db#t want.db#t >change; sync-load r.db -v <change'
status_is 0 'rows may change their unique values round in a circle'
err_has '0 inserted, 3 updated, 0 unchanged' 'which are three updates'
is "$(sql r.db 'select * from t')" "$(sql want.db 'select * from t')" 'and have them then'
printf '{"id":1,"u":"a"}\n{"id":2,"u":"b"}\n{"id":3,"u":"d"}\n' >in
cp r.db d.db
run sh -c 'sync-load r.db t --rejects r.circle <in'
status_is 1 'where a value is taken for good'
sql want.db "update t set u='x' where id=1; update t set u='b' where id=2; update t set u='a' where id=1"
is "$(sql r.db 'select * from t')" "$(sql want.db 'select * from t')" 'no row keeps a value that is nobody'"'"'s'
printf '{"id":1,"u":"a"}\n{"id":2,"u":"b"}\n' >in
same d.db t
same d.db t --mode mirror --plain --max-delete 100%
sql d.db 'create trigger tr after update of u on t begin select 1; end'
load '{"id":1,"u":"a"}\n{"id":2,"u":"b"}\n' d.db t --rejects r.circle
is "$status:$(sql d.db 'select u from t order by id')" '1:b
a
c
d' 'no trigger sees values that are nobody'"'"'s'

# one that finds no way keeps no others from theirs
rm -f n.db
sqlite3 n.db "create table t(id integer primary key, u text unique); insert into t values(1,'a'),(2,'b'),(3,'c')"
load '{"id":1,"u":"b"}\n{"id":4,"u":"c"}\n{"id":2,"u":"a"}\n' n.db t --rejects r.stuck
is "$status:$(sql n.db 'select id, u from t order by id'):$(wc -l <r.stuck)" '1:1|b
2|a
3|c:1' 'a row that finds no way is set aside, those in a circle are written'

# ---- rows that are there need no more columns than they are to be changed in
for kind in '' ' without rowid'; do
	rm -f few.db
	sqlite3 few.db "create table t(id text primary key, a text not null, b, c int check(a is not null or b is not null))$kind; insert into t values('x','there',1,1)"
	load '{"id":"x","b":2}\n{"id":"y","b":3}\n' few.db t -v --rejects "r.few$kind"
	is "$status:$(sql few.db 'select * from t'):$(jq -r .id "r.few$kind")" '1:x|there|2|1:y' "an upsert leaves alone what must not be null, where the row is there$kind"
	err_has ' 0 inserted, 1 updated, 0 unchanged, 0 deleted, 1 set aside' 'and is counted'
done

# ---- a schema of one stream says nothing of others' records that wait
rm -f several.db
sqlite3 several.db "create table a(id integer primary key, u unique); insert into a values(1,'x'); create table b(id integer primary key)"
run sync-load several.db --max-delete 1 <<'END'
{"_sync":{"op":"begin","format":1,"run":"r","scope":"part"}}
{"_sync":{"op":"schema","stream":"a","key":["id"],"schema":{}}}
{"_sync":{"stream":"a"},"id":2,"u":"x"}
{"_sync":{"op":"schema","stream":"b","key":["id"],"schema":{}}}
{"_sync":{"stream":"b"},"id":1}
{"_sync":{"op":"delete","stream":"a"},"id":1}
{"_sync":{"op":"end","count":{"a":2,"b":1}}}
END
is "$status $(sql several.db 'select * from a')" '0 2|x' 'a record waits on while another stream is declared'
sql several.db "create table d(id integer primary key, v default 'v', w)"
load '{"_sync":{"op":"update","unset":["v"]},"id":7,"w":1}\n' several.db d --missing insert
is "$status $(sql several.db 'select id, v is null, w from d')" '0 7|1|1' 'an update that makes a row removes what it unsets from that, too'

# ---- very many fields
python3 -c "print('{\"id\":1,' + ','.join('\"f%d\":1' % i for i in range(100000)) + '}')" >in
run timeout 20 sync-load many.db t --key id <in
is "$status $(grep -c 'too many columns' err)" '3 0' 'a record with 100000 fields takes no quadratic time'

# ---- bounds of what is set aside, by all that came
for n in 1 2 3 4 5 6 7 8 9; do echo '{"id":null}'; done >in
echo '{"id":1}' >>in
run sh -c 'sync-load bounds.db t --key id --rejects r.bounds --max-errors 80% <in'
status_is 3 'nine of ten are more than 80%'
run sh -c 'sync-load bounds.db t --key id --rejects r.bounds --max-errors 90% <in'
status_is 1 'and no more than 90%'
awk 'BEGIN { for (i = 0; i < 6000; i++) print "{\"id\":" (i % 4 ? i : "null") "}" }' >in
run sh -c 'sync-load bounds.db t --rejects r.bounds --max-errors 30% <in'
status_is 1 'a share is judged by all records while they come, too'
printf '{"id":7,"id":8}\nnothing\n{"id":9999}\n' >in
run sh -c 'sync-load bounds.db t --rejects r.bounds -v <in'
err_has '^sync-load: note: 3 records: 1 inserted, .* 2 set aside$' 'lines that are no records are counted with them'

finish
