"""pairs: pipelines between systems, on servers of the test's own."""
import hashlib, sqlite3, struct

from data import edited, make_sqlite, rows, table_digest, write
from mongo import B, L, MongoDB
from rounds import Pipeline
from servers import Postgres, Redis

N, DOCUMENTS = 3000, 600
STATE = '_sync_state'


def append(text):
    with open('in.ndjson', 'a', encoding='utf-8') as f:
        f.write(text)


def renamed(text):
    return text.replace('"home":"team', '"home":"TEAM')


# ---- into PostgreSQL

def pg_target(name, pair, prepare, extract, load, steps, order='id', same=None, idle=True):
    """What `extract` reads into the table games."""
    return Pipeline(name, lambda *servers: prepare(), extract + ' | ' + load, lambda pg: pg.digest('games', order), kinds=(Postgres,),
                    steps=[lambda pg, step=s: step() for s in steps], pair=pair, show='sync-extract "$PG" games', same=same,
                    leftovers=lambda pg: pg.leftovers(('games', STATE)),
                    touched=(lambda pg: pg.touched(('games', STATE))) if idle else None)


def file_to_pg(name, options, extract, steps, **more):
    return pg_target('file to PostgreSQL, ' + name, 'file to PostgreSQL', lambda: write('in.ndjson', rows(N)), extract,
                     'sync-load "$PG" games -v ' + options, steps, **more)


SQLITE_STEPS = ['insert into games select id + 5000, home, price, note, 5000 + id from games where id % 11 = 1',
                "update games set home = 'changed', seq = 9000 + id where id % 7 = 3",
                'insert into games select id + 20000, home, price, note, 50000 + id from games where id % 13 = 1']


def change_sqlite(statement):
    db = sqlite3.connect('in.db')
    db.execute(statement)
    db.commit()
    db.close()


def make_source():
    make_sqlite('in.db', N)
    change_sqlite('alter table games add column seq int')
    change_sqlite('update games set seq = id')


INTO_POSTGRES = [
    file_to_pg('upserted by state', '--key id --state "$PG"', 'sync-extract in.ndjson --state "$PG"',
               [lambda: append(renamed(rows(400, N - 200))), lambda: append(rows(300, N + 100))]),
    file_to_pg('appended by state', '--mode append --state "$PG"', 'sync-extract in.ndjson --state "$PG"',
               [lambda: append(rows(400, N)), lambda: append(rows(700, N + 400))], order='t::text',
               same='sync-diff --key id in.ndjson "$PG#games"'),
    file_to_pg('replaced', '--key id --mode replace', 'sync-extract in.ndjson', [lambda: write('in.ndjson', edited(rows(N), 1))],
               same='sync-diff --key id in.ndjson "$PG#games"', idle=False),
    file_to_pg('mirrored', '--key id --mode mirror', 'sync-extract in.ndjson',
               [lambda: write('in.ndjson', edited(rows(N), 1)), lambda: write('in.ndjson', edited(rows(N + 50), 2))],
               same='sync-diff --key id in.ndjson "$PG#games"'),
    pg_target('SQLite to PostgreSQL', 'SQLite to PostgreSQL', make_source, 'sync-extract in.db games --cursor seq --state "$PG"',
              'sync-load "$PG" -v --state "$PG"', [lambda s=s: change_sqlite(s) for s in SQLITE_STEPS],
              same='sync-diff --key id "in.db#games" "$PG#games"'),
]


# ---- from PostgreSQL

def pg_source(pg, *others):
    pg.sql("""create table games (id bigint primary key, home text not null, price numeric(8,2), at timestamptz, tags text[], doc jsonb,
        raw bytea, note text, changed timestamptz default clock_timestamp());
        insert into games select i, 'team ' || i %% 20, i / 4.0, timestamptz '2024-01-01' + i * interval '1 hour', array['a', 'b' || i],
        jsonb_build_object('n', i, 'list', array[i, i + 1]), decode(md5(i::text), 'hex'),
        case when i %% 3 = 0 then repeat('x', i %% 150) end from generate_series(1, %d) i; select pg_sleep(0.3)""" % N)


PG_STEPS = ["insert into games select id + 5000, home, price, at, tags, doc, raw, note from games where id % 11 = 1",
            "update games set home = 'changed', price = null, changed = clock_timestamp() where id % 7 = 3",
            "begin; insert into games select id + 20000, home, price, at, tags, doc, raw, note from games where id % 13 = 1; "
            "update games set tags = tags || array['c'], changed = clock_timestamp() where id % 5 = 3; commit"]
DELETES = ['; delete from games where id % 17 = 2', '; delete from games where id % 19 = 4', '; delete from games where id % 23 = 5']


def change_pg(statements):
    """Deltas by time stay 0.2 s behind the present."""
    return [lambda pg, *others, s=s: pg.sql(s + '; select pg_sleep(0.3)') for s in statements]


def redis_target(name, extract, load, steps, same='sync-diff --key id --ignore changed "$PG#games" now.stream'):
    show = 'sync-extract "$REDIS" --key-template="game:{id}" --stream games'
    return Pipeline('PostgreSQL to Redis, ' + name, pg_source,
                    extract + ' | sync-load "$REDIS" --key-template="game:{id}" -v ' + load, lambda pg, redis: redis.digest('game:*', 'changed'),
                    kinds=(Postgres, Redis), steps=change_pg(steps), pair='PostgreSQL to Redis', show=show,
                    same=show + ' >now.stream && ' + same,
                    leftovers=lambda pg, redis: pg.leftovers(('games',)) + redis.leftovers(('game:', '_sync_state', '_sync_schema')),
                    touched=lambda pg, redis: redis.touched())


def sqlite_digest(pg):
    """Without the column that no two runs have equal."""
    db = sqlite3.connect('out.db')
    h = hashlib.sha256()
    for row in db.execute('select id, home, price, at, tags, doc, raw, note from games order by id'):
        h.update(repr(row).encode())
    names = [r[0] for r in db.execute("select name from sqlite_master where type = 'table' order by name")]
    whole = db.execute('pragma integrity_check').fetchone()[0]
    db.close()
    return names, whole, h.hexdigest()


def sqlite_touched(pg):
    with open('out.db', 'rb') as f:
        return hashlib.sha256(f.read()).hexdigest()


def sqlite_target(name, line, steps):
    return Pipeline('PostgreSQL to SQLite, ' + name, pg_source, line, sqlite_digest, kinds=(Postgres,), steps=change_pg(steps),
                    pair='PostgreSQL to SQLite', show='sync-extract out.db games',
                    same='sync-diff --ignore changed "$PG#games" "out.db#games"', leftovers=lambda pg: pg.leftovers(('games',)), touched=sqlite_touched)


def pg_source_for_mongo(pg, *others):
    """FerretDB ends connections that bring it a Decimal128, and hangs when a hundred documents are updated at once."""
    pg_source(pg)
    pg.sql('alter table games alter price type double precision; delete from games where id > 300')


RENAMED = ' | sync-transform -e "rename: {id: _id}" | '


def mongo_target(name, extract, load, steps):
    return Pipeline('PostgreSQL to MongoDB, ' + name, pg_source_for_mongo, extract + RENAMED + 'sync-load "$MONGO" games -v ' + load,
                    lambda pg, mongo: mongo.digest('games', ('changed',)), kinds=(Postgres, MongoDB), steps=change_pg(steps),
                    pair='PostgreSQL to MongoDB', key='_id', show='sync-extract "$MONGO" games',
                    same='sync-extract "$PG" games' + RENAMED + 'sync-diff --ignore changed - "$MONGO#games"',
                    leftovers=lambda pg, mongo: pg.leftovers(('games',)) + mongo.leftovers(('games', STATE)),
                    touched=lambda pg, mongo: mongo.writes())


FROM_POSTGRES = [
    redis_target('by time', 'sync-extract "$PG" games --cursor changed --state "$REDIS"', '--state "$REDIS"', PG_STEPS),
    redis_target('mirrored', 'sync-extract "$PG" games', '--mode mirror', [a + b for a, b in zip(PG_STEPS, DELETES)]),
    mongo_target('by xmin', 'sync-extract "$PG" games --cursor xmin --state "$MONGO"', '--state "$MONGO"', PG_STEPS),
    mongo_target('mirrored', 'sync-extract "$PG" games', '--mode mirror', [a + b for a, b in zip(PG_STEPS, DELETES)]),
    sqlite_target('by xmin and keys', 'sync-extract "$PG" games --cursor xmin --state out.db | sync-load out.db --state out.db -v && '
                  'sync-extract "$PG" games --keys | sync-load out.db --mode mirror -v', [a + b for a, b in zip(PG_STEPS, DELETES)]),
    sqlite_target('mirrored', 'sync-extract "$PG" games | sync-load out.db --mode mirror -v', [a + b for a, b in zip(PG_STEPS, DELETES)]),
]


# ---- from MongoDB

def date(n):
    """Of 2024, n seconds after the last."""
    return B(0x09, struct.pack('<q', (1704067200 + n) * 1000))


def documents(first, n, at):
    return [{'_id': i, 'home': 'team %d' % (i % 20), 'price': i / 4, 'big': L(i + 2**40), 'tags': ['a', 'b%d' % i],
             'doc': {'n': i, 'list': [i, {'x': None}]}, 'note': None if i % 3 else 'x' * (i % 150), 'changed': date(at)} for i in range(first, first + n)]


def change_mongo(pg, mongo, i):
    mongo.insert(documents(DOCUMENTS * i, 100, i))
    mongo.update({'_id': {'$gte': 100 * i, '$lt': 100 * i + 170}}, {'$set': {'home': 'changed', 'changed': date(i)}})


def mongo_source(name, extract, load, deletes=False):
    def step(i):
        return lambda pg, mongo: (change_mongo(pg, mongo, i), deletes and mongo.delete({'_id': {'$gte': 200 * i, '$lt': 200 * i + 40}}))

    return Pipeline('MongoDB to PostgreSQL, ' + name, lambda pg, mongo: mongo.insert(documents(0, DOCUMENTS, 0)),
                    extract + ' | sync-load "$PG" games --key _id -v ' + load, lambda pg, mongo: pg.digest('games', '_id'),
                    kinds=(Postgres, MongoDB), steps=[step(1), step(2)], pair='MongoDB to PostgreSQL', key='_id',
                    show='sync-extract "$PG" games', same='sync-diff "$MONGO#games" "$PG#games"',
                    leftovers=lambda pg, mongo: pg.leftovers(('games', STATE)) + mongo.leftovers(('games',)),
                    touched=lambda pg, mongo: pg.touched(('games', STATE)))


FROM_MONGODB = [
    mongo_source('by a field that grows', 'sync-extract "$MONGO" games --cursor changed --trust-cursor --state "$PG"', '--state "$PG"'),
    mongo_source('mirrored', 'sync-extract "$MONGO" games', '--mode mirror', deletes=True),
]

PIPELINES = INTO_POSTGRES + FROM_POSTGRES + FROM_MONGODB
