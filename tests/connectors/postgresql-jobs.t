#!/bin/sh
# postgresql-jobs.t: PostgreSQL read by several processes, and first reads that are broken off and go on.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-extract-postgresql" ] || ! pg_start; then
	skip 1 'PostgreSQL: no server here, or no connector'
	finish
fi
sessions() { pg "select count(*) from pg_stat_activity where application_name='syncline'"; }
no_sessions() { until_true 20 sh -c '[ "$(psql -XAtqc "select count(*) from pg_stat_activity where application_name='\''syncline'\''")" = 0 ]' && pass "$1" || fail "$1" "$(sessions)"; }

# ---- ranges of blocks
pg "create table big(id int primary key, v text, at timestamptz default now()); insert into big select i, repeat(md5(i::text), 6) from generate_series(1, 60000) i
	; delete from big where id % 7 = 0; insert into big select i, 'late' from generate_series(100001, 100100) i; create table small as select * from big limit 5
	; create table parts(id int, k int, v text) partition by list (k); create table parts0 partition of parts for values in (0)
	; create table \"parts \"\"1\"(v text, gone int, id int, k int); alter table \"parts \"\"1\" drop column gone; alter table parts attach partition \"parts \"\"1\" for values in (1)
	; create table parts2 partition of parts for values in (2) partition by range (id); create table parts21 partition of parts2 for values from (0) to (50000)
	; create table parts22 partition of parts2 default; insert into parts select i, i % 3, repeat('x', 200) from generate_series(1, 60000) i
	; create view seen as select * from big; create materialized view kept as select * from big
	; create table mother(id int, v text); create table child(extra int) inherits(mother); insert into mother select i, repeat('m', 200) from generate_series(1, 30000) i
	; insert into child select i, repeat('c', 200), i from generate_series(30001, 60000) i; analyze"
for t in big small parts seen kept mother; do
	run sync-extract "$PGURI" $t --jobs 3 -v
	is "$status:$(grep -c 'read by 3 processes' err)" "0:$(case $t in small | seen) echo 0 ;; *) echo 1 ;; esac)" "$t by jobs"
	is "$(grep -v '^{"_sync"' out | jq -r '"\(.id)|\(.v)"' | sort | md5sum)" "$(pg "select id, v from $t" | sort | md5sum)" 'has every row once, whole'
	is "$(tail -n 1 out | jq -c ._sync.count)" "{\"$t\":$(pg "select count(*) from $t")}" 'and counts them'
done
run sync-extract "$PGURI" --jobs 2
is "$status:$(grep -v '"op":' out | jq -r ._sync.stream | uniq | sort | tr '\n' ' ')" '0:big child mother parts small ' 'all tables, one after the other'
is "$(tail -n 1 out | jq -c '._sync.count | [.mother, .child]')" '[30000,30000]' 'rows of those that inherit are read with their own table'
run sh -c 'for i in 1 2 3; do sync-extract "$PGURI" big --jobs 2 --shard $i/3 --plain; done | jq .id | sort -n | md5sum'
out_is "$(pg 'select id from big order by id' | md5sum)" 'shards of parts'
run sync-extract "$PGURI" big --jobs 2 --keys --plain
is "$(head -n 1 out | jq -c keys):$(wc -l <out)" "[\"id\"]:$(pg 'select count(*) from big')" 'keys of parts'
run sync-extract "$PGURI" --stream q --query 'select 1' --jobs 2
status_is 2 'a query has no ranges'
run sync-extract "$PGURI" big --jobs 65
status_is 2 'there is an end to --jobs'
no_sessions 'no session stays'
pg "create role locked login password 'geheim?x'; grant select on big to locked" && sed '1i local all locked scram-sha-256' "$T/pg/data/pg_hba.conf" >hba && cat hba >"$T/pg/data/pg_hba.conf" && pg 'select pg_reload_conf()' >/dev/null
echo "db postgresql://locked:geheim%3Fx@/postgres?host=$PGHOST" >endpoints
chmod 600 endpoints
until_true 10 sh -c '! psql -XAtqw -U locked -c "select 1"'
run env SYNC_ENDPOINTS="$T/endpoints" sync-extract @db big --jobs 2
is "$status:$(tail -n 1 out | jq -c ._sync.count.big)" "0:$(pg 'select count(*) from big')" 'each process has the password'

# one moment: what is written meanwhile isn't seen by any
mkfifo slow
sync-extract "$PGURI" big --jobs 3 --plain >slow 2>err &
pid=$!
exec 3<slow
head -c 100000 <&3 >out
pg "update big set v='new'; insert into big select i, 'new' from generate_series(200001, 210000) i"
cat <&3 >>out
exec 3<&-
wait $pid
is "$(grep -c '"new"' out):$(wc -l <out)" "0:$(pg "select count(*) from big where id < 200000")" 'all read as of one moment'

# a row that can't be read is set aside wherever it is
pg "update big set v=repeat('y', 2000) where id in (5, 30001, 59999)"
run sync-extract "$PGURI" big --jobs 3 --max-record 1000
is "$status" 3 'a row that is too long ends it'

run sync-extract "$PGURI" big --jobs 3 --max-record 1000 --rejects aside
is "$status:$(jq -r ._sync.error.code aside | uniq -c | tr -s ' '):$(tail -n 1 out | jq -c ._sync.aside)" '1: 3 too-long:{"big":3}' 'or is set aside'

# ---- failures
held() {	# a read that waits for its reader, by three processes
	rm -f slow
	mkfifo slow
	sync-extract "$PGURI" parts --jobs 3 >slow 2>err &
	pid=$!
	exec 3<slow
	until_true 20 sh -c '[ "$(psql -XAtqc "select count(*) from pg_stat_activity where application_name='\''syncline'\'' and query like '\''COPY%'\''")" = 3 ]'
}
ends() { exec 3<&-; wait $pid 2>/dev/null; status=$?; }
held
kill -KILL "$(pgrep -P $pid | head -n 1)"
cat <&3 >out
ends
status_is 3 'a process of its that is killed ends it'
err_has 'ended by signal 9' 'and is told'
is "$(tail -n 1 out | jq -c '._sync | [.op, .status]')" '["end",3]' 'downstream too'
no_sessions 'no session stays'
held
pg "select pg_terminate_backend(pid) from pg_stat_activity where application_name='syncline' and query like 'COPY%' limit 1" >/dev/null
cat <&3 >out
ends
status_is 75 'a connection that is cut'
no_sessions 'no session stays'
held
others=$(pgrep -P $pid)
ends
is "$status" 141 'a reader that goes away'
no_sessions 'no session stays'
ok 'nor a process' until_true 10 sh -c "for p in $(echo $others); do ! kill -0 \$p 2>/dev/null || exit 1; done"
held
others=$(pgrep -P $pid)
kill -KILL $pid
ends
no_sessions 'killed, it leaves no session'
ok 'nor a process' until_true 10 sh -c "for p in $(echo $others); do ! kill -0 \$p 2>/dev/null || exit 1; done"

# ---- a first read that is broken off, more than once, and written to meanwhile
go_on() { sync-extract "$PGURI" $1 --cursor $2 --state $1.$2.state | sync-load $1.$2.ndjson --mode append --state $1.$2.state; }
broken_off() { SYNC_CHECKPOINT_MS=0 sync-extract "$PGURI" $1 --cursor $2 --state $1.$2.state | head -n $((600 + $$ % 1300)) | sync-load $1.$2.ndjson --mode append --state $1.$2.state; }
pg "create type mood as enum ('z', 'a', 'm'); create collation odd (provider=icu, locale='en-u-ks-level2-kf-upper')"
citext=text
pg 'create extension citext' 2>/dev/null && citext=citext
resumed() {	# NAME 'COLUMNS' 'KEY' 'SELECT' 'MOVE'
	pg "create table $1($2, n int, at timestamptz default now(), primary key ($3)); insert into $1 select $4, i from generate_series(1, 6000) i"
	until_true 20 sh -c "[ \$(sync-extract '$PGURI' $1 --cursor at | grep -vc '\"_sync\"') = 6000 ]"
	for c in xmin at; do
		run broken_off $1 $c
		had=$(wc -l <$1.$c.ndjson)
		is "$status:$([ "$had" -gt 0 ] && [ "$had" -lt 6000 ] && echo some)" 3:some "$1 by $c: broken off with some rows"
	done
	pg "update $1 set $5, at=now() where n % 100 = 1; delete from $1 where n % 100 = 2; insert into $1 select $4, i from generate_series(10001, 10100) i"
	for c in xmin at; do
		run broken_off $1 $c
		is "$status:$([ $(wc -l <$1.$c.ndjson) -gt "$had" ] && echo more)" 3:more 'again, with some more'
	done
	pg "update $1 set at=now() where n % 100 = 3; delete from $1 where n % 100 = 4"
	for c in xmin at; do
		run go_on $1 $c
		is "$status:$(jq -c .n $1.$c.ndjson | sort | uniq -d)" 0: "by $c it goes on, no row twice"
		until_true 20 sh -c "sync-extract '$PGURI' $1 --cursor $c --state $1.$c.state 2>/dev/null | sync-load $1.$c.ndjson --mode append --state $1.$c.state &&
			[ \$(jq -c 'select(.n % 100 == 1 or .n % 100 == 3 or .n > 10000).n' $1.$c.ndjson | sort -u | wc -l) = 219 ]"
		is "$(jq -c 'select(.n % 100 != 2 and .n % 100 != 4 or .n > 10000).n' $1.$c.ndjson | sort -u | wc -l):$(jq -r .n $1.$c.ndjson | sort | uniq -d | grep -vc '[03][13]$\|^[13]$')" \
			"$(pg "select count(*) from $1 where n % 100 not in (2, 4) or n > 10000"):0" 'every row is there, and none twice that was not written twice'
	done
}
resumed ints 'id int' id i 'id = -id'
resumed texts "a text collate odd, b varchar(20), m mood" 'm, a, b' "chr(65 + i % 50) || i / 100, i::text, (array['z','a','m'])[1 + i % 3]::mood" "m = 'm', b = 'moved ' || b"
resumed uuids 'id uuid, c char(4)' 'id, c' "md5(i::text)::uuid, (i % 7)::text" "c = 'x'"
resumed others "t timestamp, d numeric(12,3), f float8, c $citext" 't, d, f, c' "timestamp '0003-01-01 BC' + interval '1 hour' * (i / 3), i / 7.0, i / 3.0, chr(97 - 32 * (i % 2) + i % 26) || i" 'd = -d'
pg 'create table again as select * from ints; alter table again add primary key (id)'
run broken_off again xmin
pg 'alter table again drop constraint again_pkey, add primary key (n)'
run sync-extract "$PGURI" again --cursor xmin --state again.xmin.state
is "$status:$(grep -c 'is another now' err)" 3:1 'a key that is another one now is told'
finish
