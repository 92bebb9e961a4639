#!/bin/sh
# postgresql-refused.t: a PostgreSQL server that refuses a connection, in any language: 75 where that may pass, else 2.
. "${0%/*}/../cli/lib.sh"
if ! [ -x "$BUILD/libexec/sync/sync-load-postgresql" ]; then
	skip 1 'PostgreSQL: its connector is not built here'
	finish
fi
mkdir s
cat >server.py <<'END'
import os, socket, struct, sys
server = socket.socket(socket.AF_UNIX)
server.bind("s/.s.PGSQL.5432")
server.listen(9)
open("ready", "w").close()
while True:
    c, _ = server.accept()
    try:
        n = struct.unpack("!i", c.recv(4))[0]
        c.recv(n - 4)
        code, text = open("answer", encoding="utf-8").read().split(" ", 1)
        fields = "SFATAL\0VFATAL\0C" + code + "\0M" + text.strip() + "\0Fproc.c\0L1\0RInitProcess\0\0"
        if code == "gone":
            pass
        else:
            body = fields.encode()
            c.sendall(b"E" + struct.pack("!i", len(body) + 4) + body)
    except (OSError, struct.error):
        pass
    c.close()
END
python3 server.py >server.log 2>&1 &
server=$!
trap 'kill $server; rm -rf "$T"' EXIT
until_true 10 test -e ready
refused() { # STATUS SQLSTATE TEXT
	printf '%s %s\n' "$2" "$3" >answer
	run sync-extract "postgresql://me@/app?host=$T/s" t
	is "$status" "$1" "$2: $3"
	printf '{"id":1}\n' >in
	run sh -c 'sync-load "$1" t <in' - "postgresql://me@/app?host=$T/s"
	is "$status" "$1" "$2 where it is loaded"
}
refused 75 53300 'tut mir leid, schon zu viele Verbindungen'
refused 75 57P03 'das Datenbanksystem startet'
refused 75 57P01 'Verbindung wird abgebrochen aufgrund von Anweisung des Administrators'
refused 75 53400 'el servidor no puede'
refused 2 28P01 'Passwort-Authentifizierung für Benutzer »me« fehlgeschlagen: too many tries'
refused 2 28000 'kein pg_hba.conf-Eintrag'
refused 2 3D000 'Datenbank »app« existiert nicht'
refused 2 42501 'keine Berechtigung für Datenbank app'
refused 75 gone ''
finish
