"""bench_mongodb: the cases of scripts/bench about MongoDB, on mongo-java-server, which keeps its data in memory."""
import atexit, importlib.util, itertools, os, shutil, subprocess, tempfile

PLACE = os.path.join(tempfile.gettempdir(), 'sync-bench-mongodb.%d' % os.getpid())
OUT = """import json, sys, pymongo
for d in pymongo.MongoClient(sys.argv[1]).get_default_database().games.find(batch_size=2000):
    sys.stdout.write(json.dumps(d, default=str) + '\\n')
"""
IN = """import itertools, json, sys, pymongo
games = pymongo.MongoClient(sys.argv[1]).get_default_database().games
while rows := [json.loads(line) for line in itertools.islice(sys.stdin, 1000)]:
    if sys.argv[2] == 'append':
        games.insert_many(rows, ordered=False)
    else:
        games.bulk_write([pymongo.ReplaceOne({'_id': r['_id']}, r, upsert=True) for r in rows], ordered=False)
"""
address = None
server = None
holds = False


def stop():
    if server:
        server.kill()
        server.wait()
    shutil.rmtree(PLACE, ignore_errors=True)


def command(root):
    """What starts a server that writes its address into a file; or None."""
    where = subprocess.run([root + '/scripts/test-servers', '--where'], capture_output=True, text=True).stdout.strip()
    if shutil.which('java') and os.path.exists(where + '/java/MongoServer.class'):
        return ['java', '-Xmx12g', '-XX:+UseSerialGC', '-cp', '%s/java/*:%s/java' % (where, where), 'MongoServer', PLACE]
    return None


def start(root):
    """A new server without data; the old one goes."""
    global server, address, holds
    if server:
        server.kill()
        server.wait()
    if os.path.exists(PLACE + '/address'):
        os.remove(PLACE + '/address')
    server = subprocess.Popen(command(root), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait = 'i=0; while ! [ -s "$1/address" ]; do i=$((i + 1)); [ $i -lt 600 ] || exit 1; sleep 0.05; done'
    subprocess.run(['sh', '-c', wait, '-', PLACE], check=True)
    address = 'mongodb://%s/app' % open(PLACE + '/address').read().strip()
    holds = False


def make_data(work):
    rows = open(work + '/data/rows').read()
    if os.path.exists(work + '/data/mongodb.rows') and open(work + '/data/mongodb.rows').read() == rows:
        return
    for source, name in (('games.ndjson', 'mongodb'), ('new.ndjson', 'mongodb_new')):
        with open(work + '/data/' + source, encoding='utf-8') as lines, open('%s/data/%s.ndjson' % (work, name), 'w', encoding='utf-8') as f:
            f.writelines(line.replace('"id"', '"_id"', 1) for line in lines)
    for name in ('mongodb', 'mongodb_new'):     # that server compares a document with each of the keys that are asked for
        with open('%s/data/%s.ndjson' % (work, name), 'rb') as lines, open('%s/data/%s_some.ndjson' % (work, name), 'wb') as f:
            f.writelines(itertools.islice(lines, int(rows) // 10))
    with open(work + '/data/mongodb.rows', 'w') as f:
        f.write(rows)
    for name, text in (('mongodb_out.py', OUT), ('mongodb_in.py', IN)):
        with open(work + '/data/' + name, 'w') as f:
            f.write(text)


def ready(root, work):
    """None: it can be measured; else why not."""
    if not command(root):
        return 'no MongoDB server is here (scripts/test-servers builds one where Java is)'
    if not os.path.isdir(PLACE):
        os.mkdir(PLACE)
        atexit.register(stop)
        make_data(work)
    return None


def cases(Case, Run, tool, root, work):
    def run(name, argv, stdin=None, before=None):
        r = Run(name, [argv], stdin=stdin and '%s/data/%s.ndjson' % (work, stdin))

        def prepare():
            before()
            r.argvs = [[address if a == 'ADDRESS' else a for a in argv]]
        r.before = prepare
        if name == 'pymongo':
            r.there = lambda: importlib.util.find_spec('pymongo') is not None
        return r

    def case(name, stage, peer, limit):
        c = Case(name, stage, [peer], [('cpu', 'pymongo', limit)], 65536)
        c.ready = lambda: ready(root, work) or True
        return c

    def load(name):
        with open('%s/data/%s.ndjson' % (work, name), 'rb') as f:
            subprocess.run([tool('sync-load'), '--plain', '--key', '_id', address, 'games'], stdin=f, check=True)

    def empty():
        start(root)

    def filled():
        global holds
        if not holds:
            start(root)
            load('mongodb')
            holds = True

    def to_change():
        start(root)
        load('mongodb_some')
    sync = [tool('sync-load'), '--plain', '--key', '_id', 'ADDRESS', 'games']
    return [
        case('NDJSON to MongoDB, append 1 M documents', run('sync-load', sync + ['--mode', 'append'], 'mongodb', empty),
             run('pymongo', ['python3', 'data/mongodb_in.py', 'ADDRESS', 'append'], 'mongodb', empty), -4),
        case('NDJSON to MongoDB, upsert of a tenth of them, 1 % changed', run('sync-load', sync, 'mongodb_new_some', to_change),
             run('pymongo', ['python3', 'data/mongodb_in.py', 'ADDRESS', 'upsert'], 'mongodb_new_some', to_change), -4),
        case('MongoDB to NDJSON, 1 M documents', run('sync-extract', [tool('sync-extract'), 'ADDRESS', 'games'], None, filled),
             run('pymongo', ['python3', 'data/mongodb_out.py', 'ADDRESS'], None, filled), -4),
    ]
