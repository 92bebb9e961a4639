"""bench_postgresql: the cases of scripts/bench about PostgreSQL, on a server of their own, which tests/connectors/pg.sh starts."""
import atexit, os, shutil, subprocess, tempfile

PLACE = os.path.join(tempfile.gettempdir(), 'sync-bench.%d' % os.getpid())
URI = 'postgresql://tester@/postgres?host=%s/pg' % PLACE
COLUMNS = ('id integer primary key, season text not null, league text, round smallint, home text, away text, kickoff timestamptz, status text, '
           'venue_id text, city text, capacity integer, attendance integer, ht text, ft text, referee text, contact text, price numeric(8,2), '
           'updated_at timestamptz, note text')
NAMES = [c.split()[0] for c in COLUMNS.replace('numeric(8,2)', 'numeric').split(', ')]
BY_HAND = ("begin; create temp table staged (like big) on commit drop;\n\\copy staged from 'data/pg_new.csv' csv\n"
           'insert into big as b select * from staged on conflict (id) do update set (%s) = (%s) where (%s) is distinct from (%s);\ncommit;\n'
           % tuple(', '.join(p + n for n in NAMES) for p in ('', 'excluded.', 'b.', 'excluded.')))
started = None


def sh(root, script):
    """Runs a shell script that knows pg.sh; the server outlives it."""
    return subprocess.run(['bash', '-c', 'T=%s; . "%s/tests/connectors/pg.sh"; %s' % (PLACE, root, script)], capture_output=True, text=True)


def psql(sql, **more):
    subprocess.run(['psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-c', sql], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


def stop(root):
    sh(root, 'pg_bin; pg_stop')
    shutil.rmtree(PLACE, ignore_errors=True)


def ready(root, work, extract):
    """Starts the server and fills the table `games`, once. False: there is no server here."""
    global started
    if started is not None:
        return started
    os.mkdir(PLACE)
    atexit.register(stop, root)
    started = shutil.which('psql') is not None and sh(root, 'pg_start && { trap - EXIT; true; }').returncode == 0
    if not started:
        return False
    os.environ.update(PGHOST=PLACE + '/pg', PGUSER='tester', PGDATABASE='postgres')
    psql('create table games (%s)' % COLUMNS)
    psql("\\copy games from 'data/games.csv' csv header", cwd=work)
    psql('create table newer as select * from games')
    psql("update newer set attendance = attendance + 1, status = 'played' where id % 100 = 0")
    psql('vacuum analyze')
    psql("\\copy (select * from newer order by id) to 'data/pg_new.csv' csv", cwd=work)
    for name, table in (('pg.stream', 'games'), ('pg_new.stream', 'newer')):
        with open(work + '/data/' + name, 'wb') as f:
            subprocess.run([extract, URI, table], stdout=f, check=True)
    with open(work + '/data/upsert.sql', 'w') as f:
        f.write(BY_HAND)
    return True


def fresh():
    psql('drop table if exists made; create table made (%s)' % COLUMNS)
    psql('checkpoint')


def full():
    psql('drop table if exists big; create table big (%s); insert into big select * from games' % COLUMNS)
    psql('vacuum analyze big')
    psql('checkpoint')


def cases(Case, Run, tool, root, work):
    def case(name, stage, peers, targets):
        c = Case(name, stage, peers, targets, 65536)
        c.ready = lambda: ready(root, work, tool('sync-extract')) or 'no PostgreSQL server is here'
        return c
    load = tool('sync-load')
    return [
        case('PostgreSQL to NDJSON, 1 M rows', Run('sync-extract', [[tool('sync-extract'), URI, 'games']]),
             [Run('\\copy to csv', [['psql', '-Xqc', '\\copy games to stdout csv']]),
              Run('row_to_json', [['psql', '-Xqc', '\\copy (select row_to_json(g) from games g) to stdout']])],
             [('wall', '\\copy to csv', 1.0), ('wall', 'row_to_json', 0.5)]),
        case('NDJSON to PostgreSQL, append 1 M rows', Run('sync-load', [[load, URI, 'made', '--mode', 'append']], stdin=work + '/data/pg.stream', before=fresh),
             [Run('\\copy from csv', [['psql', '-Xqc', "\\copy made from 'data/games.csv' csv header"]], before=fresh)],
             [('wall', '\\copy from csv', 1.1)]),
        case('NDJSON to PostgreSQL, upsert, 1 % changed', Run('sync-load', [[load, URI, 'big']], stdin=work + '/data/pg_new.stream', before=full),
             [Run('ON CONFLICT by hand', [['psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', 'data/upsert.sql']], before=full)],
             [('wall', 'ON CONFLICT by hand', 0.8)]),
    ]
