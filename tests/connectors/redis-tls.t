#!/bin/sh
# redis-tls.t: Redis over TLS: certificates are verified, and what is sent arrives.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/check.sh"
. "$ROOT/tests/connectors/redis.sh"
. "$ROOT/tests/connectors/certificates.sh"
if ! [ -x "$BUILD/libexec/sync/sync-load-redis" ] || ! certificates; then
	skip 1 'Redis: no connector here, or no openssl to make certificates'
	finish
fi
port=$(free_port)
if ! redis_start --tls-port "$port" --tls-cert-file "$T/tls/server.pem" --tls-key-file "$T/tls/server.key" --tls-ca-cert-file "$T/tls/ca.pem" \
	--tls-auth-clients optional; then
	skip 1 'Redis: no server here that has TLS'
	finish
fi
at=rediss://127.0.0.1:$port/0
trusted=$at?cacert=$T/tls/ca.pem
export trusted

# ---- values
check redis-tls "$trusted" --load '--key-template=t:{id}' --extract '--key-template=t:{id}' --composite '--key-template=t:{id}:{part}' --fresh 'redis-cli flushall' \
	--away 'rediss://127.0.0.1:1/0' --cut 'redis-cli client kill type normal' --only values --only broken --only state --only failures
redis flushall >/dev/null
seq 50000 | jq -c '{id: ., text: ("x" * (1 + . % 700))}' >in
ln -s in rows.ndjson
run sh -c 'sync-load "$trusted" --key-template="t:{id}" --key id <in'
status_is 0 'many rows'
run sh -c 'sync-extract "$trusted" --key-template="t:{id}" | sync-load out.ndjson --plain'
status_is 0 'and back'
is "$(jq -c '.id |= tonumber' out.ndjson | jq -Ssc 'sort_by(.id)[]' | cksum)" "$(jq -Sc . in | cksum)" 'the same ones'
head -c 12000000 /dev/zero | tr '\0' x | jq -cR "{id: 0, text: .}" >large
run sh -c 'sync-load "$trusted" --key-template="large:{id}" --key id <large && sync-extract "$trusted" --key-template="large:{id}" --plain | jq ".text | length"'
is "$status:$(cat out)" 0:12000000 'a value of 12 MB there and back'
run sh -c 'sync-extract rows.ndjson --state "$trusted#job" | sync-load "$trusted" --key-template="t:{id}" --key id --state "$trusted#job"'
is "$status:$(redis exists _sync_state:job)" 0:1 'and a state beside it'
redis del large:0 >/dev/null

# ---- whom it trusts
run sync-extract "$at"
status_is 2 'an authority that nobody knows is not trusted'
err_has "certificate of '127.0.0.1' isn't trusted: " 'which is said'
run sync-extract "$at?cacert=$T/tls/stranger.pem"
status_is 2 'nor is another one than the one that signed'
run sync-extract "$trusted&sni=else.test" t:1 --plain
status_is 2 'a certificate must be for the name'
err_has "'else.test' isn't trusted: [hH]ostname" 'which is said'
run sync-extract "$trusted&sni=db.test" t:1 --plain
is "$status:$(cat err)" 0: 'whose name is what sni says'
run sync-extract "$at?insecure=true" t:1 --plain
status_is 0 'unless that is not wanted'
err_has 'warning: .*insecure: whoever stands between' 'of which it warns'
run env SSL_CERT_FILE="$T/tls/ca.pem" sync-extract "$at" t:1 --plain
status_is 0 "the system's authorities are those of SSL_CERT_FILE, if that is set"
run sync-extract "$at?cacert=nowhere.pem"
status_is 2 'a file of authorities that is not there'
err_has "authorities 'nowhere.pem'" 'is named'

# ---- whom the server trusts
redis config set tls-auth-clients yes >/dev/null
run sync-extract "$trusted"
status_is 2 'a server that wants a certificate of ours'
err_has 'certificate required' 'says so'
mine="$trusted&cert=$T/tls/client.pem"
run sync-extract "$mine&key=$T/tls/client.key" t:1 --plain
status_is 0 'and gets one'
run sync-extract "$mine"
status_is 2 'which wants its key'
run sync-extract "$mine&key=$T/tls/stranger.key"
status_is 2 'its own one'
run sync-extract "$mine&key=$T/tls/locked.key" </dev/null
status_is 2 'a key that has a password, without it: nobody is asked'
printf 'locked %s&key=%s/tls/locked.key&keypassword=opensesame\n' "$mine" "$T" >endpoints
chmod 600 endpoints
run env SYNC_ENDPOINTS="$T/endpoints" sync-extract @locked t:1 --plain
is "$status:$(cat err)" 0: 'with it, from the endpoints file'

# ---- what is no TLS
run sync-extract "redis://127.0.0.1:$port/0"
status_is 75 'a server that wants TLS, asked without'
python3 - >port <<'END' &
import socket, sys
server = socket.socket()
server.bind(('127.0.0.1', 0))
server.listen(1)
print(server.getsockname()[1], flush=True)
client, _ = server.accept()
client.sendall(b'-ERR Protocol error: this is no TLS\r\n')
client.recv(100000)
END
plain=$!
until_true 20 test -s port
run sync-extract "rediss://127.0.0.1:$(cat port)/0"
status_is 2 'TLS with a server that has none'
err_has 'TLS: ' 'which is said'
kill $plain 2>/dev/null
wait $plain 2>/dev/null
for u in 'cacert=' 'nothing=1' 'insecure=yes' 'cert' 'cacert=a&cacert=b' 'host=relative'; do
	run sync-extract "$at?$u"
	is "$status" 2 "$u is refused"
done
run sync-extract 'redis://h/0?cacert=x'
status_is 2 'parameters of TLS without TLS are refused'
finish
