#!/bin/sh
# redis.t: Redis as source and target, on a server of the test's own.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/redis.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-extract-redis" ]; then
	skip 1 'Redis: its connector is not built here'
	finish
fi
if ! redis_start; then
	skip 1 'Redis: no server here'
	finish
fi
load() { printf '%b' "$1" >in; shift; run sh -c 'exec sync-load "$REDIS" "$@" <in' - "$@"; }

# ---- keys of every type, there and back
redis set text 'line
two' >/dev/null
redis set number 1.10 PX 10000000 >/dev/null
printf '\377\000x' | redis -x set binary >/dev/null
printf '\377' | redis -x set "$(printf 'k\376y')" >/dev/null
redis hset hash a 1 b '' 'ü' x >/dev/null
printf '\377' | redis -x hset bhash f >/dev/null
python3 -c "
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
def cmd(*a): s.sendall(b'*%d\r\n' % len(a) + b''.join(b'\$%d\r\n%s\r\n' % (len(x), x) for x in a)); s.recv(100)
cmd(b'HSET', b'fields', b'\xff\x01', b'v', b'plain', b'w'); cmd(b'SADD', b'bset', b'\xfe', b'a')" "$T/redis/s"
redis rpush list 1 '' 3 1 >/dev/null
redis sadd set b a c >/dev/null
redis zadd zset 0.1 m 1e400 inf -inf low 3 int 1.7976931348623157e308 big >/dev/null 2>&1
redis zadd zset 0.1 m inf top -inf low 3 int 1.7976931348623157e308 big 5e-324 tiny >/dev/null
redis xadd stream 1-1 f v g w >/dev/null
redis xadd stream 5-0 f '' >/dev/null
redis xgroup create stream readers 1-1 >/dev/null
redis xadd empty 1-1 a b >/dev/null
redis xdel empty 1-1 >/dev/null
redis pfadd hll a b c >/dev/null
redis setbit bits 1000 1 >/dev/null
redis geoadd geo 13.36 38.11 Palermo >/dev/null
run sync-extract "$REDIS"
status_is 0 'keys of every type are read'
cp out all.stream
ok 'as lines of JSON' sh -c 'jq -ce . all.stream >/dev/null'
dumps() { for k in text number binary hash bhash fields list set bset zset stream hll bits geo; do printf '%s ' "$k"; redis --no-raw dump "$k"; done; }
contents() { sync-extract "$REDIS" --plain | sort; }
contents >before
redis flushall >/dev/null
run sync-load "$REDIS" -v <all.stream
err_has ' 16 inserted, 0 updated, 0 unchanged' 'and written'
contents >after
ok 'to be read as they were' cmp before after
is "$(redis pexpiretime number)" "$(grep '"number"' all.stream | jq -r '._sync.expires | sub("\\.(?<ms>[0-9]+)Z"; "Z") | fromdateiso8601' | head -c 10)$(redis pexpiretime number | tail -c 4)" 'with their expiry'
run sync-load "$REDIS" -v <all.stream
err_has ' 0 inserted, 0 updated, 16 unchanged' 'again they are as they should be'
is "$(redis pfcount hll)" 3 'also those that are more than their type says'
redis set text changed >/dev/null
redis del list >/dev/null
redis lpush set2 x >/dev/null
run sync-load "$REDIS" -v --mode mirror <all.stream
contents >after
ok 'a mirror brings all back and deletes the others' cmp before after
run sync-extract "$REDIS" 'h*' --type=hash --plain
is "$(jq -r .key out)" hash 'patterns and types'
load '{"_sync":{"op":"delete"},"key":"text"}\n'
is "$status:$(redis exists text)" 0:0 'a delete'
load '{"key":"x","type":"hash","value":[1]}\n' --rejects r
is "$status:$(jq -r ._sync.error.code r)" 1:bad-value 'what makes no key is set aside'
printf '{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":"full"}}\n{"key":"new","type":"string","value":"1"}\n' >cut
run sh -c 'sync-load "$REDIS" <cut'
is "$status:$(redis exists new)" 3:0 'a stream without its end writes nothing'

# ---- rows
redis flushall >/dev/null
printf 'id,home,price,n\n1,Arsenal,1.10,\n2,Hull,,"{""x"":1}"\n' >g.csv
printf '%s\n' '{"type":"object","properties":{"id":{"type":"integer"},"home":{"type":"string"},"price":{"type":["number","null"]},"n":{"type":["object","null"]}}}' >g.schema.json
run sh -c 'sync-extract g.csv --schema g.schema.json --key id | sync-load "$REDIS" --key-template="g:{id}" -v'
err_has ' 2 inserted' 'rows become hashes'
is "$(redis hgetall g:1 | tr '\n' ' ')" 'id 1 home Arsenal price 1.10 ' 'of their fields, null left out'
is "$(sync-extract "$REDIS" --key-template='g:{id}' --plain | sort)" '{"id":1,"home":"Arsenal","price":1.10}
{"id":2,"home":"Hull","n":{"x":1}}' 'and come back as what they were'
load '{"_sync":{"op":"update"},"id":1,"price":2}\n{"_sync":{"op":"update"},"id":9,"price":2}\n{"_sync":{"op":"update","unset":["home"]},"id":2,"n":null}\n' --key-template='g:{id}' --rejects r.u
is "$status:$(jq -r ._sync.error.code r.u):$(redis hget g:1 price):$(redis hgetall g:2 | tr '\n' ' ')" '1:missing-row:2:id 2 ' 'updates change what they name'
redis pexpire g:1 100000 >/dev/null
load '{"id":1,"home":"Arsenal","price":3}\n' --key-template='g:{id}'
is "$(redis hget g:1 price):$([ "$(redis pttl g:1)" -gt 0 ] && echo kept)" 3:kept 'an expiry is kept'
load '{"id":1,"home":"Arsenal","price":4}\n' --key-template='g:{id}' --ttl=1h
is "$([ "$(redis pttl g:1)" -gt 200000 ] && echo set)" set 'or set'
load '{"_sync":{"op":"upsert","key":{"id":1}},"id":7,"home":"moved"}\n' --key-template='g:{id}'
is "$(redis exists g:1):$(redis hget g:7 home)" 0:moved 'a key moves'
load '{"id":"a:b","x":1}\n{"x":1}\n' --key-template='p:{id}:{x}' --rejects r.k
is "$status:$(jq -r ._sync.error.code r.k | sort | tr '\n' ' ')" '1:bad-key no-key ' 'keys that could not be taken apart are set aside'
load '{"id":1,"v":[1.10,{"a":null}]}\n{"id":2}\n' --key-template='j:{id}' --as=json
is "$(redis get j:1)" '{"id":1,"v":[1.10,{"a":null}]}' 'or JSON, byte for byte'
load '{"_sync":{"op":"update"},"id":1,"w":1e400}\n' --key-template='j:{id}' --as=json
is "$(redis get j:1)" '{"id":1,"v":[1.10,{"a":null}],"w":1e400}' 'which updates patch'
is "$(sync-extract "$REDIS" --key-template='j:{id}' --plain | sort | head -n 1)" '{"id":1,"v":[1.10,{"a":null}],"w":1e400}' 'and is read so'
load '{"id":1}\n{"id":3}\n' --key-template='j:{id}' --as=json --mode mirror --plain
is "$status:$(redis keys 'j:*' | sort | tr '\n' ' ')" '0:j:1 j:3 ' 'a mirror deletes under its template'
is "$(redis exists g:7)" 1 'and nothing else'
load '{"_sync":{"op":"delete"},"id":1}\n{"_sync":{"op":"delete"},"id":3}\n' --key-template='j:{id}'
is "$status:$(redis exists j:1 j:3)" 3:2 'more deletes than --max-delete are none'
(timeout 20 redis-cli -s "$T/redis/s" subscribe ch >heard &)
until_true 10 sh -c "[ \"\$(redis-cli -s '$T/redis/s' pubsub numsub ch | tail -n 1)\" = 1 ]"
load '{"id":50,"v":1}\n{"id":50,"v":1}\n' --key-template='pub:{id}' --publish=ch
until_true 10 grep -q '"id":50' heard
is "$(grep -c '"id":50' heard)" 1 'a change is published, what changes nothing is not'
i=0; while [ $i -lt 1500 ]; do i=$((i + 1)); printf '{"id":%d,"v":1}\n' $i; done >in
echo '{"v":1}' >>in
run sh -c 'sync-load "$REDIS" --key-template="late:{id}" <in'
is "$status:$(redis --scan --pattern 'late:*' | wc -l)" 3:0 'a bad record at the end, without --rejects: nothing is written'
i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); printf '{"id":%d,"v":"%d"}\n' $((i % 700)) $i; done >in
run sh -c 'sync-load "$REDIS" --key-template="m:{id}" -v <in'
is "$status:$(redis hget m:299 v):$(redis hget m:300 v)" 0:2399:2400 'records of one key keep their order, also in many'

# ---- the state
seq 1 5 | jq -c '{id: .}' >n.ndjson
run sh -c 'sync-extract n.ndjson --state "$REDIS" | sync-load "$REDIS" --key-template="s:{id}" --state "$REDIS"'
status_is 0 'the state is kept in Redis'
seq 6 8 | jq -c '{id: .}' >>n.ndjson
run sh -c 'sync-extract n.ndjson --state "$REDIS" | sync-load "$REDIS" --key-template="s:{id}" --state "$REDIS" -v'
err_has ' 3 inserted' 'and read again'
run sh -c 'sync-extract n.ndjson --state "$REDIS" >old; seq 9 9 | jq -c "{id: .}" >>n.ndjson; sync-extract n.ndjson --state "$REDIS" | sync-load "$REDIS" --key-template="s:{id}" --state "$REDIS"; sync-load "$REDIS" --key-template="s:{id}" --state "$REDIS" <old'
status_is 75 'another run that moved it is noticed'

# ---- PostgreSQL there and back
if [ -x "$BUILD/libexec/sync/sync-extract-postgresql" ] && pg_start; then
	pg "create table t(id int primary key, b boolean, n numeric(8,2), j jsonb, s text, at timestamptz, a int[]);
		insert into t values (1, true, 1.10, '{\"x\":[null]}', 'x', '2026-03-01', '{1,2}'), (2, null, null, null, '', null, null)"
	run sh -c 'sync-extract "$PGURI" t | sync-load "$REDIS" --key-template="t:{id}" && sync-extract "$REDIS" --key-template="t:{id}" --stream t >t.stream'
	status_is 0 'a table of PostgreSQL becomes hashes'
	run sh -c 'sync-load "$PGURI" back <t.stream && sync-diff --key id "$PGURI#t" "$PGURI#back"'
	status_is 0 'and comes back equal'
else
	skip 2 'PostgreSQL: no server here, or no connector'
fi

# ---- failures
run sync-extract 'redis:///0?host=/nowhere/s'
status_is 75 'a server that is not there may come'
redis config set maxmemory 1 >/dev/null
load '{"id":1,"v":"x"}\n' --key-template='oom:{id}'
status_is 75 'a server out of memory: later'
err_has OOM 'which is said'
redis config set maxmemory 0 >/dev/null
redis config set requirepass secret >/dev/null
run sync-extract "$REDIS"
status_is 2 'a password is wanted'
run env REDISCLI_AUTH=secret sync-extract "$REDIS" --plain
status_is 0 'and given by the environment'
printf 'cache redis://:s%%65cret@/0?host=%s\n' "$T/redis/s" >endpoints
chmod 600 endpoints
run env SYNC_ENDPOINTS="$T/endpoints" sync-extract @cache --plain
status_is 0 'or by the endpoints file, with percent signs'
run sync-extract "$REDIS" --state x
status_is 2 'there are no deltas'
REDISCLI_AUTH=secret redis config set requirepass '' >/dev/null
finish
