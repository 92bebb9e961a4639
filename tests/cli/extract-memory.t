#!/bin/sh
# extract-memory.t: sync-extract's memory is bounded, whatever the size of what it reads.
. "${0%/*}/lib.sh"
case ${SYNC_TEST_PROFILE:-release} in
asan | tsan) skip 1 'sanitizers take memory of their own'; finish ;;
esac
[ -r /proc/self/status ] || { skip 1 'no /proc here'; finish; }

cat >memory.py <<'END'
# 48 MB of records, from a pipe or a file; the most that was resident is asked for when most of it was read.
import gzip, io, json, os, re, sqlite3, subprocess, sys, threading
form, most = sys.argv[1], 8 << 10       # KiB
N = 300000
def rows():
    for i in range(N): yield i, 'x' * 120
def text(start, one, between, end):
    yield start
    for i, s in rows(): yield (between if i else '') + one % (i, s)
    yield end
arguments = [form]
forms = {
    'pipe.json': lambda: text('{"skip":[{"rows":[1]}],"rows":[', '\n {"i": %d, "s": "%s", "t": [1, {"u": 2.50}]}', ',', ']}'),
    'file.json': lambda: text('[', '{"i":%d,\n"s":"%s"}', ', ', ']'),
    'file.ndjson': lambda: text('', '{"i":%d,"s":"%s"}', '\n', '\n'),
    'file.csv': lambda: text('i,s\n', '%d,"%s\n"', '\n', '\n'),
    'file.ndjson.gz': lambda: text('', '{"i":%d,"s":"%s"}', '\n', '\n'),
}
def write(f):
    part = []
    for s in forms[form]():
        part.append(s)
        if len(part) == 10000: f.write(''.join(part).encode()); part = []
    f.write(''.join(part).encode()); f.close()
stdin = None
if form == 'file.db':
    db = sqlite3.connect(form)
    db.execute('create table t(i integer primary key, s)')
    db.executemany('insert into t values(?, ?)', rows()); db.commit()
elif form == 'pipe.json':
    arguments = ['-', '--format', 'json', '--records', 'rows']; stdin = subprocess.PIPE
else:
    write(gzip.open(form, 'wb', 1) if form.endswith('.gz') else open(form, 'wb'))
p = subprocess.Popen(['sync-extract', *arguments], stdin=stdin, stdout=subprocess.PIPE)
if stdin: threading.Thread(target=write, args=(p.stdin,), daemon=True).start()
n = 0
for line in p.stdout:
    n += 1
    if n == N - 50000: peak = int(re.search(r'VmHWM:\s*(\d+)', open('/proc/%d/status' % p.pid).read()).group(1))
assert p.wait() == 0 and json.loads(line)['_sync']['count'].popitem()[1] == N, line
print(form, peak, 'KiB')
assert peak <= most, peak
END
for form in pipe.json file.json file.ndjson file.csv file.ndjson.gz; do
	ok "$form in 8 MiB" python3 memory.py $form
done
if [ -x "$BUILD/libexec/sync/sync-extract-sqlite" ]; then ok 'file.db in 8 MiB' python3 memory.py file.db; fi
finish
