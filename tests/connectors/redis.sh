# redis.sh: a Redis server of the test's own, for tests that source cli/lib.sh.
#
#   redis_start     starts it in $T/redis, reached by a socket there; REDIS is its address. 1 where there is none.
#   redis_stop      stops it (done at the end, too)
#   redis ARG…      redis-cli, which finds it by itself in what a man page shows
redis_start() {
	command -v redis-server >/dev/null && command -v redis-cli >/dev/null || return 1
	mkdir -p "$T/redis"
	redis-server --port 0 --unixsocket "$T/redis/s" --dir "$T/redis" --save '' --daemonize yes --pidfile "$T/redis/pid" "$@" >"$T/redis/log" || return 1
	until_true 20 redis-cli -s "$T/redis/s" ping || return 1
	trap 'redis_stop; [ ! -d "$T/pg" ] || pg_stop; [ ! -d "$T/mongodb" ] || mongodb_stop; rm -rf "$T"' EXIT
	REDIS="redis:///0?host=$T/redis/s"
	# redis-cli as a user's shell would have it, with the server's address in its options
	mkdir -p "$T/bin"
	printf '#!/bin/sh\nexec %s -s %s "$@"\n' "$(command -v redis-cli)" "$T/redis/s" >"$T/bin/redis-cli"
	chmod +x "$T/bin/redis-cli"
	PATH=$T/bin:$PATH
	export REDIS PATH
}

redis_stop() { redis-cli -s "$T/redis/s" shutdown nosave >/dev/null 2>&1; }

redis() { redis-cli -s "$T/redis/s" "$@"; }
