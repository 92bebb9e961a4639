#!/bin/sh
# postgresql-tls.t: a PostgreSQL elsewhere is verified by TLS unless somebody said otherwise.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
. "$ROOT/tests/connectors/certificates.sh"
if ! [ -x "$BUILD/libexec/sync/sync-extract-postgresql" ] || ! certificates || ! pg_start; then
	skip 1 'PostgreSQL: no server here, no connector, or no openssl'
	finish
fi
unset PGHOST PGUSER PGDATABASE SSL_CERT_FILE PGSSLMODE
HOME=$T/home
export HOME
mkdir "$HOME"
cp "$T/tls/server.pem" "$T/tls/server.key" "$T/tls/ca.pem" "$T/pg/data/"
[ "$(id -u)" != 0 ] || chown postgres "$T/pg/data/server.pem" "$T/pg/data/server.key" "$T/pg/data/ca.pem"
restart() { (cd "$T/pg" && pg_as "$pg_bin/pg_ctl" -D "$T/pg/data" -l "$T/pg/log" -w -t 60 restart >/dev/null); }
cat >>"$T/pg/data/postgresql.conf" <<END
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
ssl_ca_file = 'ca.pem'
END
printf 'local all all trust\nhostssl all tester 127.0.0.1/32 trust\nhostssl all locked 127.0.0.1/32 cert\nhostnossl all tester 127.0.0.1/32 trust\n' >"$T/pg/data/pg_hba.conf"
for try in 1 2 3 4 5; do
	port=$(free_port)
	printf "listen_addresses = '127.0.0.1'\nport = %s\n" "$port" >>"$T/pg/data/postgresql.conf"
	restart && break
done
pg() { psql -XAtq -v ON_ERROR_STOP=1 -h "$T/pg" -p "$port" -U tester postgres -c "$*"; }
pg 'create table t (id int primary key); insert into t values (1)' && pg 'create role locked login; grant select on t to locked'
is "$?" 0 'a server with TLS, not yet in use'
# a name that is this machine's only here: verified as it is written, reached by hostaddr
at() { printf 'postgresql://%s@/postgres?host=%s&hostaddr=127.0.0.1&port=%s%s' "${3:-tester}" "$1" "$port" "${2-}"; }
row='{"id":1}'

run sync-extract --plain "$(at db.test)" t
status_is 2 'a server elsewhere that has no TLS is refused'
err_has 'does not support SSL' 'which is said'
err_has 'another sslmode: require, disable' 'with what to do'
run sync-extract --plain "$(at db.test '&sslmode=disable')" t
is "$status:$(cat out)" "0:$row" 'unless the address says so'
run env PGSSLMODE=prefer sync-extract --plain "$(at db.test)" t
is "$status:$(cat out)" "0:$row" 'or the environment'
printf '[there]\nsslmode=disable\nhost=db.test\nhostaddr=127.0.0.1\nport=%s\ndbname=postgres\nuser=tester\n[unsaid]\nhost=db.test\nhostaddr=127.0.0.1\nport=%s\ndbname=postgres\nuser=tester\n' "$port" "$port" >service
run env PGSERVICEFILE="$T/service" sync-extract --plain 'postgresql:///?service=there' t
is "$status:$(cat out)" "0:$row" 'or its service'
run env PGSERVICEFILE="$T/service" sync-extract --plain 'postgresql:///?service=unsaid' t
status_is 2 'a service that says nothing of it'
run env PGSERVICEFILE="$T/service" PGSERVICE=unsaid sync-extract --plain 'postgresql:///' t
status_is 2 'also one of the environment'
for host in "$T/pg" localhost 127.0.0.1; do
	run sync-extract --plain "$(at "$host" | sed "s/&hostaddr=127.0.0.1//")" t
	is "$status:$(cat out)" "0:$row" "$host is this machine"
done
for host in localhost.test 127.0.0.x localhost,db.test; do
	run sync-extract --plain "$(at "$host" | sed "s/hostaddr=127.0.0.1/hostaddr=$(echo "$host" | sed 's/[^,]*/127.0.0.1/g')/")" t
	is "$status" 2 "$host is not"
done

printf 'ssl = on\n' >>"$T/pg/data/postgresql.conf"
restart
run sync-extract --plain "$(at db.test)" t
status_is 2 'TLS, by an authority that the system does not know'
err_has 'certificate verify failed' 'which is said'
run env SSL_CERT_FILE="$T/tls/ca.pem" sync-extract --plain "$(at db.test)" t
is "$status:$(cat out)" "0:$row" 'and by one that it does'
run env SSL_CERT_FILE="$T/tls/ca.pem" sync-extract --plain "$(at other.test)" t
status_is 2 'with a certificate for another name'
err_has 'does not match host name "other.test"' 'which is said'
run sync-extract --plain "$(at db.test "&sslrootcert=$T/tls/ca.pem")" t
is "$status:$(cat out)" "0:$row" 'an authority of the address'
run env PGSSLROOTCERT="$T/tls/ca.pem" sync-extract --plain "$(at db.test)" t
is "$status:$(cat out)" "0:$row" 'of the environment'
run env PGSSLROOTCERT="$T/tls/ca.pem" SSL_CERT_FILE="$T/tls/stranger.pem" sync-extract --plain "$(at db.test)" t
is "$status:$(cat out)" "0:$row" 'which comes before the system'
mkdir "$HOME/.postgresql"
cp "$T/tls/ca.pem" "$HOME/.postgresql/root.crt"
run sync-extract --plain "$(at db.test)" t
is "$status:$(cat out)" "0:$row" "of the user's own file"
printf '{"id":2}\n' >two
run sync-load --plain "$(at db.test)" t <two
is "$status:$(pg 'select count(*) from t')" 0:2 'and it loads'
rm -r "$HOME/.postgresql"
run sync-extract --plain "$(at db.test '&sslmode=require')" t
status_is 0 'sslmode=require takes any certificate, as libpq does'

run sync-extract "$(at db.test "&sslrootcert=$T/tls/ca.pem" locked)" t
status_is 2 'a user who needs a certificate'
printf 'key %s\n' "$(at db.test "&sslrootcert=$T/tls/ca.pem&sslcert=$T/tls/client.pem&sslkey=$T/tls/locked.key&sslpassword=opensesame" locked)" >endpoints
chmod 600 endpoints
run env SYNC_ENDPOINTS="$T/endpoints" sync-extract --plain @key t
is "$status:$(head -1 out)" "0:$row" 'a key with a password, from the endpoints file'
finish
