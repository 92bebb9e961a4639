#!/bin/sh
# postgresql-minute.t: four writers commit out of order for a minute, one transaction is held open for ten seconds, and deltas
# run every second by xmin, by now() and by clock_timestamp(), side by side. MINUTE=N takes N seconds (release 60, else 20).
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-extract-postgresql" ] || ! pg_start || ! [ -x "$pg_bin/pgbench" ]; then
	skip 1 'PostgreSQL: no server here, no pgbench, or no connector'
	finish
fi
minute=${MINUTE:-$([ "${SYNC_TEST_PROFILE:-release}" = release ] && echo 60 || echo 20)}
pg "create sequence ids; create table g(id int primary key, v int not null default 1, by_now timestamptz default now(), by_clock timestamptz default clock_timestamp())"

# inserts rows around a pause and changes one of its own; some are rolled back, some prepared
cat >writer.sql <<'END'
\set pause random(1, 400)
\set kind random(1, 20)
\set back random(1, 200)
begin;
insert into g(id) values (nextval('ids') * 4 + :client_id);
\sleep :pause ms
update g set v = v + 1, by_now=now(), by_clock=clock_timestamp() where id = (select last_value - :back from ids) * 4 + :client_id;
savepoint s;
insert into g(id) values (nextval('ids') * 4 + :client_id);
\if :kind = 1
rollback;
\elif :kind = 2
prepare transaction 'p:client_id';
\sleep :pause ms
commit prepared 'p:client_id';
\else
\if :kind > 17
rollback to s;
\endif
insert into g(id) values (nextval('ids') * 4 + :client_id);
commit;
\endif
END
writers() { "$pg_bin/pgbench" -n -c 4 -j 2 -T "$minute" -f writer.sql >writers.log 2>&1 || { cat writers.log; echo writers; } >>failed; }
delta() { sync-extract "$PGURI" g --cursor $1 --state $1.state 2>>$1.err | sync-load $1.ndjson --mode append --state $1.state; }
deltas() {
	until [ -e "$T/over" ]; do
		delta $1 || echo "delta $1" >>"$T/failed"
		echo >>$1.runs
		sleep 1
	done
}
writers & pids=$!
echo "select pg_sleep($minute / 4.0); begin; insert into g(id) values (-7); select pg_sleep($minute / 6.0); insert into g(id) values (-8); update g set v = v + 1, by_now=now(), by_clock=clock_timestamp() where id=-7; commit;" |
	psql -XAtq -v ON_ERROR_STOP=1 >/dev/null & pids="$pids $!"
for c in xmin by_now by_clock; do deltas $c & readers="${readers-} $!"; done
wait $pids
touch over
wait $readers
ok "$(pg 'select count(*) from g') rows are written, and all runs end well" sh -c "! cat failed 2>/dev/null"
pg 'select id, v from g order by id' | tr '|' ' ' >rows
for c in xmin by_now by_clock; do
	last() { jq -r '"\(.id) \(.v)"' $c.ndjson | awk '{ v[$1] = $2 } END { for (i in v) print i, v[i] }' | sort -n; }
	i=0
	until last | cmp -s - rows || [ $i = 100 ]; do
		i=$((i + 1))
		delta $c || fail "the last delta by $c"
		sleep 0.1
	done
	is "$(last | diff - rows | head -n 5)" '' "by $c every row has come as it is, in $(wc -l <$c.runs) deltas"
	is "$(jq -r '"\(.id) \(.v)"' $c.ndjson | sort | uniq -d | head -n 5)" '' '…and each once, as it was written'
	size=$(wc -l <$c.ndjson)
	delta $c
	is "$(wc -l <$c.ndjson)" "$size" '…and nothing more comes'
done
finish
