"""load_file_model: random change streams applied to random files by sync-load --mode upsert, and by this model.

    load_file_model.py ndjson|json|csv SEED ROUNDS

Also: what --dry-run prints, applied to a copy, makes the same of it; and the same job again changes nothing.
"""
import json, os, random, shutil, subprocess, sys

NAMES = ['a', 'b', 'c c', '_sync', 'é']
TEXTS = ['', 'x', 'é"\\\n,', '7', 'null', 'true', '007', ' y ', '{"a":1}', 'z' * 300]


def value(r, depth=0):
    k = r.randrange(8 if depth < 2 else 6)
    return (r.choice(TEXTS) if k < 3 else r.choice([0, -1, 2**63, 1.5, 7, 12345678901234567890123]) if k < 5 else
            r.choice([None, True, False]) if k == 5 else
            {w: value(r, depth + 1) for w in r.sample(NAMES, r.randrange(3))} if k == 6 else
            [value(r, depth + 1) for _ in range(r.randrange(3))])


def members(r, table):
    if table:
        return {n: value(r) for n in NAMES if r.random() < .7}
    return {n: value(r) for n in r.sample(NAMES, r.randrange(len(NAMES)))}


def reserved(row):
    return {('_' + n if n.strip('_') == 'sync' and n.startswith('_') else n): v for n, v in row.items()}


class Model:
    def __init__(self, rows, table, missing):
        self.rows, self.table, self.missing, self.lines = dict(rows), table, missing, []
        self.unsure = set()     # keys that an update has named which aren't there: nothing moves to them, in CSV none comes again

    def say(self, sync, row):
        self.lines.append(json.dumps({**({'_sync': sync} if sync else {}), **reserved(row)}, ensure_ascii=False))

    def whole(self, k, row):
        """An upsert: in CSV columns that the record doesn't have stay."""
        return {**(self.rows.get(k, {}) if self.table else {}), 'id': k, **row}

    def step(self, r, key):
        k, row, what = key(r), members(r, self.table), r.randrange(40)
        if self.table and k in self.unsure:
            return
        if what == 0:
            self.say({'op': 'truncate'}, {})
            self.rows = {}
        elif what < 10:
            self.say(r.choice([None, {'op': 'upsert'}, {'op': 'insert'}]), {'id': k, **row})
            self.rows[k] = self.whole(k, row)
        elif what < 13:
            to = key(r)
            if to in self.rows or to in self.unsure or to == k:
                return
            self.say({'op': 'upsert', 'key': {'id': k}}, {'id': to, **row})
            self.rows[to] = {**(self.rows.pop(k, {}) if self.table else {}), 'id': to, **row}
            self.rows.pop(k, None)
        elif what < 20:
            self.say({'op': 'delete'}, {'id': k})
            self.rows.pop(k, None)
        else:
            self.change(r, k, row, key)

    def change(self, r, k, row, key):
        unset = [n for n in r.sample(NAMES, 2) if n not in row]
        sync, to = {'op': 'update'}, k
        if unset:
            sync['unset'] = [n if n != '_sync' else '__sync' for n in unset]
        if r.random() < .4:
            to = key(r)
            if to in self.rows or to in self.unsure:
                to = k
        if to != k:
            sync['key'] = {'id': k}
        self.say(sync, {'id': to, **row})
        if k not in self.rows:
            self.unsure |= {k, to}
            if self.missing == 'insert':
                self.rows[to] = self.whole(to, row)
            return
        old = self.rows.pop(k)
        new = {**old, 'id': to, **row}
        for n in unset:
            new.pop(n, None)
        self.rows[to] = new


def cell(v):
    return v if v is None or isinstance(v, str) else json.dumps(v, ensure_ascii=False)


def same_cell(got, want):
    if got == want or got == cell(want):
        return True
    if got is None or want is None or isinstance(want, str):
        return False
    try:
        return json.loads(got) == want
    except ValueError:
        return False


def write(name, rows):
    with open(name, 'w', encoding='utf-8', newline='') as f:
        if name.endswith('.csv'):
            quote = lambda v: '' if v is None else '"%s"' % cell(v).replace('"', '""')
            f.write(','.join(['id', *NAMES]) + '\n')
            f.writelines(','.join(quote(row.get(n)) for n in ['id', *NAMES]) + '\n' for row in rows)
        elif name.endswith('.json'):
            json.dump(list(rows), f)
        else:
            f.writelines(json.dumps(row, ensure_ascii=False) + '\n' for row in rows)


def read(name):
    p = subprocess.run(['sync-extract', '--plain', name], capture_output=True, text=True)
    if p.returncode:
        raise SystemExit('the file cannot be read: ' + p.stderr)
    rows = [json.loads(line) for line in p.stdout.splitlines()]
    return [{('_sync' if n == '__sync' else n): v for n, v in row.items()} for row in rows]


def same(name, model, table):
    got = read(name)
    if not table:
        key = lambda row: json.dumps(row['id'])
        return sorted(got, key=key) == sorted(model.rows.values(), key=key)
    if len(got) != len(model.rows):
        return False
    for row in got:
        want = [v for k, v in model.rows.items() if same_cell(row['id'], k)]
        if len(want) != 1 or not all(same_cell(row[n], want[0].get(n)) for n in NAMES):
            return False
    return True


def one(r, kind):
    table = kind == 'csv'
    name = 'f.' + kind
    key = r.choice([lambda r: r.randrange(12), lambda r: 'k%d' % r.randrange(12)])
    keys = {key(r) for _ in range(r.randrange(12))}
    rows = {k: {'id': k, **members(r, table)} for k in r.sample(sorted(keys), len(keys))}
    model = Model(rows, table, r.choice(['skip', 'insert']))
    write(name, rows.values())
    shutil.copy(name, 'copy.' + kind)
    for _ in range(r.randrange(1, 15)):
        model.step(r, key)
    stream = '\n'.join(model.lines) + '\n'
    job = ['--mode', 'upsert', '--key', 'id', '--missing', model.missing, '--max-delete', '100%']
    run = lambda *a, text=stream: subprocess.run(['sync-load', *a], input=text, capture_output=True, text=True)
    dry = run(name, '--plain', *job, '--dry-run')
    if dry.returncode or open(name).read() != open('copy.' + kind).read():
        return 'dry run: %d %s' % (dry.returncode, dry.stderr), stream
    p = run(name, '--plain', *job)
    if p.returncode or not same(name, model, table):
        return 'exit %d %s\nnow: %s\nwant: %s' % (p.returncode, p.stderr, read(name), list(model.rows.values())), stream
    p = run('copy.' + kind, *job, text=dry.stdout)
    if p.returncode or (rows and not same('copy.' + kind, model, table)):
        return 'what the dry run printed: exit %d %s\n%s\nmakes %s' % (p.returncode, p.stderr, dry.stdout, read('copy.' + kind)), stream
    before = os.stat(name)
    p = run(name, '--plain', *job, text=''.join(json.dumps({'id': k, **reserved(row)}) + '\n' for k, row in model.rows.items()))
    if p.returncode or (model.rows and os.stat(name) != before):
        return 'what is there already changes the file: %d %s' % (p.returncode, p.stderr), stream
    return None, stream


def main():
    kind, seed, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    r = random.Random(seed)
    for i in range(rounds):
        wrong, stream = one(r, kind)
        if wrong:
            print('round', i, wrong, stream, open('copy.' + kind).read(), sep='\n')
            return 1
    return 0


sys.exit(main())
