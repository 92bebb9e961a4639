#!/bin/sh
# redis-edges.t: Redis: hostile records, changes under way, what is there already, failures by their words.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/redis.sh"
if ! [ -x "$BUILD/libexec/sync/sync-extract-redis" ]; then
	skip 1 'Redis: its connector is not built here'
	finish
fi
if ! redis_start; then
	skip 1 'Redis: no server here'
	finish
fi
load() { printf '%b' "$1" >in; shift; run sh -c 'exec sync-load "$REDIS" "$@" <in' - "$@"; }
codes() { jq -r '"\(._sync.error.code):\(.key // .id // "-")"' "$1" | sort | tr '\n' ' '; }
# writes that the server has seen
writes() { redis info persistence | sed -n 's/^rdb_changes_since_last_save:\([0-9]*\).*/\1/p'; }
# commands with any bytes: python's literals
raw() {
	python3 -c "
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
for a in eval(sys.argv[2]):
    s.sendall(b'*%d\r\n' % len(a) + b''.join(b'\$%d\r\n%s\r\n' % (len(x), x) for x in a)); s.recv(1000)" "$T/redis/s" "$1"
}

# ---- records that are no keys
redis set keep me >/dev/null
redis set old value >/dev/null
redis sadd oldset a >/dev/null
cat >bad.ndjson <<'END'
{"key":"k1","type":"module","value":["FLUSHALL","SYNC","x"]}
{"key":"k2","type":"string","pairs":["v","EX","1"]}
{"key":"k3","type":"stream","value":[["MAXLEN",["0","*","f","v"]]]}
{"key":"k4","type":"stream","value":[["2-1",["f","v"]],["1-1",["f","v"]]]}
{"key":"k5","type":"stream","value":[["1-1",["f"]]]}
{"key":"k6","type":"zset","value":[["m","nan"]]}
{"key":"k7","type":"zset","value":[["m","XX"]]}
{"key":"k8","type":"hash","pairs":["a","b","c"]}
{"key":"k9","type":"set","value":["a","a"]}
{"key":"k10","type":"list","value":[]}
{"key":"old","type":"string","value":["x"]}
{"key":"oldset","type":"zset","value":[["a",1e400]]}
{"key":"k11","type":"zset","value":[["a",0.12345678901234567890123]]}
{"key":"_sync_state:default","type":"string","value":"{}"}
{"key":"k12","type":"stream","value":[["1-1",["f","v"]]],"groups":[["g","1-1"],["g","1-1"]]}
{"key":"k13","type":"stream","value":[["1-1",["f","v"]]],"groups":[["g","1-1",1,["c"],[["0-5","c",1,1]]]]}
{"key":"k14","type":"hash","value":{"a":{"b":1}}}
{"key":"good","type":"string","value":"x"}
END
run sh -c 'sync-load "$REDIS" --rejects r <bad.ndjson'
is "$status:$(wc -l <r):$(redis get keep):$(redis get old):$(redis smembers oldset):$(redis get good):$(redis dbsize)" '1:17:me:value:a:x:4' 'what makes no key is set aside; nothing of it is taken for a command or an option'
is "$(codes r)" 'bad-key:_sync_state:default bad-value:k1 bad-value:k10 bad-value:k12 bad-value:k14 bad-value:k2 bad-value:k3 bad-value:k4 bad-value:k5 bad-value:k6 bad-value:k7 bad-value:k8 bad-value:k9 bad-value:old lossy:k11 lossy:k13 lossy:oldset ' 'with the reason'
load '{"key":"old","type":"module","dump":"AAAA"}\n{"key":"next","type":"string","value":"1"}\n' --rejects r2
is "$status:$(codes r2):$(redis get old):$(redis get next)" '1:bad-value:old :value:1' 'a payload that the server refuses leaves the old value, and the others are written'
load '{"key":"old","type":"module","dump":"AAAA"}\n' --state "$REDIS" --plain
is "$(redis exists _sync_state:default)" 0 'and moves no state'

# ---- there and back, exactly
redis flushall >/dev/null
raw "[(b'SET', b'\xff\x00k', b'\x00\xfe'), (b'SET', b'', b'')]"
redis zadd z 0.1 a -0 b inf c -inf d 1.7976931348623157e308 e 5e-324 f 123456789012345680 g >/dev/null
redis eval 'for i = 1, 3000 do redis.call("hset", "bighash", "f" .. i, i); redis.call("zadd", "bigzset", i / 7, "m" .. i); redis.call("sadd", "bigset", "m" .. i); redis.call("rpush", "biglist", i) end' 0 >/dev/null
for id in 1-1 1-2 5-0; do redis xadd st $id f v >/dev/null; done
redis xgroup create st g 0 >/dev/null
redis xgroup create st idle 5-0 >/dev/null
redis xreadgroup group g bob count 2 streams st '>' >/dev/null
redis xreadgroup group g bob streams st 0 >/dev/null
redis xgroup createconsumer st g al >/dev/null
redis xadd st2 1-1 a b >/dev/null
redis xadd st2 9-9 a b >/dev/null
redis xdel st2 9-9 >/dev/null
redis xgroup create nothing g '$' mkstream >/dev/null
redis set ttl x PXAT 4102444800123 >/dev/null
redis hset _sync_f _sync 1 __sync 2 >/dev/null
values() { python3 - "$T/redis/s" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); f = s.makefile('rb')
def read():
    l = f.readline(); t, n = l[:1], l[1:-2]
    if t == b'$': return None if n == b'-1' else f.read(int(n) + 2)[:-2]
    if t == b'*': return [read() for _ in range(int(n))]
    return l
def cmd(*a): s.sendall(b'*%d\r\n' % len(a) + b''.join(b'$%d\r\n%s\r\n' % (len(x), x) for x in a)); return read()
ask = {b'string': (b'GET',), b'hash': (b'HGETALL',), b'list': (b'LRANGE', b'0', b'-1'), b'set': (b'SMEMBERS',), b'zset': (b'ZRANGE', b'0', b'-1', b'WITHSCORES')}
for k in sorted(cmd(b'KEYS', b'*')):
    t = cmd(b'TYPE', k)[1:-2]
    v = cmd(b'XINFO', b'STREAM', k, b'FULL', b'COUNT', b'0') if t == b'stream' else cmd(ask[t][0], k, *ask[t][1:])
    if t == b'set': v = sorted(v)
    if t == b'hash': v = sorted(zip(v[::2], v[1::2]))
    if t == b'stream':
        d = dict(zip(v[::2], v[1::2])); d.pop(b'radix-tree-keys'); d.pop(b'radix-tree-nodes'); v = d
        for g in d[b'groups']:
            for c in g[-1]: c[3] = 0
        v = repr(d)
        import re; v = re.sub(r"(b'seen-time', b':)\d+", r'\1', v)
    print(k, t, cmd(b'PEXPIRETIME', k), v)
END
}
values >before
sync-extract "$REDIS" >all.stream
is "$(jq -c 'select(.key == "st") | .groups' all.stream | sed 's/,1[0-9]\{12\},/,TIME,/g')" '[["g","1-2",2,["al","bob"],[["1-1","bob",TIME,2],["1-2","bob",TIME,2]]],["idle","5-0",null,[],[]]]' 'groups, consumers and what they have not acknowledged are read'
is "$(jq -c 'select(.key == "st2") | [.last, .added, .deleted]' all.stream)" '["9-9",2,"9-9"]' 'and what entries a stream had'
redis flushall >/dev/null
run sync-load "$REDIS" <all.stream
values >after
ok 'everything comes back as it was, by the server own words' diff before after
n=$(writes)
run sync-load "$REDIS" -v <all.stream
err_has ' 0 inserted, 0 updated, 12 unchanged' 'a rerun finds all unchanged'
is "$(($(writes) - n))" 0 'and writes nothing at all'
jq -c 'if .key == "bigset" then .value |= reverse elif .key == "bighash" then .value |= (to_entries | reverse | from_entries) elif .key == "z" then .value |= reverse else . end' all.stream >turned
run sync-load "$REDIS" -v <turned
err_has ' 12 unchanged' 'nor does one in another order, where the order has no meaning'
redis persist ttl >/dev/null
redis expire st 1000 >/dev/null
run sync-load "$REDIS" -v <all.stream
is "$(redis pexpiretime ttl):$(redis ttl st)" '4102444800123:-1' 'an expiry that differs is mended'
err_has ' 2 updated, 10 unchanged' 'which is an update'
load '{"_sync":{"expires":"2001-01-01T00:00:00Z"},"key":"gone","type":"string","value":"x"}\n{"_sync":{"expires":"2001-01-01T00:00:00Z"},"key":"st2","type":"string","value":"x"}\n' -v
is "$(redis exists gone st2)" 0 'what has expired is not made, and goes'
err_has ' 0 inserted, 0 updated, 1 unchanged, 1 deleted' 'and is counted so'

# ---- big values
redis eval 'for i = 1, 400000 do redis.call("hset", KEYS[1], "field" .. i, "0123456789012345678901234567890123456789") end' 1 huge >/dev/null
redis eval 'redis.call("set", KEYS[1], string.rep("x", 100000000))' 1 long >/dev/null
python3 -c "
import resource, subprocess, sys
with open('big.out', 'wb') as f: status = subprocess.call(['sync-extract', sys.argv[1], '--rejects', 'r.big'], stdout=f)
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 64 * 1024 or resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)" "$REDIS" >big
[ "${SYNC_TEST_PROFILE:-release}" = release ] || echo '1 True' >big
is "$(cat big)" '1 True' 'values that are too long for a record are set aside, and cost no more than 64 MiB'
is "$(jq -r '._sync.raw | fromjson | .key' r.big | sort | tr '\n' ' '):$(grep -c bigzset big.out)" 'huge long :1' 'with their names; the others are read'
redis del huge long >/dev/null

# ---- rows
redis flushall >/dev/null
redis hset g:1 _sync '{"op":"delete"}' __sync x id 1 >/dev/null
redis rpush g:2 a >/dev/null
redis set g:3 '{"_sync":{"op":"delete"},
 "id":3}' >/dev/null
raw "[(b'HSET', b'g:4', b'\xff', b'v'), (b'HSET', b'g:5', b'b', b'\xff\x01')]"
run sync-extract "$REDIS" --key-template='g:{id}' --rejects r.rows
cp out rows.stream
is "$status:$(jq -c 'select(.id)' out | sort | tr '\n' ' ')" '1:{"__sync":"{\"op\":\"delete\"}","___sync":"x","id":"1"} {"__sync":{"op":"delete"},"id":3} {"id":"5","b":{"$binary":{"base64":"/wE=","subType":"00"}}} ' 'names that are reserved travel with an underscore' ||
	cat out
is "$(jq -r '._sync.raw | fromjson | .key' r.rows | sort | tr '\n' ' ')" 'g:2 g:4 ' 'keys that make no row are set aside, not left out'
redis del g:1 g:2 g:3 g:4 g:5 >/dev/null
run sh -c 'jq -c "del(._sync.aside?)" rows.stream | sync-load "$REDIS" --key-template="g:{id}"'
is "$(redis hget g:1 _sync):$(redis hget g:1 __sync):$(redis --no-raw hget g:5 b)" '{"op":"delete"}:x:"\xff\x01"' 'and come back, bytes too'
run sync-extract "$REDIS" --key-template='{a}:{b}:{a}'
status_is 2 'a template that names a field twice is refused'
redis flushall >/dev/null
load '{"a":"x:y","b":"z"}\n{"a":"x","b":"y:z"}\n{"a":"","b":1}\n{"a":1.0,"b":2}\n{"a":1,"b":2}\n' --key-template='p:{a}:{b}' --rejects r.p
is "$status:$(jq -r ._sync.error.code r.p | tr '\n' ' '):$(redis keys '*' | sort | tr '\n' ' ')" '1:bad-key no-key :p:1:2 p:x:y:z ' 'keys are taken apart in one way only; integers are one key however they are written'

# ---- what stands there already
redis flushall >/dev/null
load '{"id":1,"a":"x","b":"y"}\n{"id":2,"a":"x"}\n' --key-template='u:{id}'
redis expire u:1 1000 >/dev/null
load '{"_sync":{"op":"update","key":{"id":1}},"id":10,"a":"z"}\n' --key-template='u:{id}' -v
is "$(redis hgetall u:10 | tr '\n' ' '):$(redis exists u:1):$([ "$(redis ttl u:10)" -gt 900 ] && echo kept)" 'id 10 a z b y :0:kept' 'an update that moves a key takes the row along'
n=$(writes)
load '{"_sync":{"op":"update","key":{"id":1}},"id":10,"a":"z"}\n{"_sync":{"op":"upsert","key":{"id":1}},"id":10,"a":"z","b":"y"}\n' --key-template='u:{id}' -v
is "$(($(writes) - n))" 0 'again it moves nothing'
err_has ' 2 unchanged' 'and says so'
redis rpush u:5 x >/dev/null
load '{"_sync":{"op":"update"},"id":5,"a":"z"}\n' --key-template='u:{id}' --rejects r.list
is "$status:$(redis type u:5)" 1:list 'an update of what is no hash is set aside'
load '{"id":5,"a":"z"}\n' --key-template='u:{id}' -v
is "$(redis hget u:5 a)" z 'an upsert replaces it'
load '{"id":1,"v":{"x":1},"w":2}\n' --key-template='j:{id}' --as=json
load '{"_sync":{"op":"update","unset":["w"]},"id":1,"n":null}\n' --key-template='j:{id}' --as=json
is "$(redis get j:1)" '{"id":1,"v":{"x":1},"n":null}' 'an update of JSON sets and removes'
load '{"_sync":{"op":"update","unset":["w"]},"id":1,"n":null}\n' --key-template='j:{id}' --as=json -v
err_has ' 1 unchanged' 'once'
redis set j:2 text >/dev/null
load '{"_sync":{"op":"update"},"id":2,"n":1}\n' --key-template='j:{id}' --as=json --rejects r.j
is "$status:$(redis get j:2)" 1:text 'what is no JSON stays'
load '{"_sync":{"op":"update"},"id":77,"a":1}\n' --key-template='u:{id}' --missing skip -v
is "$status:$(redis exists u:77)" 0:0 'a missing row is skipped'
load '{"_sync":{"op":"update"},"id":77,"a":1}\n' --key-template='u:{id}' --missing insert -v
err_has ' 1 inserted' 'or made'

redis flushall >/dev/null
load '{"id":1,"at":"2026-03-01T10:00:00Z","v":"new"}\n{"id":2,"at":"2026-03-01T10:00:00Z","v":"old"}\n' --key-template='n:{id}'
load '{"id":1,"at":"2026-03-01T10:59:00+01:00","v":"older"}\n{"id":2,"at":"2026-03-01T12:00:00+01:00","v":"newer"}\n' --key-template='n:{id}' --newer at
is "$(redis hget n:1 v):$(redis hget n:2 v)" new:newer '--newer leaves newer rows alone'
load '{"id":1,"n":10,"v":"a"}\n' --key-template='nj:{id}' --as=json
load '{"id":1,"n":9,"v":"b"}\n' --key-template='nj:{id}' --as=json --newer n
is "$(redis get nj:1)" '{"id":1,"n":10,"v":"a"}' 'in JSON by the number'
n=$(writes)
load '{"id":1,"v":"z"}\n{"id":2,"at":"2026-03-01T12:00:00+01:00","v":"newer"}\n{"id":3,"v":"x"}\n{"_sync":{"op":"delete"},"id":1}\n' --key-template='n:{id}' --dry-run
is "$(($(writes) - n)):$(jq -c 'select(.id) | [._sync.op, .id]' out | tr '\n' ' ')" '0:["upsert",1] ["insert",3] ["delete",1] ' '--dry-run prints what would be done, and does nothing'
load '{"_sync":{"op":"truncate"}}\n{"id":9}\n' --key-template='n:{id}' --plain
is "$status:$(redis exists n:1 n:2)" 3:2 'a truncate is counted by --max-delete'
load '{"_sync":{"op":"truncate"}}\n{"id":9}\n' --key-template='n:{id}' --max-delete 100% -v
is "$status:$(redis keys 'n:*'):$(redis exists nj:1)" 0:n:9:1 'and empties its template'
err_has ' 1 inserted, 0 updated, 0 unchanged, 2 deleted' 'and is counted'

# ---- expiry of rows
load '{"id":1,"v":"x"}\n' --key-template='t:{id}' --ttl=1h
redis expire t:1 100 >/dev/null
load '{"id":1,"v":"x"}\n' --key-template='t:{id}' --ttl=1h -v --publish=none
is "$([ "$(redis ttl t:1)" -gt 3000 ] && echo anew)" anew '--ttl begins anew with each run'
err_has ' 1 unchanged' 'which changes no row'
load '{"id":1,"v":"y"}\n' --key-template='t:{id}'
is "$([ "$(redis ttl t:1)" -gt 3000 ] && echo kept)" kept 'a row that is rewritten keeps its expiry'

# ---- schemas
redis flushall >/dev/null
cat >typed.stream <<'END'
{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":"full"}}
{"_sync":{"op":"schema","stream":"t","key":["id"],"schema":{"type":"object","properties":{"id":{"type":"integer"},"s":{"type":["string","null"]},"any":{},"n":{"type":"number"},"sn":{"type":["string","number"]}}}}}
{"id":1,"s":"5","any":"5","n":1.50,"sn":"7"}
{"id":2,"s":"true","any":5,"n":1e400,"sn":7}
{"id":3,"s":"null","any":"plain","n":"NaN","sn":"x"}
{"id":4,"s":"{}","any":{"a":[1,null]},"n":0,"sn":"null"}
{"id":5,"any":"two\nlines","n":0,"sn":"\"q\""}
{"id":6,"any":"true","n":0}
{"_sync":{"op":"end","count":{"t":6}}}
END
run sync-load "$REDIS" --key-template='t:{id}' <typed.stream
is "$status:$(redis hget t:3 any):$(redis hget t:1 any)" '0:plain:"5"' 'a text that would be taken for JSON is written with its quotes'
sync-extract "$REDIS" --key-template='t:{id}' --plain | sort >typed.back
grep '^{"id"' typed.stream >typed.want
ok 'and every value comes back as it was' diff typed.want typed.back
n=$(writes)
run sync-load "$REDIS" --key-template='t:{id}' <typed.stream
is "$(($(writes) - n))" 0 'a rerun writes nothing, no schema either'
sed 's/"s":"5"/"s":5/' typed.stream >lossy.stream
run sync-load "$REDIS" --key-template='t:{id}' --rejects r.lossy <lossy.stream
is "$status:$(codes r.lossy)" '1:lossy:1 ' 'what would not is set aside'
run sync-load "$REDIS" --key-template='t:{id}' --lossy <lossy.stream
status_is 0 'or accepted'
sed -e 's/"properties":{.*"n"/"properties":{"id":{"type":"integer"},"n"/; s/,"any":[^,}]*//; s/,"s":"[^"]*"//' typed.stream | grep -v 'two\|:\[1' | sed 's/"t":6/"t":4/' >part.stream
run sync-load "$REDIS" --key-template='t:{id}' <part.stream
is "$(redis get _sync_schema:t:\{id\} | jq -c '.properties | keys')" '["any","id","n","s","sn"]' 'fields that an earlier stream declared stay declared'
printf '%s\n' '{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":"part"}}' '{"_sync":{"stream":"a"},"id":1}' '{"_sync":{"stream":"b"},"id":1}' '{"_sync":{"op":"end","count":{"a":1,"b":1}}}' >two
run sh -c 'sync-load "$REDIS" --key-template="t:{id}" <two'
status_is 2 'two streams share no template'

# ---- mirrors
redis flushall >/dev/null
i=0; while [ $i -lt 10 ]; do i=$((i + 1)); printf '{"id":%d,"v":1}\n' $i; done >ten
redis set _sync_state:x 1 >/dev/null
redis set _sync_mine 1 >/dev/null
run sh -c 'sync-load "$REDIS" --key-template="{id}" --mode mirror --plain --max-delete 100% <ten'
is "$status:$(redis exists _sync_state:x _sync_mine):$(redis dbsize)" 0:1:11 'a mirror of all keys leaves those of Syncline alone, and no others'
printf '{"id":1,"v":2}\n{"id":2,"v":2}\n' >two
run sh -c 'sync-load "$REDIS" --key-template="{id}" --mode mirror --plain <two'
is "$status:$(redis hget 1 v):$(redis dbsize)" 3:1:11 'a guard says no before anything is written'
(timeout 20 redis-cli -s "$T/redis/s" subscribe gone >heard &)
until_true 10 sh -c "[ \"\$(redis-cli -s '$T/redis/s' pubsub numsub gone | tail -n 1)\" = 1 ]"
run sh -c 'head -n 8 ten | sync-load "$REDIS" --key-template="{id}" --mode mirror --plain --publish=gone -v'
until_true 10 grep -q '"id":"9"' heard
err_has ' 0 inserted, 0 updated, 8 unchanged, 2 deleted' 'a mirror deletes what did not come'
until_true 10 grep -q '"id":"10"' heard
is "$(grep -c '^{' heard):$(grep '"9"' heard)" '2:{"_sync":{"op":"delete"},"id":"9"}' 'and publishes that, nothing else'

# ---- changes under way
redis flushall >/dev/null
redis eval 'for i = 1, 3000 do redis.call("set", "stay:" .. i, i) end' 0 >/dev/null
cat >flip.py <<'END'
import socket, sys, os
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
def cmd(*a): return b'*%d\r\n' % len(a) + b''.join(b'$%d\r\n%s\r\n' % (len(x), x) for x in a)
i = 0
while os.path.exists(sys.argv[2]):
    i += 1
    b = b''
    for j in range(20):
        k = b'flip:%d' % (j % 10)
        b += cmd(b'MULTI') + cmd(b'DEL', k) + (cmd(b'RPUSH', k, b'x') if (i + j // 10) % 2 else cmd(b'SET', k, b'x')) + cmd(b'EXEC')
    for j in range(50): b += cmd(b'SET', b'grow:%d' % (i * 50 + j), b'x')
    if i % 40 == 0: b += cmd(b'EVAL', b"for i = 1, 1900 do redis.call('del', 'grow:' .. (tonumber(ARGV[1]) - i)) end", b'0', b'%d' % (i * 50))
    s.sendall(b)
    s.recv(1 << 20)
END
: >go
python3 flip.py "$T/redis/s" "$T/go" &
flipper=$!
until_true 10 sh -c "[ \"\$(redis-cli -s '$T/redis/s' exists flip:9)\" = 1 ]"
bad=''
for i in 1 2 3 4 5 6; do
	sync-extract "$REDIS" --plain >seen || bad="$bad $i:exit"
	[ "$(grep -c '"stay:' seen):$(jq -r .key seen | sort | uniq -d | wc -l):$(grep -c '"flip:' seen)" = 3000:0:10 ] || bad="$bad $i:$(grep -c '"stay:' seen):$(jq -r .key seen | sort | uniq -d | wc -l):$(grep -c '"flip:' seen)"
done
is "$bad" '' 'keys that are there all the time all come, once, whatever happens to the others or to their type'
i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); printf '{"key":"stay:%d","type":"string","value":"new"}\n' $i; [ $((i % 300)) -ne 0 ] || printf '{"key":"flip:%d","type":"string","value":"mine"}\n' $((i / 300 - 1)); done >many
run sh -c 'sync-load "$REDIS" <many'
is "$status:$(redis eval 'local n = 0; for i = 1, 3000 do if redis.call("get", "stay:" .. i) == "new" then n = n + 1 end end; return n' 0)" 0:3000 'a load goes on while others change its keys'
rm go
wait $flipper

# ---- more keys than are kept in mind
redis flushall >/dev/null
redis eval 'for i = 1, 60000 do redis.call("set", "key:" .. i, i) end' 0 >/dev/null
run sync-extract "$REDIS" --memory 1MiB --plain
is "$status:$(jq -r .key out | sort -u | wc -l):$(wc -l <out)" 0:60000:60000 'more keys than --memory holds are read, each once'
head -n 40000 out >some
run sh -c 'sync-load "$REDIS" --mode mirror --plain --memory 1MiB -v <some'
err_has ' 0 inserted, 0 updated, 40000 unchanged, 20000 deleted' 'and mirrored'
is "$(redis dbsize)" 40000 'exactly'

# ---- an older server, which has no PEXPIRETIME
cat >older.py <<'END'
import os, socket, sys, threading
path, real = sys.argv[1:]
l = socket.socket(socket.AF_UNIX); l.bind(path + '.new'); l.listen(5); os.rename(path + '.new', path)
def relay(a, b):
    while True:
        d = a.recv(65536)
        if not d: break
        b.sendall(d)
while True:
    c, _ = l.accept()
    f = c.makefile('rb')
    s = socket.socket(socket.AF_UNIX); s.connect(real)
    threading.Thread(target=relay, args=(s, c), daemon=True).start()
    while True:
        line = f.readline()
        if not line: break
        words = []
        for _ in range(int(line[1:])):
            n = int(f.readline()[1:]); words.append(f.read(n + 2)[:-2])
        if words[0] == b'HELLO':
            c.sendall(b'*4\r\n$7\r\nversion\r\n$5\r\n6.2.6\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n')
            continue
        if words[0] == b'PEXPIRETIME' or b'ENTRIESREAD' in words or b'ENTRIESADDED' in words: words = [b'NOSUCH']
        s.sendall(b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(w), w) for w in words))
    f.close(); c.close(); s.close()
END
python3 older.py "$T/older.s" "$T/redis/s" 2>/dev/null &
older=$!
until_true 10 test -S older.s
redis flushall >/dev/null
redis set e v PX 10000000 >/dev/null
redis xadd xs 1-1 f v >/dev/null
redis xgroup create xs g 0 >/dev/null
at=$(redis pexpiretime e)
run sync-extract "redis:///0?host=$T/older.s"
cp out older.stream
status_is 0 'an older server is read'
ok 'with the expiry' python3 -c "
import datetime, json, sys
at = [json.loads(l)['_sync']['expires'] for l in open('older.stream') if '\"e\"' in l][0]
sys.exit(abs(datetime.datetime.fromisoformat(at.replace('Z', '+00:00')).timestamp() * 1000 - $at) > 50)"
redis flushall >/dev/null
run sync-load "redis:///0?host=$T/older.s" -v <older.stream
err_has ' 2 inserted' 'and written'
n=$(writes)
run sync-load "redis:///0?host=$T/older.s" -v <older.stream
is "$(($(writes) - n))" 0 'once'
kill $older
wait $older 2>/dev/null

# ---- failures
cat >fake.py <<'END'
import os, socket, sys
path, answer, mode = sys.argv[1:]
l = socket.socket(socket.AF_UNIX); l.bind(path + '.new'); l.listen(5); os.rename(path + '.new', path)
while True:
    c, _ = l.accept()
    f = c.makefile('rb')
    try:
        while True:
            line = f.readline()
            if not line: break
            words = []
            for _ in range(int(line[1:])):
                n = int(f.readline()[1:]); words.append(f.read(n + 2)[:-2])
            if words[0] == b'HELLO' and not answer.startswith('!'): c.sendall(b'*4\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$4\r\nmode\r\n$%d\r\n%s\r\n' % (len(mode), mode.encode()))
            elif words[0] == b'TIME': c.sendall(b'*2\r\n$10\r\n1800000000\r\n$1\r\n0\r\n')
            elif answer == 'close': break
            else: c.sendall(answer.lstrip('!').encode().decode('unicode_escape').encode() + b'\r\n')
    except (OSError, ValueError): pass
    f.close(); c.close()
END
fake() { # answer; status; what it is
	rm -f fake.s
	python3 fake.py "$T/fake.s" "$1" "${mode:-standalone}" 2>/dev/null &
	faker=$!
	until_true 10 test -S fake.s
	run sync-extract "redis:///0?host=$T/fake.s"
	first=$status
	cp out fake.out
	cp err fake.err
	printf '{"id":1}\n' >in
	run sh -c 'exec sync-load "$1" --key-template="x:{id}" <in' - "redis:///?host=$T/fake.s"
	kill $faker
	wait $faker 2>/dev/null
	case $2 in *:*) is "$first:$status" "$2" "$3" ;; *) is "$first:$status" "$2:$2" "$3" ;; esac
}
fake '-LOADING Redis is loading the dataset in memory' 75 'a server that is loading: later'
err_has 'LOADING' 'which is said'
fake '-BUSY Redis is busy running a script' 75 'that runs a script'
fake '-BUSYGROUP Consumer Group name already exists' 3 'BUSYGROUP is another word'
fake '-MASTERDOWN Link with MASTER is down' 75 'a replica without its master'
fake '-CLUSTERDOWN The cluster is down' 75 'a cluster that is down'
fake '-READONLY You cannot write against a read only replica.' 75 'a replica'
fake '-MISCONF Errors writing to the AOF file' 75 'one that can not write its file'
fake '-TRYAGAIN Multiple keys request during rehashing of slot' 75 'slots on their way'
fake '-CROSSSLOT Keys in request do not hash to the same slot' 2 'keys of several slots'
mode=cluster
fake '*2\r\n$1\r\n0\r\n*0' 0:3 'a node of a cluster'
mode=''
is "$(jq -r '._sync.scope // empty' fake.out):$(grep -c 'one node of a cluster' fake.err)" part:1 'is a part, which is said'
fake '!-ERR max number of clients reached' 75 'too many clients'
fake '-MOVED 3999 127.0.0.1:6381' 2 'a key of another node'
err_has 'cluster' 'which is said'
fake '-ASK 3999 127.0.0.1:6381' 2 'or one that goes there'
fake '-NOPERM this user has no permissions' 2 'a user without the right'
fake '!-NOAUTH Authentication required.' 2 'no password'
fake '-DENIED Redis is running in protected mode' 2 'protected mode'
fake close 75 'a connection that is closed'
fake '!HTTP/1.1 400 Bad Request' 3 'what is no Redis'
fake '$99999999999999' 3 'sizes that can not be'
fake '*-5' 3 'and wrong ones'

redis flushall >/dev/null
redis acl setuser reader nopass on '~*' '+@read' '+multi' '+exec' '+select' >/dev/null
redis set k v >/dev/null
run sync-extract "redis://reader@/0?host=$T/redis/s" --plain
out_is '{"key":"k","type":"string","value":"v"}' 'a user of the address, who may just read'
redis acl setuser writer on '>secret' '~w:*' '+@all' >/dev/null
printf '{"id":1,"v":1}\n' >in
run sh -c 'REDISCLI_AUTH=wrong sync-load "$1" --key-template="w:{id}" <in' - "redis://writer@/?host=$T/redis/s"
status_is 2 'a wrong password'
run sh -c 'REDISCLI_AUTH=secret sync-load "$1" --key-template="w:{id}" <in' - "redis://writer@/?host=$T/redis/s"
is "$status:$(redis hget w:1 v)" 0:1 'the right one'
run sh -c 'REDISCLI_AUTH=secret sync-load "$1" --key-template="x:{id}" <in' - "redis://writer@/?host=$T/redis/s"
is "$status:$(redis exists x:1)" 2:0 'keys that a user may not write'
err_has NOPERM 'which is said'
run sync-load "redis:///15?host=$T/redis/s" --key-template='w:{id}' <in
is "$status:$(redis -n 15 hget w:1 v):$(redis exists w:1)" 0:1:1 'database 15'
run sync-extract "redis:///16?host=$T/redis/s"
status_is 2 'there is no 16'
for u in 'redis://h:0/' 'redis://h:99999/' 'redis://h:6379x/' 'redis://[::1/' 'redis:///x' 'redis:///0?db=1' 'redis://%zz@h/'; do
	run sync-extract "$u"
	is "$status" 2 "$u is refused"
done
redis -n 0 config set maxmemory 1 >/dev/null
redis set z z >/dev/null
redis config set maxmemory 0 >/dev/null
redis replicaof 127.0.0.1 1 >/dev/null
run sh -c 'sync-load "$REDIS" --key-template="ro:{id}" <in'
status_is 75 'a replica takes no writes'
redis replicaof no one >/dev/null
redis set k v >/dev/null
redis set "_sync_state:a" '{"generation":"1","tokens":{}}' >/dev/null
printf '{"id":1}\n' >n.ndjson
job='x*[1]?'
run sh -c 'sync-extract n.ndjson --state "$REDIS#$1" | sync-load "$REDIS" --key-template="s:{id}" --state "$REDIS#$1"' - "$job"
redis set '_sync_state:xa1b' 'damaged' >/dev/null
printf '{"id":2}\n' >>n.ndjson
run sh -c 'sync-extract n.ndjson --state "$REDIS#$1" | sync-load "$REDIS" --key-template="s:{id}" --state "$REDIS#$1" -v' - "$job"
err_has ' 1 inserted' 'a job with a name like a pattern finds its own state'
i=0; while [ $i -lt 60000 ]; do i=$((i + 1)); printf '{"id":%d,"v":"0123456789012345678901234567890123456789"}\n' $i; done >lots
(until [ "$(redis dbsize)" -gt 2000 ]; do :; done; redis shutdown nosave) >/dev/null 2>&1 &
run sh -c 'sync-load "$REDIS" --key-template="l:{id}" <lots'
status_is 75 'a server that goes away in the middle'
err_has 'is gone|cannot connect' 'which is said'
wait
finish
