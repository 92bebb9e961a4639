# mongodb.sh: MongoDB servers of the test's own, for tests that source cli/lib.sh.
#
#   mongodb_kinds       the kinds of servers that there are here, a word each: mongod, uri, ferretdb, java
#   mongodb_start KIND  starts one in $T/mongodb; MONGODB is its address with a fresh database in it. 1 where it can't be.
#   mongodb_stop        stops it (done at the end, too)
#   mongodb_want PROGRAM   $kinds are those; where there is none, or no such connector, the test ends as skipped
#   mongodb_part LINES  a framed stream of scope part, of these lines (printf's format)
#   mongodb_client ARG...  mongo_client.py on that server and database, which MONGODB_AT and MONGODB_DB name
#
# mongod is one on PATH; uri is SYNC_TEST_MONGODB=URI, a server that others use as well, where a database of the test's own is
# made; ferretdb and java are built by scripts/test-servers.
mongodb_where=$("$ROOT/scripts/test-servers" --where)

mongodb_kinds() {
	! command -v mongod >/dev/null || echo mongod
	[ -z "${SYNC_TEST_MONGODB-}" ] || echo uri
	[ ! -x "$mongodb_where/ferretdb" ] || echo ferretdb
	if [ -e "$mongodb_where/java/MongoServer.class" ] && command -v java >/dev/null; then echo java; fi
}

# mongodb_at: HOST:PORT of SYNC_TEST_MONGODB; 1 where it is no plain one, without users and options, which mongo_client.py knows nothing of
mongodb_at() {
	case $SYNC_TEST_MONGODB in
	*[@,?]* | mongodb+srv:*) return 1 ;;
	esac
	at=${SYNC_TEST_MONGODB#mongodb://}
	at=${at%%/*}
	case $at in
	*:*) echo "$at" ;;
	*) echo "$at:27017" ;;
	esac
}

mongodb_want() {
	kinds=$(mongodb_kinds)
	case $kinds in
	*uri*)
		if ! mongodb_at >/dev/null; then
			skip 1 "SYNC_TEST_MONGODB has a user or options, which the tests' own client can't follow"
			kinds=$(echo "$kinds" | grep -v uri)
			[ -n "$kinds" ] || { finish; exit; }
		fi ;;
	esac
	if [ -z "$kinds" ] || ! [ -x "$BUILD/libexec/sync/$1" ]; then
		skip 1 'no MongoDB server here (scripts/test-servers builds some where Go or Java are), or no connector'
		finish
		exit
	fi
}

mongodb_part() {
	echo '{"_sync":{"op":"begin","format":1,"run":"1","scope":"part"}}'
	# shellcheck disable=SC2059
	printf "$1"
	# shellcheck disable=SC2059
	echo '{"_sync":{"op":"end","count":{"":'"$(printf "$1" | wc -l)"'}}}'
}

mongodb_client() { python3 "$ROOT/tests/connectors/mongo_client.py" "$MONGODB_AT" "$MONGODB_DB" "$@"; }

# mongodb_run COMMAND...: in the background; its process is kept
mongodb_run() {
	"$@" >"$T/mongodb/log" 2>&1 &
	echo $! >"$T/mongodb/pid"
}

mongodb_start() {
	mkdir -p "$T/mongodb/data"
	rm -f "$T/mongodb/data/address"
	case $1 in
	mongod)
		port=$(free_port)
		mongodb_run mongod --dbpath "$T/mongodb/data" --bind_ip 127.0.0.1 --port "$port" --nounixsocket
		echo "127.0.0.1:$port" >"$T/mongodb/data/address" ;;
	ferretdb) mongodb_run "$mongodb_where/ferretdb" "$T/mongodb/data" ${2+"$2"} ;;
	java) mongodb_run java -Xmx512m -XX:+UseSerialGC -cp "$mongodb_where/java/*:$mongodb_where/java" MongoServer "$T/mongodb/data" ${2+"${2##*:}"} ;;
	uri)
		MONGODB=${SYNC_TEST_MONGODB%%\?*}
		MONGODB_DB=sync_test_$$
		MONGODB=${MONGODB%/}/$MONGODB_DB
		MONGODB_AT=$(mongodb_at) || MONGODB_AT=
		export MONGODB MONGODB_AT MONGODB_DB
		return ;;
	esac
	trap 'mongodb_stop; [ ! -d "$T/pg" ] || pg_stop; [ ! -d "$T/redis" ] || redis_stop; rm -rf "$T"' EXIT
	until_true 60 test -s "$T/mongodb/data/address" || { cat "$T/mongodb/log" >&2; return 1; }
	MONGODB_AT=$(cat "$T/mongodb/data/address")
	MONGODB_DB=app
	MONGODB="mongodb://$MONGODB_AT/$MONGODB_DB"
	export MONGODB MONGODB_AT MONGODB_DB
	until_true 60 mongodb_answers || { cat "$T/mongodb/log" >&2; return 1; }
}

mongodb_answers() { sync-extract "$MONGODB" >/dev/null 2>&1; }

mongodb_stop() {
	[ -e "$T/mongodb/pid" ] || return 0
	kill -9 "$(cat "$T/mongodb/pid")" 2>/dev/null
	wait "$(cat "$T/mongodb/pid")" 2>/dev/null
	rm -f "$T/mongodb/pid"
}
