#!/bin/sh
# conformance-redis.t: Redis's connector keeps the contract, by scripts/check-connector.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/check.sh"
. "$ROOT/tests/connectors/redis.sh"
if ! [ -x "$BUILD/libexec/sync/sync-load-redis" ] || ! redis_start; then
	skip 1 'Redis: no server here, or no connector'
	finish
fi
printf 'wrong redis://nobody:wrong@/0?host=%s/redis/s\n' "$T" >endpoints
chmod 600 endpoints
SYNC_ENDPOINTS=$T/endpoints
export SYNC_ENDPOINTS
check redis "$REDIS" --load '--key-template=t:{id}' --extract '--key-template=t:{id}' --composite '--key-template=t:{id}:{part}' --fresh 'redis-cli flushall' \
	--away 'redis:///0?host=/nowhere' --refused @wrong --cut 'redis-cli client kill type normal'
check redis-json "$REDIS" --load '--key-template=t:{id}' --load --as=json --extract '--key-template=t:{id}' --composite '--key-template=t:{id}:{part}' \
	--fresh 'redis-cli flushall'
finish
