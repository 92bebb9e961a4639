#!/bin/sh
# connect.t: a connection that fails for a reason that may pass is tried again a few times, one that is refused is not.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
. "$ROOT/tests/connectors/redis.sh"
# relay.py SOCKET TARGET N: breaks off the first N connections, relays the others, and counts all in SOCKET.count
cat >relay.py <<'END'
import os, socket, sys, threading
path, target, broken = sys.argv[1], sys.argv[2], int(sys.argv[3])
server = socket.socket(socket.AF_UNIX)
server.bind(path + '.new')
server.listen(16)
os.rename(path + '.new', path)
def pump(a, b):
    try:
        while True:
            piece = a.recv(65536)
            if not piece:
                break
            b.sendall(piece)
    except OSError:
        pass
    try:
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass
n = 0
while True:
    client, _ = server.accept()
    n += 1
    with open(path + '.count', 'w') as f:
        f.write(str(n))
    if n <= broken:
        client.close()
        continue
    onward = socket.socket(socket.AF_UNIX)
    onward.connect(target)
    for a, b in ((client, onward), (onward, client)):
        threading.Thread(target=pump, args=(a, b), daemon=True).start()
END
relays=''
relay() {
	rm -f "$1" "$1.count"
	python3 relay.py "$@" &
	relays="$relays $!"
	until_true 20 test -S "$1"
}
if [ -x "$BUILD/libexec/sync/sync-extract-postgresql" ] && pg_start; then
	pg 'create table t(id int primary key); insert into t values (1)'
	mkdir via
	relay via/.s.PGSQL.5432 "$T/pg/.s.PGSQL.5432" 2
	run sync-extract "postgresql://tester@/postgres?host=$T/via" t
	status_is 0 'PostgreSQL: a connection that was broken off is tried again'
	silent 'without a word'
	relay via/.s.PGSQL.5432 "$T/pg/.s.PGSQL.5432" 100
	run sync-extract "postgresql://tester@/postgres?host=$T/via" t
	status_is 75 'and in the end given up'
	is "$(wc -l <err)" 1 'with one message'
	relay via/.s.PGSQL.5432 "$T/pg/.s.PGSQL.5432" 0
	run sync-extract "postgresql://nobody@/postgres?host=$T/via" t
	status_is 2 'who is refused'
	ok 'is not tried again' test "$(cat via/.s.PGSQL.5432.count)" -le 3	# one may ask whether the server is there
else
	skip 1 'PostgreSQL: no server here, or no connector'
fi
if [ -x "$BUILD/libexec/sync/sync-extract-redis" ] && redis_start; then
	redis set a 1 >/dev/null
	relay r "$T/redis/s" 2
	run sync-extract "redis:///0?host=$T/r"
	status_is 0 'Redis: a connection that was broken off is tried again'
	silent 'without a word'
	is "$(cat r.count)" 3 'until it stands'
	redis config set requirepass right >/dev/null
	relay r "$T/redis/s" 1
	printf 'right redis:///0?password=right&host=%s/r\nwrong redis:///0?password=wrong&host=%s/r\n' "$T" "$T" >endpoints
	chmod 600 endpoints
	run env SYNC_ENDPOINTS="$T/endpoints" sync-extract @right
	status_is 0 'with its password'
	relay r "$T/redis/s" 0
	run env SYNC_ENDPOINTS="$T/endpoints" sync-extract @wrong
	status_is 2 'who is refused'
	is "$(cat r.count)" 1 'is not tried again'
	REDISCLI_AUTH=right redis config set requirepass '' >/dev/null
	relay r "$T/redis/s" 100
	run sync-extract "redis:///0?host=$T/r"
	status_is 75 'what stays broken is given up'
	is "$(cat r.count)" 4 'after four tries'
else
	skip 1 'Redis: no server here, or no connector'
fi
kill $relays
finish
