"""bench_redis: the cases of scripts/bench about Redis, on a server of their own, on a socket."""
import atexit, importlib.util, json, os, shutil, subprocess, tempfile, time

PLACE = os.path.join(tempfile.gettempdir(), 'sync-bench-redis.%d' % os.getpid())
SOCKET = PLACE + '/s'
URI = 'redis:///0?host=' + SOCKET
TEMPLATE = '--key-template=game:{id}'
CLI = ['redis-cli', '-s', SOCKET]
BY_REDIS_PY = """import json, sys, redis
r = redis.Redis(unix_socket_path=sys.argv[1], decode_responses=True)
cursor = None
while cursor != 0:
    cursor, keys = r.scan(cursor or 0, 'game:*', 1000)
    p = r.pipeline(transaction=False)
    for k in keys: p.hgetall(k)
    for row in p.execute(): sys.stdout.write(json.dumps(row) + '\\n')
"""
started = None


def stop():
    subprocess.run(CLI + ['shutdown', 'nosave'], capture_output=True)
    shutil.rmtree(PLACE, ignore_errors=True)


def make_protocol(work):
    """The commands that redis-cli --pipe sends, ready-made."""
    rows = open(work + '/data/rows').read()
    if os.path.exists(work + '/data/redis.rows') and open(work + '/data/redis.rows').read() == rows:
        return
    with open(work + '/data/flat.ndjson', encoding='utf-8') as lines, open(work + '/data/redis.resp', 'wb') as f:
        for line in lines:
            row = json.loads(line, parse_int=str, parse_float=str)
            words = ['HSET', 'game:' + row['id']] + [w for k, v in row.items() if v is not None for w in (k, v)]
            f.write(b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(w), w) for w in (x.encode() for x in words)))
    with open(work + '/data/redis.rows', 'w') as f:
        f.write(rows)


def ready(work):
    """Starts the server, once. False: there is none here."""
    global started
    if started is not None:
        return started
    started = shutil.which('redis-server') is not None and shutil.which('redis-cli') is not None
    if not started:
        return False
    os.mkdir(PLACE)
    atexit.register(stop)
    subprocess.run(['redis-server', '--port', '0', '--unixsocket', SOCKET, '--dir', PLACE, '--save', '', '--daemonize', 'yes'], stdout=subprocess.DEVNULL, check=True)
    while subprocess.run(CLI + ['ping'], capture_output=True).returncode:
        time.sleep(0.02)
    make_protocol(work)
    with open(work + '/data/redis_py.py', 'w') as f:
        f.write(BY_REDIS_PY)
    return True


def empty():
    subprocess.run(CLI + ['flushall'], stdout=subprocess.DEVNULL, check=True)


def cases(Case, Run, tool, work):
    def case(name, stage, peers, targets):
        c = Case(name, stage, peers, targets, 65536)
        c.ready = lambda: ready(work) or 'no Redis server is here'
        return c

    def filled():
        if subprocess.run(CLI + ['exists', 'game:1000000'], capture_output=True, text=True).stdout != '1\n':
            with open(work + '/data/flat.stream', 'rb') as f:
                subprocess.run([tool('sync-load'), URI, TEMPLATE], stdin=f, check=True)
    load = lambda name, before: Run(name, [[tool('sync-load'), URI, TEMPLATE]], stdin=work + '/data/flat.stream', before=before)
    pipe = Run('redis-cli --pipe', [CLI + ['--pipe']], stdin=work + '/data/redis.resp', before=empty)
    by_py = Run('redis-py pipeline', [['python3', 'data/redis_py.py', SOCKET]], before=filled)
    by_py.there = lambda: importlib.util.find_spec('redis') is not None
    return [
        case('NDJSON to Redis, 1 M hashes', load('sync-load', empty), [pipe], [('wall', 'redis-cli --pipe', 1.3)]),
        case('Redis to NDJSON, 1 M hashes', Run('sync-extract', [[tool('sync-extract'), URI, TEMPLATE]], before=filled), [by_py],
             [('wall', 'redis-py pipeline', -4)]),
        case('NDJSON to Redis, nothing changed', load('sync-load', filled), [], []),
    ]
