#!/bin/sh
# extract-follow.t: files and tables followed: stopped while they catch up, without inotify, rotated, truncated, joined by others.
. "${0%/*}/lib.sh"

cat >stop.py <<'END'
# A signal in the first catch-up: the stream ends well, and the next run has just the rest.
import gzip, json, os, signal, sqlite3, subprocess, sys
kind = sys.argv[1]
N = 60000
pad = 'x' * 100
lines = ['{"i":%d,"pad":"%s"}\n' % (i, pad) for i in range(N)]
if kind == 'ndjson':
    open('c.ndjson', 'w').write(''.join(lines)); source = ['c.ndjson']
elif kind == 'several':
    half = N // 2
    open('s1.ndjson', 'w').write(''.join(lines[:half])); open('s2.ndjson', 'w').write(''.join(lines[half:]))
    source = ['s1.ndjson', 's2.ndjson', '--stream', 's']
elif kind == 'gzip':
    gzip.open('c.ndjson.gz', 'wt', 1).write(''.join(lines)); source = ['c.ndjson.gz']
elif kind == 'csv':
    open('c.csv', 'w').write('i,pad\n' + ''.join('%d,"%s\n"\n' % (i, pad) for i in range(N))); source = ['c.csv']
else:
    db = sqlite3.connect('c.db')
    db.execute('create table a(i integer primary key, pad)'); db.execute('create table b(i integer primary key, pad)')
    db.executemany('insert into a values(?, ?)', [(i, pad) for i in range(N // 2)])
    db.executemany('insert into b values(?, ?)', [(i, pad) for i in range(N // 2, N)])
    db.commit(); source = ['c.db', '--cursor', 'i']
seen, rounds = [], 0
while True:
    p = subprocess.Popen(['sync-extract', *source, '--state', 's.json', '--follow'], stdout=subprocess.PIPE)
    text = b''
    while (b'"i":' if len(seen) < N else b'"op":"begin"') not in text: text += os.read(p.stdout.fileno(), 65536)     # it waits for us now
    p.send_signal(signal.SIGTERM)
    text += p.stdout.read()
    assert p.wait() == -signal.SIGTERM, p.returncode
    records = [json.loads(l) for l in text.decode().splitlines()]
    end = records[-1]['_sync']
    assert end['op'] == 'end' and 'status' not in end, end
    new = [int(r['i']) for r in records if r.get('_sync', {}).get('op') is None]
    assert sum(end['count'].values()) == len(new), (end, len(new))
    load = subprocess.run(['sync-load', *(['sink.db'] if kind == 'sqlite' else ['sink', '--mode', 'append']), '--state', 's.json'], input=text, capture_output=True)
    assert load.returncode == 0, load.stderr
    rounds += 1
    if not new: break
    seen += new
    assert seen == list(range(len(seen))), 'lost or doubled'
assert len(seen) == N and rounds > 2, (len(seen), rounds)
END
for kind in ndjson several gzip csv sqlite; do
	[ $kind != sqlite ] || [ -x "$BUILD/libexec/sync/sync-extract-sqlite" ] || continue
	rm -f s.json* sink
	ok "$kind: stopped in the first catch-up, the stream ends well and the rest comes later" timeout 120 python3 stop.py $kind
done
finish
