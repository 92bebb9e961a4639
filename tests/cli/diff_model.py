"""diff_model: sync-diff against a model of it on random documents.

    diff_model.py SEED ROUNDS        small operands, many of them
    diff_model.py SEED spill         operands larger than --memory, in any order
    diff_model.py SEED order N       rows in the order of their keys, and where that ends; keys that come twice
    diff_model.py SEED load SQLITE   sync-diff A B | sync-load A, and nothing differs any more (SQLITE: sqlite or file)
"""
import os, random, subprocess, sys
from model import *


def edit(r, rows, share):
    """Another version of the rows: some gone, some new, some changed."""
    out = []
    for v in rows:
        if r.random() < share: continue
        v = dict(v)
        if r.random() < share * 2:
            for n in r.sample(NAMES, r.randrange(1, 4)):
                if n in v and r.random() < 0.4: del v[n]
                else: v[n] = value(r)
        out.append(v)
    known = {canon(v['id']) for v in rows}
    for _ in range(int(len(rows) * share) + r.randrange(2)):
        k = key(r, 10 * len(rows) + 50)
        if canon(k) not in known:
            known.add(canon(k))
            out.append(row(r, k))
    return out


def key(r, n):
    k = r.randrange(n)
    return r.choice([Num(str(k)), Num(str(k)), 'k%d' % k, str(k), [Num(str(k)), None], {'é': 'k%d' % k}, r.random() < 0.5 if n < 60 else 'x%d' % k])


def make(r, n):
    rows, known = [], set()
    for _ in range(n):
        k = key(r, 4 * n + 10)
        if canon(k) in known: continue
        known.add(canon(k))
        rows.append(row(r, k))
    return rows


def write(r, path, rows, plain=False):
    with open(path, 'w') as f:
        for v in rows: f.write(spell(r, v, plain) + '\n')


def model(a, b, ignore=(), full=False):
    """What should come: {key: (op, {field: canon}, set of unset)}."""
    a, b = ({canon(v['id']): v for v in x} for x in (a, b))
    out = {}
    for k, v in b.items():
        if k not in a:
            out[k] = ('insert', {n: canon(x) for n, x in v.items()}, set())
            continue
        o = a[k]
        fields = {n: canon(x) for n, x in v.items() if n not in ignore and (n not in o or canon(o[n]) != canon(x))}
        unset = {n for n in o if n not in v and n not in ignore}
        if fields or unset:
            if full: fields = {n: canon(x) for n, x in v.items() if n not in ignore}
            out[k] = ('update', dict(fields, id=canon(v['id'])), unset)
    for k, v in a.items():
        if k not in b: out[k] = ('delete', {'id': canon(v['id'])}, set())
    return out


def run(argv, stdin=None):
    p = subprocess.run(argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def changes(text):
    """The body of the stream, and what it says."""
    out = {}
    for op, unset, v in records(text):
        k = canon(v['id'])
        assert k not in out, 'two changes of one key'
        out[k] = (op, {n: canon(x) for n, x in v.items()}, set(unset))
    return out


def check(options, want, what, a='a.ndjson', b='b.ndjson', stdin=None):
    rc, out, err = run(['sync-diff', '--key', 'id', *options, a, b], stdin)
    assert rc == (1 if want else 0), '%s: exit status %d: %s' % (what, rc, err)
    got = changes(out)
    wrong = [(k, got.get(k), want.get(k)) for k in {**got, **want} if got.get(k) != want.get(k)]
    assert not wrong, '%s: %d keys differ from the model, such as (key, got, want) %r' % (what, len(wrong), wrong[0])
    return out.split('\n', 1)[1]


def rounds(r, n):
    for i in range(n):
        a = make(r, r.choice([0, 1, 3, 20, 60]))
        b = edit(r, a, r.choice([0, 0.1, 0.5]))
        write(r, 'a.ndjson', a)
        write(r, 'b.ndjson', b)
        want = model(a, b)
        first = check([], want, 'in order')
        check(['--full-rows'], model(a, b, full=True), 'full rows')
        check(['--ignore', 'a', '--ignore', 'tags,é'], model(a, b, ignore=('a', 'tags', 'é')), 'ignored fields')
        for only in ('insert', 'update', 'delete', 'insert,delete'):
            check(['--only', only], {k: v for k, v in want.items() if v[0] in only.split(',')}, 'only ' + only)
        with open('b.ndjson') as f: check(['--accept-part', '--stream', 'a'], want, 'standard input', b='-', stdin=f)
        r.shuffle(a)
        write(r, 'a.ndjson', a)
        check([], want, 'shuffled')
        check([], {}, 'the same', b='a.ndjson')


def spill(r):
    a = make(r, 30000)
    b = edit(r, a, 0.02)
    write(r, 'a.ndjson', a, plain=True)
    write(r, 'b.ndjson', b, plain=True)
    want = model(a, b)
    whole = check([], want, 'in memory')
    assert check(['--memory', '1M'], want, 'spilled') == whole, 'spilling changes the output'
    for x in (a, b):
        r.shuffle(x)
    write(r, 'a.ndjson', a, plain=True)
    write(r, 'c.ndjson', b, plain=True)
    assert check([], want, 'shuffled', b='c.ndjson') == whole, 'the order of records changes the output'
    assert check(['--memory', '1M'], want, 'shuffled, spilled', b='c.ndjson') == whole, 'order and spilling change the output'
    with open('c.ndjson') as f:
        got = check(['--memory', '1M', '--accept-part', '--stream', 'a'], want, 'a pipe, spilled', b='-', stdin=f)
    assert got == whole, 'reading a pipe changes the output'
    # every row otherwise written: all are read again
    write(r, 'c.ndjson', b)
    check(['--memory', '1M'], want, 'respelled, spilled', b='c.ndjson')


def disorder(r, rows):
    """Some rows elsewhere, perhaps the whole second half."""
    rows = list(rows)
    how = r.randrange(4)
    if how == 1 and rows: rows.append(rows.pop(r.randrange(len(rows))))
    if how == 2: rows[len(rows) // 2:] = r.sample(rows[len(rows) // 2:], len(rows) - len(rows) // 2)
    if how == 3 and rows: rows.insert(0, rows.pop())
    return rows


def twice(r, rows):
    """Some keys once more, later than the first time; how many."""
    rows, n = list(rows), r.choice([0, 0, 1, 3])
    if not rows: return rows, 0
    for _ in range(n):
        at = r.randrange(len(rows))
        rows.insert(r.choice([at + 1, len(rows), r.randrange(at + 1, len(rows) + 1)]), dict(rows[at], again=Num(str(r.randrange(3)))))
    return rows, n


def order(r, n, options=()):
    a = [row(r, Num(str(i))) for i in range(r.randrange(n // 2, n + 1))]
    b = sorted(edit(r, a, r.choice([0, 0.02, 0.2])), key=lambda v: canon(v['id'])[0] == 'n' and Decimal(v['id'].text) or 0)
    (x, n_x), (y, n_y) = twice(r, disorder(r, a)), twice(r, disorder(r, b))
    write(r, 'a.ndjson', x, plain=True)
    write(r, 'b.ndjson', y, plain=True)
    want = model(first(x), first(y))
    if n_y: want = {k: v for k, v in want.items() if v[0] != 'delete'}
    if os.path.exists('rejects'): os.unlink('rejects')
    rc, out, err = run(['sync-diff', '--key', 'id', '--rejects', 'rejects', *options, 'a.ndjson', 'b.ndjson'])
    got = changes(out)
    wrong = [(k, got.get(k), want.get(k)) for k in {**got, **want} if got.get(k) != want.get(k)]
    assert not wrong, '%d keys differ from the model, such as (key, got, want) %r' % (len(wrong), wrong[0])
    with open('rejects') as f: codes = [parse(line)['_sync']['error']['code'] for line in f]
    assert codes == ['duplicate-key'] * (n_x + n_y), 'rejects: %r, not %d and %d' % (codes, n_x, n_y)
    return out.split('\n', 1)[1]


def first(rows):
    """Of rows of one key the first."""
    out = {}
    for v in rows: out.setdefault(canon(v['id']), v)
    return list(out.values())


def load(r, where):
    a = [dict(v, id=Num(str(i))) for i, v in enumerate(make(r, 300))]
    b = edit(r, a, 0.2)
    if where == 'sqlite': return load_sqlite(r)
    write(r, 'a.ndjson', a)
    write(r, 'b.ndjson', b)
    apply_diff('a.ndjson', 'b.ndjson', ['--key', 'id'])
    with open('a.ndjson') as f:
        got = {canon(v['id']): canon(v) for v in (parse(l) for l in f)}
    assert got == {canon(v['id']): canon(v) for v in b}, 'the loaded file is not B'


def load_sqlite(r):
    import sqlite3
    for name in ('a.db', 'b.db'):
        if os.path.exists(name): os.unlink(name)
        db = sqlite3.connect(name)
        db.execute('create table games (id integer primary key, home text, away text, score integer, price real)')
        for i in range(400):
            if r.random() < 0.8:
                db.execute('insert into games values (?,?,?,?,?)', (i, r.choice(STRINGS[:8]), r.choice(['x', None]), r.choice([None, 1, 2]), r.choice([None, 0.5, 2.25])))
        db.commit()
        db.close()
    apply_diff('a.db#games', 'b.db#games', [])


def apply_diff(a, b, options):
    with open('changes', 'w') as f:
        rc = subprocess.run(['sync-diff', *options, a, b], stdout=f).returncode
    assert rc == 1, 'sync-diff exits %d' % rc
    with open('changes') as f:
        p = subprocess.run(['sync-load', a.split('#')[0], '--mode', 'upsert', '--max-delete', '100%'], stdin=f, stderr=subprocess.PIPE)
    assert p.returncode == 0, 'sync-load exits %d: %s' % (p.returncode, p.stderr.decode())
    rc, out, err = run(['sync-diff', *options, a, b])
    assert rc == 0 and not list(records(out)), 'not equal after loading: %s %s' % (out, err)


r = random.Random(int(sys.argv[1]))
if sys.argv[2] == 'spill': spill(r)
elif sys.argv[2] == 'order':
    for _ in range(int(sys.argv[3])): order(r, r.choice([5, 60, 300]))
    for _ in range(2): order(r, 25000, ['--memory', '1M'])
elif sys.argv[2] == 'load': load(r, sys.argv[3])
else: rounds(r, int(sys.argv[2]))
