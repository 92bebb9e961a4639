#!/bin/sh
# postgresql-load-replace.t: tables bound by foreign keys are replaced in one run, in whatever order they come.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-load-postgresql" ] || ! pg_start; then
	skip 1 'PostgreSQL: no connector or no server here'
	finish
fi
rows() { pg "select * from $1 order by 1" | tr '\n' ' '; }
full() { # lines of records on standard input
	jq -sc '{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":"full"}}, .[],
		{"_sync":{"op":"end","count":(map(._sync | select(.op != "schema") | .stream) | group_by(.) | map({key: .[0], value: length}) | from_entries)}}' >in
}
tables() {
	pg "set client_min_messages = error; drop table if exists c, p; create table p(id int primary key, v text); create table c(id int primary key, p int references p$1, boss int references c, v text);
		insert into p select i, 'old' from generate_series(1, 5) i; insert into c select i, i, null, 'old' from generate_series(1, 5) i"
}
p='{"_sync":{"stream":"p"},"id":1,"v":"new"}{"_sync":{"stream":"p"},"id":9,"v":"new"}'
c='{"_sync":{"stream":"c"},"id":1,"p":9,"boss":2,"v":"new"}{"_sync":{"stream":"c"},"id":2,"p":1,"v":"new"}'
for keys in '' ' on delete cascade' ' on delete restrict' ' deferrable initially deferred'; do
	for order in "$p$c" "$c$p"; do
		tables "$keys"
		printf '%s' "$order" | full
		run sh -c 'sync-load "$PGURI" --mode replace -v <in'
		is "$status:$(rows p):$(rows c)" '0:1|new 9|new :1|9|2|new 2|1||new ' "parent and child are replaced, keys$keys, first ${order%%\},*}"
		err_has '4 inserted' 'and counted'
	done
done
tables ''
sync-extract "$PGURI" p c >backup.ndjson
pg "update c set v = 'changed'; delete from c where id < 3; insert into p values(7, 'later'); insert into c values(8, 7)"
run sh -c 'sync-load "$PGURI" --mode replace <backup.ndjson'
is "$status:$(rows p):$(rows c)" '0:1|old 2|old 3|old 4|old 5|old :1|1||old 2|2||old 3|3||old 4|4||old 5|5||old ' 'a backup is restored over rows that have changed'
run sh -c 'sync-load "$PGURI" --mode replace <backup.ndjson'
status_is 0 'and once more'

# ---- what can't be
printf '%s' '{"_sync":{"stream":"p"},"id":1}' | full
run sh -c 'sync-load "$PGURI" --mode replace <in'
is "$status:$(pg 'select count(*) from p')" 3:5 'rows of a table that does not come keep those that they point to'
err_has 'violates foreign key constraint "c_p_fkey"' 'and say so'
printf '%s' "$c"'{"_sync":{"stream":"c"},"id":3,"p":77}'"$p" | full
run sh -c 'sync-load "$PGURI" --mode replace --accept-part --rejects r <in'
is "$status:$(rows p):$(rows c):$(jq -c .id r)" '1:1|new 9|new :1|9|2|new 2|1||new :3' 'a row that points nowhere is set aside'
run sh -c 'sync-load "$PGURI" --mode replace --rejects r2 <in'
is "$status:$(rows c)" '3:1|9|2|new 2|1||new ' 'and without --accept-part nothing is changed'
printf '%s' '{"_sync":{"op":"schema","stream":"p","schema":{}}}{"_sync":{"op":"schema","stream":"c","schema":{}}}' | full
run sh -c 'sync-load "$PGURI" --mode replace --allow-empty <in'
is "$status:$(rows p):$(rows c)" '0::' 'both are emptied where no record comes'

# ---- a row within the same table, in another batch
pg "create table tree(id int primary key, up int references tree, v text); insert into tree values(1, null)"
jq -nc '("x" * 30000) as $v | range(400; 0; -1) | {id: ., up: (if . > 1 then . - 1 else null end), $v}' >tree.ndjson
run sh -c 'sync-extract tree.ndjson | sync-load "$PGURI" --mode replace -v'
is "$status:$(pg 'select count(*), max(up) from tree')" '0:400|399' 'a row may come batches before the one that it points to'

# ---- the commit's check finds a bad row, and records are given again
pg "create table d(id int primary key, u int unique deferrable initially deferred); insert into d values(1, 1);
	create table e(id int primary key, v text); insert into e values(1, 'old'), (2, 'old')"
printf '%s' '{"_sync":{"stream":"d"},"id":1,"u":5}{"_sync":{"stream":"d"},"id":2,"u":5}{"_sync":{"stream":"e"},"id":2,"v":"new"}' | full
run sh -c 'sync-load "$PGURI" --mode replace --accept-part --rejects r3 <in'
is "$status:$(rows d):$(rows e):$(jq -c .id r3)" '1:1|5 :2|new :2' 'what went meanwhile stays gone'
finish
