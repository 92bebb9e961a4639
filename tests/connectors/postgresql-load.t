#!/bin/sh
# postgresql-load.t: PostgreSQL's loader where a part of what comes is refused, where users' own code runs, and what it counts.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-load-postgresql" ] || ! pg_start; then
	skip 1 'PostgreSQL: no connector or no server here'
	finish
fi
load() { printf '%b' "$1" >in; shift; run sh -c 'exec sync-load "$PGURI" "$@" <in' - "$@"; }
rows() { pg "select * from $1 order by 1" | tr '\n' ' '; }
framed() { # stream op… as lines on standard input
	jq -c '.' | jq -sc '{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":"part"}}, .[],
		{"_sync":{"op":"end","count":(map(._sync.stream) | group_by(.) | map({key: .[0], value: length}) | from_entries)}}' >in
}

# ---- several operations on one key
pg 'create table f(id int primary key, v int check (v < 100), w text)'
load '{"id":1,"v":1,"w":"a"}\n{"id":2,"v":2}\n{"_sync":{"op":"update"},"id":1,"v":500}\n{"_sync":{"op":"update"},"id":1,"w":"b"}\n' f --rejects r1 -v
is "$status:$(rows f):$(jq -c '[._sync.op, .id, .v]' r1)" '1:1|1|b 2|2| :["update",1,500]' 'of folded operations just the one that is refused is set aside'
err_has '4 records: 2 inserted, 1 updated, 0 unchanged, 0 deleted, 1 set aside' 'and counted'
load '{"_sync":{"op":"delete"},"id":1}\n{"id":1,"v":900,"w":"c"}\n{"id":3,"v":3}\n' f --rejects r2 --max-delete 100%
is "$status:$(rows f):$(jq -c '[._sync.op, .id]' r2)" '1:2|2| 3|3| :[null,1]' 'a delete stays where the row that follows is refused'
before=$(pg 'select xmin, ctid from f order by id')
load '{"_sync":{"op":"delete"},"id":2}\n{"id":2,"v":2,"w":null}\n{"id":3,"v":3}\n' f -v
err_has '2 unchanged, 0 deleted' 'a row that is deleted and comes again as it was is unchanged'
is "$(pg 'select xmin, ctid from f order by id')" "$before" 'and is not written'

# ---- domains
pg "create domain small as int not null check (value < 10); create domain tiny as small check (value <> 5);
	create table d(id int primary key, a tiny, b small default 1, c text); insert into d values(1, 1, 1, 'x'), (2, 2, 2, 'y')"
load '{"_sync":{"op":"update"},"id":1,"c":"z"}\n{"_sync":{"op":"delete"},"id":2}\n{"id":3,"a":3,"b":3}\n{"_sync":{"op":"update"},"id":3,"b":4}\n' d
is "$status:$(rows d)" '0:1|1|1|z 3|3|4| ' 'columns of domains that take no null need not be there'
load '{"id":4,"a":5,"b":1}\n{"id":6,"a":6,"b":6}\n{"_sync":{"op":"update"},"id":1,"a":11}\n{"_sync":{"op":"update"},"id":3,"a":null}\n' d --rejects rd
is "$status:$(jq -c .id rd | sort | tr '\n' ' '):$(rows d)" '1:1 3 4 :1|1|1|z 3|3|4| 6|6|6| ' 'and check what comes'
pg 'create domain three as varchar(3); create domain drei as three; create table d3(id three primary key, v drei[])'
load '{"id":"abcd"}\n{"id":"abc","v":["x"]}\n' d3 --rejects rd3
load '{"id":"abc","v":["y"]}\n{"_sync":{"op":"update","key":{"id":"abc"}},"id":"abd"}\n' d3
is "$(jq -r ._sync.error.code rd3):$(rows d3)" 'lossy:abd|{y} ' 'their base type is what counts'

pg 'create domain cents as numeric(6,2); create type price as (n numeric(5,1), t timestamp(0), c cents); create table dn(id int primary key, p price, a cents[], q price[])'
for v in '"p":{"n":1.25}' '"p":{"t":"2026-01-01T00:00:00.5"}' '"p":{"c":1.234}' '"a":[1,2.345]' '"q":[{"c":0.001}]'; do
	load "{\"id\":1,$v}\n" dn --rejects rn
	is "$status:$(tail -n 1 rn | jq -r ._sync.error.code)" 1:lossy "$v is set aside as lossy, inside of another value too"
done
load '{"id":1,"p":{"n":1.5,"t":"2026-01-01T00:00:01","c":1.23},"a":[1.25,null],"q":[{"c":0.01}]}\n' dn
is "$status:$(rows dn)" '0:1|(1.5,"2026-01-01 00:00:01",1.23)|{1.25,NULL}|{"(,,0.01)"} ' 'what fits is taken'

# ---- the users' own code runs with their search path, and ours is safe from it
pg "create schema app; create table app.log(what text); create function app.helper(int) returns int language sql as 'select \$1 + 1';
	create function app.note() returns trigger language plpgsql as 'begin insert into log values(tg_op || new.id); new.n := helper(new.n); return new; end';
	create table app.u(id int primary key, n int, m int check (m is null or m > 0) default 1);
	create function app.positive(int) returns boolean language plpgsql as 'begin return helper(\$1) > 0; end';
	alter table app.u add check (app.positive(n)); create trigger note before insert or update on app.u for each row execute function app.note();
	alter role tester set search_path = app, public"
load '{"id":1,"n":1}\n{"id":2,"n":2}\n' u
load '{"id":1,"n":5}\n{"_sync":{"op":"update","key":{"id":2}},"id":3,"n":7}\n' u
is "$status:$(rows app.u):$(rows app.log)" '0:1|6|1 3|8|1 :INSERT1 INSERT2 UPDATE1 UPDATE3 UPDATE3 ' "triggers and checks find what they name in the user's search path"
pg "create table app.def(id int primary key, v text); alter table app.u disable trigger note;
	create function app.late() returns trigger language plpgsql as 'begin insert into log values(''late''); return null; end';
	create constraint trigger late after insert on app.u deferrable initially deferred for each row execute function app.late()"
load '{"id":9,"n":9}\n' u
is "$status:$(pg "select count(*) from app.log where what='late'")" 0:1 'so do deferred triggers'
pg "create role evil login; create schema trap; grant all on schema trap to evil; create table app.victim(id int primary key, v text, q varchar(20) unique)"
psql -XAtq -U evil -c "set search_path to trap; create function caught() returns boolean language plpgsql as 'begin raise exception ''caught''; end';
	create function e1(varchar, varchar) returns boolean language sql as 'select trap.caught()'; create function e2(int, int) returns boolean language sql as 'select trap.caught()';
	create function e3(\"char\", \"char\") returns boolean language sql as 'select trap.caught()'; create function e4(bigint, int) returns boolean language sql as 'select trap.caught()';
	create function e5(\"char\", text) returns boolean language sql as 'select trap.caught()';
	create function count(int) returns bigint language sql as 'select 1/0::bigint'; create function max(int) returns int language sql as 'select 1/0';
	create operator = (function = e1, leftarg = varchar, rightarg = varchar); create operator = (function = e2, leftarg = int, rightarg = int);
	create operator = (function = e3, leftarg = \"char\", rightarg = \"char\"); create operator = (function = e5, leftarg = \"char\", rightarg = text);
	create operator > (function = e4, leftarg = bigint, rightarg = int); create operator <> (function = e3, leftarg = \"char\", rightarg = \"char\");
	create operator >= (function = e1, leftarg = varchar, rightarg = varchar)"
pg "alter role tester set search_path = trap, app, pg_catalog"
for arg in '' '--newer q'; do
	load '{"id":1,"v":"a","q":"1"}\n{"id":2,"q":"2"}\n' app.victim $arg
	load '{"id":1,"v":"b","q":"2"}\n{"id":2,"q":"3"}\n{"_sync":{"op":"update"},"id":2,"v":"y"}\n{"_sync":{"op":"delete"},"id":3}\n{"_sync":{"op":"update","key":{"id":2}},"id":4}\n' app.victim $arg --missing skip
	is "$status:$(cat err):$(pg 'select * from app.victim order by id using operator(pg_catalog.<)' | tr '\n' ' ')" '0::1|b|2 4|y|3 ' "operators that lie in wait aren't caught by $arg"
	pg 'delete from app.victim'
done
printf '{"id":1,"v":"b"}\n' >in
run sh -c 'sync-load "$PGURI" app.victim --mode mirror --plain <in && sync-load "$PGURI" app.victim --mode mirror --plain <in'
status_is 0 "nor by a mirror"
pg "alter role tester reset search_path"

# ---- what is a row's fault, and what is not
pg "create table x(id int primary key, v text); create function refuse() returns trigger language plpgsql as \$\$begin
	if new.v = 'custom' then raise exception 'my word' using errcode = 'ZZ123'; end if;
	if new.v = '45000' then raise sqlstate '45000'; end if;
	if new.v = 'assert' then assert false, 'so not'; end if;
	if new.v = 'none' then select 1 into strict new.id where false; end if;
	if new.v = 'rights' then raise insufficient_privilege; end if;
	if new.v = 'case' then case new.id when -1 then null; end case; end if;
	if new.v = 'many' then new.id := (select 1 from generate_series(1, 2)); end if;
	if new.v = 'table' then perform * from nosuch; end if;
	return new; end\$\$; create trigger refuse before insert or update on x for each row execute function refuse()"
i=0; for v in custom 45000 assert none rights case many; do i=$((i + 1)); printf '{"id":%d,"v":"%s"}\n{"id":%d,"v":"good"}\n' $i $v $((i + 100)); done >in
run sh -c 'sync-load "$PGURI" x --rejects rx <in'
is "$status:$(pg 'select count(*) from x'):$(jq -s length rx)" 1:7:7 "what a trigger raises for a row sets that row aside, whatever its SQLSTATE"
is "$(jq -r 'select(.v=="custom")._sync.error.message' rx)" 'my word' 'with its words'
load '{"id":50,"v":"good"}\n{"id":51,"v":"table"}\n' x --rejects rx2
is "$status:$(test -s rx2 && echo some)" 3: "a trigger that is broken stops the run"
pg "create table rls(id int primary key, owner text); alter table rls enable row level security; create role writer login; grant select, insert, update on rls to writer;
	grant create on schema public to writer; create policy mine on rls using (true) with check (owner = 'me');
	create table locked(id int primary key); grant select on locked to writer"
WRITER="postgresql://writer@/postgres?host=$PGHOST"
printf '{"id":1,"owner":"me"}\n{"id":2,"owner":"you"}\n{"id":3,"owner":"me"}\n' >in
run sh -c 'sync-load "$1" rls --rejects rr <in' - "$WRITER"
is "$status:$(rows rls):$(jq -c .id rr)" '1:1|me 3|me :2' 'a row that row security refuses is set aside'
run sh -c 'sync-load "$1" locked --rejects rr2 <in2' - "$WRITER" 2>/dev/null
printf '{"id":1}\n' >in
run sh -c 'sync-load "$1" locked --rejects rr2 <in' - "$WRITER"
is "$status:$(test -s rr2 && echo some)" 2: 'rights that lack stop the run'
err_has "permission denied for table locked" 'with the word for it'
pg "create view vw as select * from x where id > 10 with check option"
load '{"id":5,"v":"q"}\n{"id":60,"v":"q"}\n' vw --mode append --rejects rv
is "$status:$(jq -c .id rv):$(pg 'select count(*) from x where id=60')" 1:5:1 "a view's check option sets a row aside"

# ---- keys that move
pg "create table k(id int primary key, v text); insert into k select i, 'r' || i from generate_series(1, 10) i"
i=1; while [ $i -le 4 ]; do printf '{"_sync":{"op":"upsert","key":{"id":%d}},"id":%d,"v":"m"}\n' $i $((i + 5)); i=$((i + 1)); done >in
run sh -c 'sync-load "$PGURI" k --max-delete 3 <in'
is "$status:$(pg 'select count(*) from k')" 3:10 'rows that go since their key moves onto another count for --max-delete'
run sh -c 'sync-load "$PGURI" k -v <in'
err_has '4 records: 0 inserted, 4 updated, 0 unchanged, 4 deleted' 'and as deleted'
pg 'update k set v = id; alter table k add unique (v)'
load '{"_sync":{"op":"update","key":{"id":5}},"id":50,"v":"10"}\n{"_sync":{"op":"update"},"id":50,"v":"51"}\n{"id":10,"v":"ten"}\n' k -v
is "$status:$(pg "select string_agg(id || v, ' ' order by id) from k")" '0:66 77 88 99 10ten 5051' 'a key that moves with a value that is to be free later waits, and what comes for it'
err_has '3 records: 0 inserted, 3 updated, 0 unchanged, 0 deleted' 'and is counted once it is there'
load '{"_sync":{"op":"update","key":{"id":50}},"id":7}\n{"id":10,"v":"ten"}\n' k -v --rejects rk
err_has '2 records: 0 inserted, 0 updated, 1 unchanged, 0 deleted, 1 set aside' 'what is undone is not counted'

# ---- a mirror
pg "create table p(id int primary key); create table q(id int primary key, p int references p); insert into p values(1), (2), (3), (4); insert into q values(1, 1), (2, 2), (3, 3)"
frames() { printf '%s\n' '{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":"full"}}' "$@"; }
for order in 'q p' 'p q'; do
	for s in $order; do printf '{"_sync":{"stream":"%s"},"id":1}\n{"_sync":{"stream":"%s"},"id":2}\n' $s $s; done >mid
	{ frames; cat mid; echo '{"_sync":{"op":"end","count":{"p":2,"q":2}}}'; } >in
	run sh -c 'sync-load "$PGURI" --mode mirror -v <in'
	is "$status:$(rows p):$(rows q)" '0:1 2 :1|1 2|2 ' "a mirror of tables with foreign keys in the order $order"
	pg "insert into p values(3), (4); insert into q values(3, 3)"
done
pg "create table keep(id int primary key, v text); insert into keep select i, 'v' from generate_series(1, 6) i;
	create function spare() returns trigger language plpgsql as 'begin if old.id = 6 then return null; end if; return old; end';
	create trigger spare before delete on keep for each row execute function spare()"
printf '{"id":1,"v":"v"}\n{"id":2,"v":"v"}\n{"id":3,"v":"v"}\n{"id":4,"v":"v"}\n' >in
run sh -c 'sync-load "$PGURI" keep --mode mirror --plain -v <in'
err_has '4 unchanged, 1 deleted' 'a mirror counts what was deleted'

# ---- unique values that rows take from each other
pg "create table sw(id int primary key, i int not null unique, c varchar(4) not null unique, g uuid not null unique, d date unique, n numeric not null unique);
	insert into sw select i, i, 'c' || i, md5(i::text)::uuid, date '2026-01-01' + i, i from generate_series(1, 6) i; create table sw0 as table sw"
pg "select json_build_object('id', id, 'i', (select i from sw b where b.id = a.id % 6 + 1), 'c', (select c from sw b where b.id = a.id % 6 + 1), 'g', (select g from sw b where b.id = a.id % 6 + 1),
	'd', (select d from sw b where b.id = a.id % 6 + 1), 'n', (select n from sw b where b.id = a.id % 6 + 1)) from sw a order by id" >in
run sh -c 'sync-load "$PGURI" sw -v <in'
is "$status:$(pg "select count(*) from sw a join sw0 b on b.id = a.id % 6 + 1 and (a.i, a.c, a.g, a.d, a.n) = (b.i, b.c, b.g, b.d, b.n)")" 0:6 'a circle of rows that take values that must not be null'
err_has '0 inserted, 6 updated, 0 unchanged' 'each is one update'
{ printf '{"_sync":{"op":"update"},"id":1,"i":1}\n{"_sync":{"op":"update"},"id":6,"i":4}\n'; echo '{"id":7,"i":5,"c":"x","g":"00000000-0000-0000-0000-000000000000","d":null,"n":7}'; printf '{"_sync":{"op":"update"},"id":2,"i":2}\n'; } >in
pg 'update sw set i = -id; update sw set i = case id when 1 then 2 when 2 then 1 else id end'
run sh -c 'sync-load "$PGURI" sw --rejects rs <in'
is "$status:$(pg "select string_agg(id || ':' || i, ' ' order by id) from sw"):$(jq -c .id rs | sort | tr '\n' ' ')" '1:1:1 2:2 3:3 4:4 5:5 6:6:6 7 ' 'two that swap are not kept from it by others that find no way'
pg "create extension if not exists btree_gist" 2>/dev/null
pg "create table ex(id int primary key, during int4range not null, exclude using gist (during with &&)); insert into ex values(1, '[1,5)'), (2, '[5,9)')"
load '{"id":1,"during":"[5,9)"}\n{"id":2,"during":"[1,5)"}\n' ex
is "$status:$(rows ex)" '0:1|[5,9) 2|[1,5) ' 'ranges that exclude each other are swapped too'
pg 'create table ck(id int primary key, v int not null unique check (v > 0)); insert into ck values(1, 1), (2, 2)'
load '{"id":1,"v":2}\n{"id":2,"v":1}\n' ck --rejects rck
is "$status:$(rows ck):$(jq -r ._sync.error.code rck | uniq)" '1:1|1 2|2 :constraint' 'where a check lets no value be given up, both are set aside'

# ---- collations
pg "create table co(id text collate \"C\" primary key, v text collate \"POSIX\", w char(3)); insert into co values('b', 'x', 'a')"
load '{"id":"a","v":"y","w":"a"}\n{"id":"b","v":"X","w":"b"}\n{"_sync":{"op":"update","key":{"id":"b"}},"id":"B"}\n' co
is "$status:$(rows co)" '0:B|X|b   a|y|a   ' 'columns of collations of their own'

# ---- columns that come later
pg "create table ev(id int primary key, v text); insert into ev values(1, 'x')"
frames '{"_sync":{"op":"schema","stream":"ev","key":["id"],"schema":{"type":"object","properties":{"id":{"type":"integer"},"v":{"type":["string","null"]}}}}}' \
	'{"id":2,"v":"y","_sync":{"stream":"ev"}}' '{"id":3,"new":1,"_sync":{"stream":"ev"}}' '{"id":1,"_sync":{"stream":"ev"}}' '{"_sync":{"op":"end","count":{"ev":3}}}' >in
run sh -c 'sync-load "$PGURI" --evolve <in'
is "$status:$(rows ev)" '0:1|| 2|y| 3||1 ' 'a column is added under way, and what the schema declares still counts'
pg 'create table evc(id int primary key, p int references p deferrable initially deferred)'
frames '{"id":1,"p":77,"_sync":{"stream":"evc"}}' '{"id":77,"_sync":{"stream":"p"}}' '{"id":2,"p":77,"new":1,"_sync":{"stream":"evc"}}' '{"_sync":{"op":"end","count":{"evc":2,"p":1}}}' >in
run sh -c 'sync-load "$PGURI" --evolve <in'
is "$status:$(rows evc)" '0:1|77| 2|77|1 ' 'also where checks were deferred'
printf '{"id":1}\n{"id":2,"z":1}\n{"id":3,"z":2}\n' >in
pg 'create table evd(id int primary key)'
run sh -c 'sync-load "$PGURI" evd --evolve <in'
is "$status:$(rows evd)" '0:1| 2|1 3|2 ' 'and while rows go straight into the table'

# ---- batches that go into the staging table while rows come
pg "create table big(id int primary key, v text, w numeric, k int check (k <> 13)); insert into big select i, 'v' || i, i, 0 from generate_series(1, 30000) i"
seq 1 30000 | jq -c '{id: ., v: "v\(.)", w: ., k: 0}' >all
run sh -c 'sync-load "$PGURI" big -v <all'
err_has '0 inserted, 0 updated, 30000 unchanged' 'rows that are as they should be are found so'
jq -c 'if .id % 100 == 0 then .v = "new" else . end | if .id == 777 then .k = 13 else . end | if .id > 29990 then .id += 1000 else . end' all >some
run sh -c 'sync-load "$PGURI" big -v --rejects rb <some'
is "$status:$(pg "select count(*), count(*) filter (where v = 'new'), max(id) from big"):$(jq -c .id rb)" '1:30010|300|31000:777' 'a few are written, a bad one is set aside'
err_has '10 inserted, 299 updated, 29690 unchanged, 0 deleted, 1 set aside' 'and counted'
{ head -n 200 all; echo '{"id":5,"v":"again"}'; echo '{"_sync":{"op":"delete"},"id":6}'; sed -n 201,400p all; echo '{"id":6,"k":1}'; } >twice
run sh -c 'sync-load "$PGURI" big -v --max-delete 9 <twice'
is "$status:$(pg 'select v, k from big where id in (5, 6) order by id' | tr '\n' ' ')" '0:again|0 |1 ' 'keys that come again on the way are folded as ever'

# ---- many sets of columns
pg 'create table wide(id int primary key, c1 int, c2 int, c3 int, c4 int, c5 int, c6 int, c7 int, c8 int, c9 int, c10 int, c11 int, d int default 3, s serial)'
python3 -c '
import json
for i in range(8000):
    r = {"id": i}
    for b in range(11):
        if i >> b & 1: r["c%d" % (b + 1)] = i
    print(json.dumps(r))' >in
ok 'rows of thousands of sets of columns are inserted' sh -c 'timeout 20 sync-load "$PGURI" wide <in'
is "$(pg 'select count(*), sum(c1), sum(c11), sum(d), count(distinct s) from wide')" "8000|$(python3 -c 'print(sum(i for i in range(8000) if i&1), sum(i for i in range(8000) if i>>10&1), sep="|")')|24000|8000" 'with what each has'
jq -c '{id, "_sync": {op: "update"}} + (del(.id) | map_values(1 + .))' in >in.u
ok 'and updated' sh -c 'timeout 20 sync-load "$PGURI" wide <in.u'
is "$(pg 'select count(*), sum(c1), sum(c11), sum(d), count(distinct s) from wide')" "8000|$(python3 -c 'print(sum(i+1 for i in range(8000) if i&1), sum(i+1 for i in range(8000) if i>>10&1), sep="|")')|24000|8000" 'in just these'
# ---- an update that makes a row keeps no other from being made
pg 'create table made_by_update(id int primary key, v text)'
run sh -c 'printf "{\"_sync\":{\"op\":\"update\"},\"id\":1}\n{\"id\":2}\n" | sync-load "$PGURI" made_by_update --missing insert -v'
err_has ' 2 inserted, 0 updated, 0 unchanged' 'an update that makes a row, and a new row'
is "$(pg 'select count(*) from made_by_update')" 2 'are two rows'

# ---- --newer judges each record of a key by the one before it
pg 'create table newer_one_by_one(id int primary key, n int)'
run sh -c 'printf "%s\n" "{\"id\":1,\"n\":3}" "{\"_sync\":{\"op\":\"update\"},\"id\":1,\"n\":2}" "{\"id\":2,\"n\":1}" "{\"id\":2,\"n\":2}" | sync-load "$PGURI" newer_one_by_one --newer n -v'
is "$(pg 'select * from newer_one_by_one order by 1')" '1|3
2|2' 'an older record of a key leaves a newer one before it alone'

# ---- records that wait, and a schema that changes meanwhile
pg "create table w(id int primary key, u int unique, s text default 'own', n text default 'own'); insert into w values(1, 1)"
cat <<'END' | jq -c . >in
{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":"part"}}
{"_sync":{"op":"schema","stream":"w","key":["id"],"schema":{"properties":{"id":{"type":"integer"},"u":{"type":"integer"},"s":{"type":"string"}}}}}
{"_sync":{"stream":"w"},"id":2,"u":1}
{"_sync":{"stream":"w"},"id":1,"u":5}
{"_sync":{"op":"schema","stream":"w","key":["id"],"schema":{"properties":{"id":{"type":"integer"},"u":{"type":"integer"},"n":{"type":"string"}}}}}
{"_sync":{"stream":"w"},"id":3,"u":3}
{"_sync":{"op":"end","count":{"w":3}}}
END
run sh -c 'sync-load "$PGURI" <in'
is "$status:$(rows w)" '0:1|5||own 2|1||own 3|3|own| ' 'each record sets the columns that were declared when it came'
finish
