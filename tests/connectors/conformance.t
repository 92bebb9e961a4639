#!/bin/sh
# conformance.t: every connector keeps the contract, by scripts/check-connector.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
. "$ROOT/tests/connectors/redis.sh"
. "$ROOT/tests/connectors/mongodb.sh"
check() {
	name=$1
	shift
	"$ROOT/scripts/check-connector" "$@" >"$T/tap" 2>"$T/tap.err"
	sed -n "s/^ok [0-9]* /ok /p; s/^not ok [0-9]* /not ok /p; /^#/p" "$T/tap" >"$T/lines"
	while IFS= read -r line; do
		case $line in
		'ok # SKIP'*) skip 1 "$name: ${line#ok # SKIP }" ;;
		ok*) pass "$name${line#ok}" ;;
		not*) fail "$name${line#not ok}" "$(sed -n '/^not ok/,/^ok/p' "$T/tap" | head -n 12)" ;;
		esac
	done <"$T/lines"
	[ -s "$T/lines" ] || fail "$name: the checks ran" "$(cat "$T/tap.err")"
}
check sqlite "$T/c.db" --stream t --fresh "rm -f $T/c.db*"
check ndjson "$T/c.ndjson" --fresh "rm -f $T/c.ndjson*"
check json "$T/c.json" --fresh "rm -f $T/c.json*"
check csv "$T/c.csv" --text --fresh "rm -f $T/c.csv*"
check zstd "$T/c.ndjson.zst" --fresh "rm -f $T/c.ndjson.zst*"
if [ -x "$BUILD/libexec/sync/sync-load-postgresql" ] && pg_start; then
	check postgresql "$PGURI" --stream t --fresh "psql -Xq -c 'drop table if exists t'" --away 'postgresql:///x?host=/nowhere' \
		--refused "postgresql://nobody@/postgres?host=$PGHOST"
else
	skip 1 'PostgreSQL: no server here, or no connector'
fi
if [ -x "$BUILD/libexec/sync/sync-load-redis" ] && redis_start; then
	check redis "$REDIS" --load '--key-template=t:{id}' --extract '--key-template=t:{id}' --fresh 'redis-cli flushall' --away 'redis:///0?host=/nowhere'
	check redis-json "$REDIS" --load '--key-template=t:{id}' --load --as=json --extract '--key-template=t:{id}' --fresh 'redis-cli flushall'
else
	skip 1 'Redis: no server here, or no connector'
fi
kinds=$(mongodb_kinds)
[ -x "$BUILD/libexec/sync/sync-load-mongodb" ] || kinds=
for kind in $kinds; do
	[ "$kind" != ferretdb ] || continue	# which knows no decimal numbers
	mongodb_start "$kind" || { fail "a server of kind $kind starts"; continue; }
	check "mongodb ($kind)" "$MONGODB" --stream t --fresh "sync-load --plain --mode mirror --allow-empty --max-delete 100% '$MONGODB' t </dev/null" \
		--extract --key=id --extract '--query={"projection":{"_id":0}}' --away 'mongodb://127.0.0.1:1/x'
	mongodb_stop
done
[ -n "$kinds" ] || skip 1 'MongoDB: no server here (scripts/test-servers builds some where Go or Java are), or no connector'
finish
