"""load_file_kills: sync-load killed at every one of its system calls that change something, then run again.

    load_file_kills.py SCENARIO     single, stateless, folder, folder-state: appends; with "+other" somebody else appends after the
                                    kill; upsert: a change stream that makes something else when it is applied twice

Whatever the moment, the second run leaves every record once and whole, what was there before and what somebody else has
added included; or, only if somebody else has added something, it refuses and leaves that file alone. A run without a state
that is killed when all is done, and that has nothing left to do but to exit, isn't run again. Needs strace.
"""
import glob, json, os, shutil, subprocess, sys

CALLS = ['write', 'fsync', 'openat', 'ftruncate', 'unlink', 'rename', 'link', 'flock']
LINES = ['{"id":%d,"t":"%s"}' % (i, 'abc'[i % 3]) for i in range(9)]
OTHER = '{"other":1}'
BASE = '{"base":1}'
OLD = ['{"id":1,"v":"a"}', '{"id":2,"v":"b"}', '{"id":3,"v":"c"}']
CHANGES = ['{"_sync":{"op":"delete"},"id":1}', '{"_sync":{"op":"update","key":{"id":2}},"id":1}']
NEW = ['{"id":1,"v":"b"}', '{"id":3,"v":"c"}']


def state():
    """Generation, and how many lines are loaded."""
    if not os.path.exists('s.json'):
        return 0, 0
    job = json.load(open('s.json'))['jobs']['default']
    return int(job['generation']), int(job['tokens'][''].get('n', 0))


def stream(scenario):
    stateful = '--state' in command(scenario)
    lines = CHANGES if scenario == 'upsert' else LINES
    generation, done = state() if stateful else (0, 0)
    begin = {'op': 'begin', 'format': 1, 'run': 'r', 'source': ['x'], 'scope': 'part'}
    if stateful:
        begin['from'] = {'generation': str(generation), 'connector': 'file', 'source': 'x', 'selection': 'y'}
    out = [json.dumps({'_sync': begin})]
    n = 0
    for i in range(done, len(lines)):
        out.append(lines[i])
        n += 1
        if stateful and (i % 4 == 3 or i == len(lines) - 1):
            out.append(json.dumps({'_sync': {'op': 'checkpoint', 'seq': i, 'state': {'n': str(i + 1)}, 'count': {'': n}}}))
    out.append(json.dumps({'_sync': {'op': 'end', 'count': {'': n} if n else {}}}))
    return '\n'.join(out) + '\n'


def command(scenario):
    if scenario == 'upsert':
        return ['sync-load', 'd/a.ndjson', '--mode', 'upsert', '--key', 'id', '--state', 's.json']
    target = ['d/', '--split-by', 't'] if 'folder' in scenario else ['d/a.ndjson']
    return ['sync-load', *target, '--mode', 'append'] + (['--state', 's.json'] if scenario.startswith(('single', 'folder-state')) else [])


def prepare(scenario):
    shutil.rmtree('work', ignore_errors=True)
    os.makedirs('work/d')
    os.chdir('work')
    open('d/a.ndjson', 'w').write('\n'.join(OLD if scenario == 'upsert' else [BASE]) + '\n')


def content():
    return {f: open(f).read() for f in sorted(glob.glob('d/*'))}


def whole(scenario, files, other):
    if scenario == 'upsert':
        return files == {'d/a.ndjson': '\n'.join(NEW) + '\n'}
    return sorted(''.join(files.values()).splitlines()) == sorted(LINES + [BASE] + ([OTHER] if other else []))


def check(scenario, other, where):
    before = content()
    stateful = '--state' in command(scenario)
    if not stateful and whole(scenario, before, other) and not glob.glob('d/.append.*') and ('folder' in scenario or not glob.glob('d/.*')):
        return 'done'
    p = subprocess.run(command(scenario), input=stream(scenario), capture_output=True, text=True)
    now = content()
    if p.returncode == 3 and other and 'somebody else has added more' in p.stderr and now['d/a.ndjson'] == before['d/a.ndjson']:
        return 'refused'
    left = [f for f in glob.glob('d/.*') if os.path.isfile(f)]
    if p.returncode or not whole(scenario, now, other) or left:
        raise SystemExit('%s: exit %d, %s\n%s\nleft: %s\nbefore: %s' % (where, p.returncode, p.stderr, now, left, before))
    return 'done'


def one(scenario, call, n):
    """False when there is no such call any more."""
    top = os.getcwd()
    other = scenario.endswith('+other')
    prepare(scenario)
    stateful = '--state' in command(scenario)
    p = subprocess.run(['strace', '-o', '/dev/null', '-e', 'inject=%s:signal=KILL:when=%d' % (call, n), *command(scenario)],
                       input=stream(scenario), capture_output=True, text=True)
    if p.returncode == 0:
        os.chdir(top)
        return None
    if other:
        open('d/a.ndjson', 'a').write(OTHER + '\n')
    what = check(scenario, other, '%s: killed at %s %d' % (scenario, call, n))
    os.chdir(top)
    return what


def main():
    scenario = sys.argv[1]
    seen = {'done': 0, 'refused': 0}
    for call in CALLS:
        n = 1
        while (what := one(scenario, call, n)):
            seen[what] += 1
            n += 1
    print(seen)
    return 0 if seen['done'] > 10 else 1


sys.exit(main())
