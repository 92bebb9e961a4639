#!/bin/sh
# postgresql-load-deferred.t: constraints that PostgreSQL checks at the commit: rows that make each other good are loaded, others set aside.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-load-postgresql" ] || ! pg_start; then
	skip 1 'PostgreSQL: no connector or no server here'
	finish
fi
load() { printf '%b' "$1" >in; shift; run timeout 60 sh -c 'exec sync-load "$PGURI" "$@" <in' - "$@"; }
rows() { pg "select * from $1 order by 1" | tr '\n' ' '; }
stream() { # SCOPE LINE…
	scope=$1
	shift
	printf '%s\n' "$@" | jq -sc --arg scope "$scope" '{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":$scope}}, .[],
		{"_sync":{"op":"end","count":(map(._sync.stream) | group_by(.) | map({key: .[0], value: length}) | from_entries)}}' >in
}

pg "create table node(id int primary key, next int references node deferrable initially deferred, v int)"
load '{"id":1,"next":2}\n{"id":2,"next":3}\n{"id":3,"next":1}\n{"id":4,"next":4}\n' node
is "$status:$(rows node)" '0:1|2| 2|3| 3|1| 4|4| ' 'rows that point to each other in a circle'
load '{"id":5,"next":6}\n{"id":7,"next":99}\n{"id":6,"next":5}\n{"id":8,"next":1}\n{"id":1,"next":98}\n{"id":2,"next":3,"v":7}\n' node --rejects r1 -v
is "$status:$(jq -c .id r1 | sort | tr '\n' ' '):$(rows node)" '1:1 7 :1|2| 2|3|7 3|1| 4|4| 5|6| 6|5| 8|1| ' 'of many just those that point nowhere are set aside'
is "$(jq -r '._sync.error | .code + " " + .message' r1 | sort -u | head -n 1 | cut -c 1-60)" 'constraint insert or update on table "node" violates foreign' "with the server's words"
err_has '6 records: 3 inserted, 1 updated, 0 unchanged, 0 deleted, 2 set aside' 'and counted'
load '{"id":9,"next":97}\n' node
is "$status:$(pg 'select count(*) from node')" 3:7 'without --rejects the run fails'
load '{"_sync":{"op":"delete"},"id":4}\n{"_sync":{"op":"delete"},"id":2}\n' node --rejects r2 --max-delete 100%
is "$status:$(jq -c .id r2):$(pg 'select count(*) from node')" 1:2:6 'a row that others point to is not deleted, another is'
{ seq 1000 60000 | jq -c '{id: ., next: (. + 1)}'; echo '{"id":60001,"next":60002}'; } >in
run timeout 60 sh -c 'sync-load "$PGURI" node --rejects r3 <in'
is "$status:$(pg 'select count(*) from node where id >= 1000')" 3:0 'a long chain whose end is bad fails as a whole'
err_has 'too many records for a constraint that is checked at the commit: insert or update on table' 'with a word for it'
sed -i '$d' in; echo '{"id":60001,"next":1000}' >>in
run timeout 60 sh -c 'sync-load "$PGURI" node <in'
is "$status:$(pg 'select count(*) from node where id >= 1000')" 0:59002 'and loaded where it is a circle, over several batches'

pg "create table a(id int primary key, b int); create table b(id int primary key, a int references a deferrable); alter table a add foreign key (b) references b deferrable initially deferred"
stream part '{"_sync":{"stream":"a"},"id":1,"b":1}' '{"_sync":{"stream":"b"},"id":1,"a":1}' '{"_sync":{"stream":"a"},"id":2,"b":2}' '{"_sync":{"stream":"b"},"id":3,"a":9}' \
	'{"_sync":{"stream":"b"},"id":2,"a":2}' '{"_sync":{"stream":"a"},"id":4,"b":8}'
run timeout 60 sh -c 'sync-load "$PGURI" --rejects r4 <in'
is "$status:$(rows a):$(rows b):$(jq -c .id r4 | sort | tr '\n' ' ')" '1:1|1 2|2 :1|1 2|2 :3 4 ' 'streams that point to each other'
stream full '{"_sync":{"stream":"a"},"id":1,"b":1}' '{"_sync":{"stream":"b"},"id":1,"a":1}'
run timeout 60 sh -c 'sync-load "$PGURI" --mode mirror <in'
is "$status:$(rows a):$(rows b)" '0:1|1 :1|1 ' 'a mirror of them'
stream full '{"_sync":{"stream":"a"},"id":1,"b":1}' '{"_sync":{"stream":"b"},"id":1,"a":1}' '{"_sync":{"stream":"a"},"id":5,"b":5}'
run timeout 60 sh -c 'sync-load "$PGURI" --mode mirror --rejects r5 <in'
is "$status:$(rows a):$(jq -c .id r5)" '1:1|1 :5' 'a mirror with one that points nowhere'

pg "create table u(id int primary key, v int unique deferrable initially deferred, w text)"
load '{"id":1,"v":1}\n{"id":2,"v":2}\n' u
load '{"id":1,"v":2}\n{"id":2,"v":1}\n{"id":3,"v":1}\n{"id":4,"v":4}\n' u --rejects r6
is "$status:$(pg 'select count(*) from u where id in (1, 2, 4)'):$(jq -s length r6)" 1:3:1 'unique values that are checked at the commit'
pg "create table ct(id int primary key, v int); create function odd() returns trigger language plpgsql as \$\$begin
	if (select v from ct where id = new.id) % 2 = 1 then raise exception 'odd %', new.v; end if; return null; end\$\$;
	create constraint trigger odd after insert or update on ct deferrable initially deferred for each row execute function odd()"
load '{"id":1,"v":2}\n{"id":2,"v":3}\n{"_sync":{"op":"update"},"id":1,"v":5}\n{"id":3,"v":3}\n{"_sync":{"op":"update"},"id":3,"v":4}\n' ct --rejects r7
is "$status:$(rows ct):$(jq -r '._sync.error.message' r7 | sort | tr '\n' ' ')" '1:1|2 3|4 :odd 3 odd 5 ' 'triggers that run at the commit'
load '{"_sync":{"op":"update","key":{"id":3}},"id":4,"v":7}\n{"_sync":{"op":"update","key":{"id":1}},"id":5}\n' ct --rejects r8 -v
is "$status:$(rows ct):$(jq -c .id r8)" '1:3|4 5|2 :4' 'keys that move'
err_has '0 inserted, 1 updated, 0 unchanged, 0 deleted, 1 set aside' 'are counted if they did'

# ---- between checkpoints
seq 1 3 | jq -c '{id: ., v: 2}' >n.ndjson
run timeout 60 sh -c 'sync-extract n.ndjson --state "$PGURI#j" | sync-load "$PGURI" ct --key id --state "$PGURI#j" --rejects r9'
echo '{"id":4,"v":9}' >>n.ndjson
run timeout 60 sh -c 'sync-extract n.ndjson --state "$PGURI#j" | sync-load "$PGURI" ct --key id --state "$PGURI#j" --rejects r9'
is "$status:$(jq -c .id r9):$(pg "select generation from _sync_state where job='j'")" 1:4:2 'the state goes on behind what was set aside'
finish
