"""roundtrip_model: sync-diff A B | sync-load A --mode upsert makes A equal to B, by sync-diff and by this model.

    roundtrip_model.py ndjson|csv|sqlite SEED ROUNDS
"""
import csv, json, random, sqlite3, subprocess, sys

WORDS = ['', 'a', 'é', 'ü"\\\n,', 'x' * 90, '1', 'null', '007', '😀', ' lead']


def sh(line):
    return subprocess.run(line, shell=True, capture_output=True, text=True)


def value(r, depth=0):
    k = r.randrange(8 if depth < 2 else 6)
    return (r.choice(WORDS) if k < 3 else r.choice([0, -1, 2**63 - 1, 1.5, 1e300, 12345678901234567890123]) if k < 5 else
            r.choice([None, True, False]) if k == 5 else
            {w: value(r, depth + 1) for w in r.sample(WORDS, r.randrange(3))} if k == 6 else
            [value(r, depth + 1) for _ in range(r.randrange(3))])


def row(r, key):
    names = r.sample(['a', 'b', 'c c', '_sync', 'é'], r.randrange(6))
    return {'id': key, **{n: value(r) for n in names}}


def changed(r, rows):
    new = {}
    for k, v in rows.items():
        what = r.randrange(6)
        if what == 0:
            continue
        new[k] = row(r, k) if what == 1 else {**v, 'b': value(r)} if what == 2 else v
    for k in range(100, 100 + r.randrange(5)):
        new[k] = row(r, k)
    items = list(new.items())
    r.shuffle(items)
    return dict(items)


def write_ndjson(name, rows):
    with open(name, 'w') as f:
        for v in rows.values():
            f.write(json.dumps(v, ensure_ascii=False) + '\n')


def read_ndjson(name):
    with open(name) as f:
        return {v['id']: v for v in map(json.loads, f)}


COLUMNS = ['id', 'a', 'b', 'n']


def flat(r, rows):
    return {k: [k, r.choice(WORDS), r.choice([None, 1, 2.5, -7]), r.choice([None, 0, 5])] if r.random() < .4 or k not in rows else rows[k]
            for k in [k for k in rows if r.random() < .8] + list(range(100, 100 + r.randrange(4)))}


def write_sqlite(name, rows):
    db = sqlite3.connect(name)
    db.execute('drop table if exists t')
    db.execute('create table t (id integer primary key, a text, b real, n integer)')
    db.executemany('insert into t values (?,?,?,?)', rows.values())
    db.commit()
    db.close()


def read_sqlite(name):
    return sorted(sqlite3.connect(name).execute('select id, a, b, n from t').fetchall())


def write_csv(name, rows):
    with open(name, 'w', newline='') as f:
        w = csv.writer(f, quoting=csv.QUOTE_NONNUMERIC, lineterminator='\n')
        w.writerow(COLUMNS)
        w.writerows([[str(c) if c is not None else '' for c in v] for v in rows.values()])


def read_csv(name):
    with open(name, newline='') as f:
        return sorted(map(tuple, csv.reader(f)))


KINDS = {
    'ndjson': ('A.ndjson', 'B.ndjson', write_ndjson, read_ndjson, 'A.ndjson', 'B.ndjson'),
    'csv': ('A.csv', 'B.csv', write_csv, read_csv, 'A.csv', 'B.csv'),
    'sqlite': ('A.db', 'B.db', write_sqlite, read_sqlite, 'A.db#t', 'B.db#t'),
}


def main():
    kind, seed, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    a, b, write, read, opa, opb = KINDS[kind]
    r = random.Random(seed)
    for i in range(rounds):
        if kind == 'ndjson':
            old = {k: row(r, k) for k in range(r.randrange(12))}
            new = changed(r, old)
        else:
            old = flat(r, {})
            new = flat(r, old)
        write(a, old)
        write(b, new)
        target = "A.db t" if kind == 'sqlite' else a
        p = sh('sync-diff --key id %s %s | sync-load %s --mode upsert --key id --max-delete 100%%' % (opa, opb, target))
        if p.returncode:
            print('round', i, 'load exits', p.returncode, p.stderr)
            return 1
        if read(a) != read(b):
            print('round', i, 'differs:', read(a), read(b), sep='\n')
            return 1
        p = sh('sync-diff --key id --plain %s %s' % (opa, opb))
        if p.returncode or p.stdout:
            print('round', i, 'a difference is left:', p.returncode, p.stdout, p.stderr)
            return 1
    return 0


sys.exit(main())
