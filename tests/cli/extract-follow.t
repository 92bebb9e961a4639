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
elif kind.startswith('rotated'):
    pass
elif kind == 'csv':
    open('c.csv', 'w').write('i,pad\n' + ''.join('%d,"%s\n"\n' % (i, pad) for i in range(N))); source = ['c.csv']
else:
    db = sqlite3.connect('c.db')
    db.execute('create table a(i integer primary key, pad)'); db.execute('create table b(i integer primary key, pad)')
    db.executemany('insert into a values(?, ?)', [(i, pad) for i in range(N // 2)])
    db.executemany('insert into b values(?, ?)', [(i, pad) for i in range(N // 2, N)])
    db.commit(); source = ['c.db', '--cursor', 'i']
seen, rounds = [], 0
if kind in ('rotated', 'rotated-csv'):      # twice since the last run
    name, head, text = ('c.ndjson', '', lines) if kind == 'rotated' else ('c.csv', 'i,pad\n', ['%d,"%s\n"\n' % (i, pad) for i in range(N)])
    first, second = text[10:N // 3], text[N // 3:2 * N // 3]
    open(name, 'w').write(head + ''.join(text[:10])); source = [name]
    p = subprocess.run('sync-extract %s --state s.json | sync-load sink --mode append --state s.json' % name, shell=True, check=True)
    seen = list(range(10))
    open(name, 'a').write(''.join(first)); os.rename(name, name + '.2')
    open(name + '.1', 'w').write(head + ''.join(second))
    open(name, 'w').write(head + ''.join(text[2 * N // 3:]))
    for i, n in enumerate((name + '.2', name + '.1', name)): os.utime(n, (1000 + i, 1000 + i))
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
for kind in ndjson several gzip csv rotated rotated-csv sqlite; do
	[ $kind != sqlite ] || [ -x "$BUILD/libexec/sync/sync-extract-sqlite" ] || continue
	rm -f s.json* sink
	ok "$kind: stopped in the first catch-up, the stream ends well and the rest comes later" timeout 120 python3 stop.py $kind
done
cat >blind.py <<'END'
# Runs a program in which inotify_init1 fails, as where there is none: by a seccomp filter.
import ctypes, os, platform, struct, sys
number, arch = {'x86_64': (294, 0xc000003e), 'aarch64': (26, 0xc00000b7)}[platform.machine()]
step = lambda code, jt, jf, k: struct.pack('HBBI', code, jt, jf, k)
ENOSYS = 38
program = ctypes.create_string_buffer(
    step(0x20, 0, 0, 4) + step(0x15, 0, 3, arch) +              # load the architecture; another one: allow
    step(0x20, 0, 0, 0) + step(0x15, 0, 1, number) +            # load the call's number
    step(0x06, 0, 0, 0x00050000 | ENOSYS) + step(0x06, 0, 0, 0x7fff0000))
class filter(ctypes.Structure): _fields_ = [('n', ctypes.c_ushort), ('p', ctypes.c_void_p)]
libc = ctypes.CDLL(None, use_errno=True)
f = filter(6, ctypes.addressof(program))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(f), 0, 0): sys.exit(98)
if len(sys.argv) > 1: os.execvp(sys.argv[1], sys.argv[1:])
END

blind=
follow() {
	$blind sync-extract --follow "$@" >fout 2>ferr &
	pid=$!
}
seen() { grep -q -e "$1" fout; }
watching() { ls -l "/proc/$pid/fd" | grep -q inotify; }
stop() {
	kill -TERM "$pid"
	wait "$pid" 2>/dev/null
	is "$?" 143 "$1: ends by the signal"
	is "$(tail -n 1 fout | jq -c '._sync|[.op,.status]')" '["end",null]' "$1: its stream ends well"
	is "$(jq -c 'select(._sync.op|not)|.i' fout | tr '\n' ' ')" "$2" "$1: each once, in order"
}

scenarios() {
	rm -rf a.* d new
	printf '{"i":1}\n' >a.ndjson
	follow a.ndjson
	ok "$1: what is there" until_true 10 seen '"i":1}'
	if [ -d /proc/self/fd ]; then
		if [ "$blind" ]; then ok "$1: without inotify" sh -c "! ls -l /proc/$pid/fd | grep inotify"; else ok "$1: by inotify" until_true 10 watching; fi
	fi
	printf '{"i":2}\n{"i":' >>a.ndjson
	ok "$1: what comes" until_true 10 seen '"i":2}'
	printf '3}\n' >>a.ndjson
	ok "$1: half a record when it is whole" until_true 10 seen '"i":3}'
	mv a.ndjson a.ndjson.1
	printf '{"i":4}\n' >>a.ndjson.1
	printf '{"i":5}\n' >a.ndjson
	ok "$1: rotated" until_true 10 seen '"i":5}'
	cp a.ndjson a.ndjson.2
	printf '{"i":6,"x":"longer than what was there before"}\n' >a.ndjson
	ok "$1: copied and truncated" until_true 10 seen '"i":6,'
	printf '{"i":7,"x":"another"}\n' >a.ndjson
	ok "$1: truncated" until_true 10 seen '"i":7,'
	rm a.ndjson
	printf '{"i":8}\n' >new
	mv new a.ndjson
	ok "$1: removed, and there again" until_true 10 seen '"i":8}'
	stop "$1" '1 2 3 4 5 6 7 8 '
	ok "$1: a warning of what is lost" grep -q "'a.ndjson' is another file than it was" ferr

	mkdir d
	follow d --stream s
	ok "$1: an empty folder" until_true 10 kill -0 "$pid"
	printf '{"i":1}\n' >d/a.ndjson
	ok "$1: its first file" until_true 10 seen '"i":1}'
	printf 'i\n2\n' >d/b.csv
	ok "$1: another, of another form" until_true 10 seen '"i":"2"}'
	printf '"3' >>d/b.csv
	printf '{"i":4}\n' >>d/a.ndjson
	ok "$1: the first one grows" until_true 10 seen '"i":4}'
	printf '\n"\n' >>d/b.csv
	ok "$1: half a row when it is whole" until_true 10 seen '"i":"3.n"}'
	mv d/a.ndjson d/c.ndjson
	printf '{"i":5}\n' >>d/c.ndjson
	ok "$1: renamed, it goes on" until_true 10 seen '"i":5}'
	printf '{"i":6}\n' | gzip -c >d/.new
	mv d/.new d/z.ndjson.gz
	ok "$1: a packed one" until_true 10 seen '"i":6}'
	stop "$1, a folder" '1 "2" 4 "3\n" 5 6 '
}
scenarios inotify
if python3 blind.py; then
	blind="python3 blind.py"
	scenarios polling
else
	skip 1 'no seccomp here'
fi

# ---- several streams in a folder that grows
rm -rf d
mkdir d
blind=
follow d
printf '{"i":1}\n' >d/a.ndjson
ok 'a stream of its own' until_true 10 seen '"stream":"a"},"i":1}'
printf '{"i":2}\n' >d/b.ndjson
ok 'and another' until_true 10 seen '"stream":"b"},"i":2}'
stop 'streams that come' '1 2 '
is "$(jq -c 'select(._sync.op == "schema")._sync.stream' fout | tr '\n' ' ')" '"a" "b" ' 'each is declared when it comes'
finish
