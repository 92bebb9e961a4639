#!/bin/sh
# redis-model.t: random streams into Redis, against a model in Python. Seeds stand in what fails.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/redis.sh"
if ! [ -x "$BUILD/libexec/sync/sync-load-redis" ] || ! redis_start; then
	skip 1 'Redis: no connector, or no server here'
	finish
fi
for first in 0 100 200; do
	ok "seeds $first and 99 on" python3 "$ROOT/tests/connectors/redis_model.py" "$T/redis/s" $first 100
done
finish
