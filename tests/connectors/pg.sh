# pg.sh: a PostgreSQL server of the test's own, for tests that source cli/lib.sh.
#
#   pg_start        starts it in $T/pg, reached by a socket there; PGURI and PGHOST, PGUSER, PGDATABASE say where. 1 where there is none.
#   pg_stop         stops it (done at the end, too)
#   pg SQL…         runs SQL by psql: rows without decoration
#
# SYNC_TEST_POSTGRESQL=URI names a server to use instead: a database of the test's own is made there.
pg_bin() {
	for pg_bin in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V -r) "$(dirname "$(command -v initdb || echo /nowhere/x)")"; do
		[ -x "$pg_bin/initdb" ] && [ -x "$pg_bin/postgres" ] && return 0
	done
	return 1
}

# a server refuses to run as root
pg_as() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid postgres --regid postgres --clear-groups "$@"
	else
		"$@"
	fi
}

pg_start() {
	pg_bin && command -v psql >/dev/null || return 1
	mkdir -p "$T/pg"
	if [ "$(id -u)" = 0 ]; then
		id postgres >/dev/null 2>&1 || return 1
		chmod 711 "$T"
		chown postgres "$T/pg"
	fi
	(cd "$T/pg" && pg_as "$pg_bin/initdb" -D "$T/pg/data" -U tester -A trust -E UTF8 --locale=C --no-sync >"$T/initdb.log" 2>&1) || { cat "$T/initdb.log" >&2; return 1; }
	cat >>"$T/pg/data/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$T/pg'
fsync = off
wal_level = logical
max_connections = 30
max_prepared_transactions = 5
END
	(cd "$T/pg" && pg_as "$pg_bin/pg_ctl" -D "$T/pg/data" -l "$T/pg/log" -w -t 60 start >/dev/null) || { cat "$T/pg/log" >&2; return 1; }
	trap 'pg_stop; [ ! -d "$T/redis" ] || redis_stop; [ ! -d "$T/mongodb" ] || mongodb_stop; rm -rf "$T"' EXIT
	PGHOST=$T/pg PGUSER=tester PGDATABASE=postgres PGURI="postgresql://tester@/postgres?host=$T/pg"
	export PGHOST PGUSER PGDATABASE PGURI
}

pg_stop() { (cd "$T/pg" 2>/dev/null && pg_as "$pg_bin/pg_ctl" -D "$T/pg/data" -m immediate stop >/dev/null 2>&1); }

pg() { psql -XAtq -v ON_ERROR_STOP=1 -c "$*"; }
