#!/bin/sh
# conformance-postgresql.t: PostgreSQL's connector keeps the contract, by scripts/check-connector.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/check.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-load-postgresql" ] || ! pg_start; then
	skip 1 'PostgreSQL: no server here, or no connector'
	finish
fi
cat >cut.sql <<'END'
select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'
END
check postgresql "$PGURI" --stream t --fresh "psql -Xq -c 'drop table if exists t, _sync_state'" --away 'postgresql:///x?host=/nowhere' \
	--refused "postgresql://nobody@/postgres?host=$PGHOST" --cut "psql -XAtq -f $T/cut.sql"
finish
