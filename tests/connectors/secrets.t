#!/bin/sh
# secrets.t: passwords of the endpoints file are in no arguments, messages, frames or core dumps, whatever the connector.
. "${0%/*}/../cli/lib.sh"
# a server that takes what is sent, says how many have come, and answers nothing
cat >silent.py <<'END'
import os, socket, threading
server = socket.socket()
server.bind(('127.0.0.1', 0))
server.listen(16)
def write(name, text):
    with open(name + '.new', 'w') as f:
        f.write(text)
    os.rename(name + '.new', name)
def keep(client):
    sent = b''
    while True:
        piece = client.recv(4096)
        if not piece:
            return
        sent += piece
        write('sent', str(len(sent)))
write('port', str(server.getsockname()[1]))
while True:
    client, _ = server.accept()
    threading.Thread(target=keep, args=(client,), daemon=True).start()
END
python3 silent.py &
silent=$!
trap 'kill $silent 2>/dev/null; rm -rf "$T"' EXIT
until_true 20 test -s port
port=$(cat port)
printf '{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":"full"}}\n{"_sync":{"op":"schema","stream":"t","key":["id"],"schema":{}}}\n{"id":1}\n' >begun
cat >endpoints <<END
postgresql postgresql://me:tops%40ecret@127.0.0.1:$port/x?sslmode=disable&sslpassword=tops%40ecret
redis redis://me:tops%40ecret@127.0.0.1:$port/0
mongodb mongodb://me:tops%40ecret@127.0.0.1:$port/x?tlsCertificateKeyFilePassword=tops%40ecret
END
chmod 600 endpoints
SYNC_ENDPOINTS=$T/endpoints
export SYNC_ENDPOINTS
mkfifo in
# shellcheck disable=SC2009
shown() { # every process that came of this one, as others see it
	for p in /proc/[0-9]*; do
		case $p in /proc/$1) ;; *) [ "$(sed -n 's/^PPid:\t//p' "$p/status" 2>/dev/null)" = "$1" ] || continue ;; esac
		tr '\0' '\n' <"$p/cmdline"
	done
}
for scheme in postgresql redis mongodb; do
	for tool in sync-extract sync-load; do
		if ! [ -x "$BUILD/libexec/sync/$tool-$scheme" ]; then
			skip 1 "$tool-$scheme isn't built"
			continue
		fi
		rm -f sent
		if [ $tool = sync-extract ]; then
			"$tool" "@$scheme" -v >out 2>err &
		else
			"$tool" "@$scheme" -v >out 2>err <in &
		fi
		pid=$!
		if [ $tool = sync-load ]; then
			exec 3>in
			cat begun >&3
		fi
		ok "$tool, $scheme: it connects" until_true 20 test -s sent
		shown $pid >argv
		ok 'its program runs' grep -q "$tool-$scheme" argv
		is "$(grep -c 'ecret' argv)" 0 'without the password among the arguments'
		ok 'and leaves no core file' grep -Eq '^Max core file size +0 +0 ' "/proc/$pid/limits"
		kill $pid
		[ $tool = sync-extract ] || exec 3>&-
		wait $pid 2>/dev/null
		is "$(cat out err | grep -c 'ecret')" 0 'no message and no frame has it'
	done
done
kill $silent
wait $silent 2>/dev/null
# nothing answers there any more
for scheme in postgresql redis mongodb; do
	[ -x "$BUILD/libexec/sync/sync-extract-$scheme" ] || continue
	run sync-extract "@$scheme"
	status_is 75 "$scheme: nothing answers"
	is "$(cat out err | grep -c 'ecret')" 0 'and the password is not told'
	run sync-extract "$scheme://me:tops%40ecret@127.0.0.1:$port/x"
	status_is 2 'a password in the arguments is refused'
	is "$(cat out err | grep -c 'ecret')" 0 'and not repeated'
	err_has '@NAME' 'with the way to do it'
done
finish
