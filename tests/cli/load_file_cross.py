"""load_file_cross: sync-diff A B | sync-load A --mode upsert leaves no difference, A and B being of different forms.

    load_file_cross.py SEED ROUNDS
"""
import json, os, random, sqlite3, subprocess, sys

TEXTS = ['', 'a', 'é', '7', '007', 'true', 'null', '2.50', ' x ', 'q"\n,']
PAIRS = [('csv', 'db'), ('csv', 'ndjson'), ('csv', 'json'), ('csv', 'csv'), ('ndjson', 'csv'), ('ndjson', 'db'), ('json', 'csv'), ('json', 'db')]


def sh(line):
    return subprocess.run(line, shell=True, capture_output=True, text=True)


def rows(r):
    return [{'id': k, 'a': r.choice(TEXTS + [None]), 'b': r.choice([None, 1, 2.5, -7.0, 1e10]), 'n': r.choice([None, 0, 5])}
            for k in r.sample(range(20), r.randrange(2, 15))]


def write(kind, name, table):
    if os.path.exists(name):
        os.remove(name)
    if kind == 'db':
        db = sqlite3.connect(name)
        db.execute('create table t (id integer primary key, a text, b real, n integer)')
        db.executemany('insert into t values (?,?,?,?)', [tuple(row.values()) for row in table])
        db.commit()
        db.close()
        return
    with open(name, 'w', newline='', encoding='utf-8') as f:
        if kind == 'csv':
            quote = lambda v: '' if v is None else '"%s"' % str(v).replace('"', '""')
            f.write('id,a,b,n\n' + ''.join(','.join(map(quote, row.values())) + '\n' for row in table))
        elif kind == 'json':
            json.dump(table, f)
        else:
            f.write(''.join(json.dumps(row) + '\n' for row in table))


def main():
    r = random.Random(int(sys.argv[1]))
    for i in range(int(sys.argv[2])):
        ka, kb = r.choice(PAIRS)
        a, b = 'A.' + ka, 'B.' + kb + ('#t' if kb == 'db' else '')
        write(ka, a, rows(r))
        write(kb, 'B.' + kb, rows(r))
        diff = 'sync-diff --key id --stream t %s %s' % (a, b)
        p = sh('%s | sync-load %s --mode upsert --key id --max-delete 100%%' % (diff, a))
        q = sh(diff + ' --plain')
        if p.returncode or q.returncode:
            print('round', i, ka, kb, p.returncode, p.stderr, q.returncode, q.stdout, q.stderr, open(a).read())
            return 1
    return 0


sys.exit(main())
