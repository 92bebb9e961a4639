"""transform_model: random steps over random records, done by sync-transform and by this model, written from sync-map(5).

    transform_model.py SEED COUNT

What comes out is compared byte for byte, and which step sets a record aside.
"""
import json, random, re, subprocess, sys, tempfile, unicodedata
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from transform_places import (NAMES, NUMBERS, OWN, TEXTS, Fail, Num, copy, dumps, get, loads, meets, named, names, path, places, put, remove,
                              text_of, value)

PER_STREAM = 12


def replace(d, pairs):
    """Other members in a dict's place."""
    names = [k for k, _ in pairs]
    if len(set(names)) < len(names):
        raise Fail('name-exists')
    d.clear()
    d.update(pairs)


# ---- steps: (make a random one, do it)

def make_rename(r):
    if r.random() < 0.3:
        for _ in range(20):
            a, b = named(r, False), named(r, False, own=False)
            if a[:-1] != b[:-1] and b[:len(a)] != a:
                return {text_of(a): text_of(b)}, [(a, b)]
    parent = named(r, True, 2)[:1] + r.choice([[], ['*'], ['b']]) if r.random() < 0.4 else []
    froms = r.sample(NAMES + OWN, r.randrange(1, 4))
    tos = r.sample(NAMES, len(froms))
    pairs = [(parent + [a], parent + [b]) for a, b in zip(froms, tos)]
    return {text_of(a): text_of(b) for a, b in pairs}, pairs


def do_rename(doc, pairs):
    a, b = pairs[0]
    if a[:-1] != b[:-1]:
        v = get(doc, a)
        if v is Fail:
            return
        if get(doc, b) is not Fail:
            raise Fail('name-exists')
        put(doc, b, v)
        return remove(doc, [a])
    parents = [doc] if len(a) == 1 else [at[k] for at, k in places(doc, a[:-1])]
    names = {x[-1]: y[-1] for x, y in pairs}
    for d in parents:
        if isinstance(d, dict):
            replace(d, [(names.get(k, k), v) for k, v in d.items()])


def make_paths(r):
    paths = [path(r) for _ in range(r.randrange(1, 4))]
    return [text_of(p) for p in paths], paths


def do_keep(doc, paths):
    def kept(at, below):
        if [] in below:
            return at
        if isinstance(at, dict):
            sub = {k: [p[1:] for p in below if p[0] == k and p[0] != '*'] for k in at}
            return {k: kept(at[k], s) for k, s in sub.items() if s and ([] in s or isinstance(at[k], (dict, list)))}
        out = []
        for i, v in enumerate(at):
            s = [p[1:] for p in below if p[0] in (i, '*') and not isinstance(p[0], bool)]
            if s and ([] in s or isinstance(v, (dict, list))):
                out.append(kept(v, s))
        return out
    new = kept(doc, paths)
    doc.clear()
    doc.update(new)


def make_set(r):
    pairs = {text_of(p): (p, value(r)) for p in [path(r, own=False) for _ in range(r.randrange(1, 3))]}
    return {t: v for t, (_, v) in pairs.items()}, list(pairs.values())


def do_set(doc, pairs):
    for p, v in pairs:
        first = next((i for i, s in enumerate(p) if isinstance(s, int) or s == '*'), None)
        if first is not None and get(doc, p[:first]) in (Fail, None):
            continue
        put(doc, p, v)


NUMBER = re.compile(r'[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z', re.ASCII)
WORDS = {w: bool(i & 1) for i, w in enumerate('false true no yes f t n y off on 0 1'.split())}


def as_number(s):
    m = re.match(r'([+-]?)(\d*)\.?(\d*)(.*)', s)
    whole = m[2].lstrip('0') or '0'
    return Num(('-' if m[1] == '-' else '') + whole + ('.' + m[3] if m[3] else '') + m[4])


def cast(v, to):
    if v is None or (isinstance(v, bool) and to == 'boolean'):
        return v
    text = isinstance(v, str) and not isinstance(v, Num)
    if to == 'string':
        return v if text else dumps(v)
    if to == 'boolean':
        if isinstance(v, Num):
            if Decimal(v) in (0, 1):
                return Decimal(v) == 1
        elif text and v.lower() in WORDS:
            return WORDS[v.lower()]
        raise Fail('bad-cast')
    if isinstance(v, bool):
        return Num(int(v))
    if isinstance(v, (dict, list)):
        raise Fail('bad-cast')
    if to == 'number':
        if isinstance(v, Num) or v in ('NaN', 'Infinity', '-Infinity'):
            return v
        if not NUMBER.match(v):
            raise Fail('bad-cast')
        return as_number(v)
    if isinstance(v, Num) and re.match(r'-?\d+\Z', v):
        return v
    if not NUMBER.match(v):
        raise Fail('bad-cast')
    d = Decimal(v)
    if d != d.to_integral_value() if abs(d.adjusted()) < 500 else d != 0 and d.adjusted() < 0:
        raise Fail('bad-cast')
    return Num(int(d))


def make_cast(r):
    pairs = {text_of(p): (p, r.choice(['integer', 'number', 'string', 'boolean'])) for p in [path(r) for _ in range(r.randrange(1, 3))]}
    return {t: w for t, (_, w) in pairs.items()}, list(pairs.values())


def do_cast(doc, pairs):
    for p, to in pairs:
        for at, k in places(doc, p):
            at[k] = cast(at[k], to)


def read_time(v):
    """rfc3339 or epoch: (second, fraction digits)."""
    if isinstance(v, (dict, list, bool)):
        raise Fail('bad-time')
    m = None if isinstance(v, Num) else re.match(r'(\d{4}-\d\d-\d\dT\d\d:\d\d:)(\d\d)(?:\.(\d+))?Z\Z', v.upper())
    if m:
        at = datetime.fromisoformat(m[1] + '00+00:00') + timedelta(seconds=int(m[2]))
        if m[2] == '60' and at.second + at.minute + at.hour:
            raise Fail('bad-time')
        return int((at - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds()), (m[3] or '').rstrip('0')
    if not NUMBER.match(v):
        raise Fail('bad-time')
    d = Decimal(v)
    if abs(d) >= 10**20:
        raise Fail('bad-time')
    second = int(d.to_integral_value(rounding='ROUND_FLOOR'))
    return second, str(d - second)[2:].rstrip('0') if d != second else ''


def write_time(t):
    second, fraction = t
    if not -62167219200 <= second <= 253402300799:
        raise Fail('bad-time')
    at = datetime(1970, 1, 1) + timedelta(seconds=second)
    return at.isoformat() + ('.' + fraction if fraction else '') + 'Z'


def make_time(r):
    p = path(r)
    return {'field': text_of(p), 'from': ['rfc3339', 'epoch']}, p


def do_time(doc, p):
    for at, k in places(doc, p):
        if at[k] is not None:
            at[k] = write_time(read_time(at[k]))


def make_map(r):
    table = {k: value(r) for k in r.sample(TEXTS + NUMBERS + ['true', 'false', 'null'], r.randrange(1, 15))}
    what = r.choice(['reject', 'keep', 'null', 'drop', 'default'])
    spec = {'using': table, 'unmapped': {'default': value(r)} if what == 'default' else what}
    if r.random() < 0.3:
        for _ in range(20):
            a, b = path(r, False), path(r, False, own=False)
            if not meets(a, b):
                keep = r.choice([True, False])
                return dict(spec, field=text_of(a), keep=keep, **{'to-field': text_of(b)}), (spec, what, [a], b, keep)
    paths = [path(r) for _ in range(r.randrange(1, 3))]
    return dict(spec, fields=[text_of(p) for p in paths]), (spec, what, paths, None, False)


def mapped(v, spec, what):
    """The new value, or Fail where it goes."""
    if v is None:
        return None
    key = v if isinstance(v, str) else None if isinstance(v, (dict, list)) else dumps(v)
    if key in spec['using']:
        return spec['using'][key]
    if what == 'reject':
        raise Fail('unmapped')
    return {'keep': v, 'null': None, 'drop': Fail, 'default': spec['unmapped'] and what == 'default' and spec['unmapped']['default']}[what]


def do_map(doc, arg):
    spec, what, paths, to, keep = arg
    if to:
        v = get(doc, paths[0])
        if v is Fail:
            return
        new = mapped(v, spec, what)
        if get(doc, to) is not Fail:
            raise Fail('name-exists')
        if new is not Fail and not keep and paths[0][:-1] == to[:-1]:
            do_rename(doc, [(paths[0], to)])
        if new is not Fail:
            put(doc, to, new)
        return keep or remove(doc, [paths[0]])
    drop, done = [], set()
    for p in paths:
        for at, k in places(doc, p):
            new = mapped(at[k], spec, what) if (id(at), k) not in done or at[k] is not Fail else Fail
            if new is Fail:
                drop.append((at, k))
                done.add((id(at), k))
            else:
                at[k] = copy(new)
    for at, k in sorted(drop, key=lambda x: -x[1] if isinstance(x[1], int) else 0):
        if isinstance(at, list) or k in at:
            del at[k]


def make_group(r):
    separator = r.choice(['.', '.', '_', '. ', 'b'])
    if r.random() < 0.5:
        return {'separator': separator}, (separator, [], None)
    p = named(r)
    return {'field': text_of(p), 'separator': separator}, (separator, p[:-1], p[-1])


def groups(doc, parent):
    return [d for d in ([at[k] for at, k in places(doc, parent)] if parent else [doc]) if isinstance(d, dict)]


def leaves(name, v, sep):
    if not isinstance(v, dict) or not v:
        return [(name, v)]
    return [x for k, w in v.items() for x in leaves(name + sep + k, w, sep)]


def do_flatten(doc, arg):
    sep, parent, name = arg
    for d in groups(doc, parent):
        replace(d, [x for k, v in d.items() for x in (leaves(k, v, sep) if name in (None, k) else [(k, v)])])


def nested(pairs, sep):
    """Pairs of (rest of a name, value) as an object; a rest that holds the separator goes deeper."""
    out = {}
    for rest, v in pairs:
        head, found, tail = rest.partition(sep)
        kind, old = out.setdefault(head, (bool(found), []))
        if kind != bool(found) or not found and old:
            raise Fail('name-exists')
        old.append((tail, v) if found else v)
    return {k: nested(v, sep) if deeper else v[0] for k, (deeper, v) in out.items()}


def do_nest(doc, arg):
    sep, parent, name = arg
    for d in groups(doc, parent):
        heads, out = {}, []
        for k, v in d.items():
            head = k.partition(sep)[0] if name is None and sep in k else name if name is not None and k.startswith(name + sep) else None
            if head is None:
                out.append((k, v))
                continue
            if head not in heads:
                heads[head] = []
                out.append((head, heads[head]))
            heads[head].append((k[len(head) + len(sep):], v))
        mine = {id(x) for x in heads.values()}
        replace(d, [(k, nested(v, sep) if id(v) in mine else v) for k, v in out])


def make_explode(r):
    field, to, index = path(r, False, 2), path(r, False, 2, False), path(r, False, 2, False)
    to = field if r.random() < 0.5 else to
    empty = r.choice(['drop', 'keep', 'reject'])
    index = None if meets(to, index) or r.random() < 0.4 else index
    spec = {'field': text_of(field), 'as': text_of(to), 'empty': empty, **({'index': text_of(index)} if index else {})}
    return spec, (field, to, index, empty)


def do_explode(doc, arg):
    field, to, index, empty = arg
    array = get(doc, field)
    if array not in (Fail, None) and not isinstance(array, list):
        raise Fail('not-an-array')
    array = copy(array) if isinstance(array, list) else []
    if to != field:
        remove(doc, [field])
    elif get(doc, field) is not Fail:
        put(doc, field, None)
    if to != field and get(doc, to) is not Fail or index and get(doc, index) is not Fail:
        raise Fail('name-exists')
    if not array and empty == 'reject':
        raise Fail('no-elements')
    rows = list(enumerate(array)) or ([(None, None)] if empty == 'keep' else [])
    out = []
    for i, v in rows:
        row = copy(doc)
        put(row, to, v)
        if index:
            put(row, index, None if i is None else Num(i))
        out.append(row)
    return out


WHITE = '\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'
CLEAN = {
    'trim': lambda s: s.strip(WHITE),
    'squeeze': lambda s: re.sub('[' + WHITE + ']+', ' ', s),
    'nfc': lambda s: unicodedata.normalize('NFC', s),
    'lower': lambda s: ''.join(c.lower() if len(c.lower()) == 1 else c for c in s),
    'upper': lambda s: ''.join(c.upper() if len(c.upper()) == 1 else c for c in s),
    'fold': str.casefold,
}


def make_clean(r):
    p, what = path(r), r.sample(list(CLEAN), r.randrange(1, 4))
    return {'field': text_of(p), 'with': what}, (p, what)


def do_clean(doc, arg):
    p, what = arg
    for at, k in places(doc, p):
        if isinstance(at[k], str) and not isinstance(at[k], Num):
            for w in what:
                at[k] = CLEAN[w](at[k])


STEPS = {
    'rename': (make_rename, do_rename), 'keep': (make_paths, do_keep), 'drop': (make_paths, remove), 'set': (make_set, do_set),
    'cast': (make_cast, do_cast), 'time': (make_time, do_time), 'map': (make_map, do_map), 'flatten': (make_group, do_flatten),
    'nest': (make_group, do_nest), 'explode': (make_explode, do_explode), 'clean': (make_clean, do_clean),
}


def program(r, words):
    return [(w,) + STEPS[w][0](r) for w in r.choices(words, k=r.choice([1, 1, 2, 3, 5]))]


def spec_of(steps):
    return [{w: spec} for w, spec, _ in steps]


def through(doc, steps, at=0):
    """The rows that a row becomes; Fail with (step, word) where a step can't."""
    for i in range(at, len(steps)):
        word, _, arg = steps[i]
        try:
            many = STEPS[word][1](doc, arg)
        except Fail:
            raise Fail('step %d %s' % (i + 1, word))
        if word == 'explode':
            return [x for row in many for x in through(row, steps, i + 1)]
    return [doc]


# ---- running

def transform(folder, specs, lines, *more):
    with open(folder + '/map.json', 'w', encoding='utf-8') as f:
        f.write(dumps({'streams': {name: spec_of(s) for name, s in specs.items()}}))
    open(folder + '/bad', 'w').close()
    text = ''.join(x + '\n' for x in lines)
    p = subprocess.run(['sync-transform', '-f', folder + '/map.json', '--rejects', folder + '/bad', *more], input=text.encode(),
                       capture_output=True)
    if p.returncode not in (0, 1):
        sys.exit('exit %d: %s' % (p.returncode, p.stderr.decode()))
    with open(folder + '/bad', encoding='utf-8') as f:
        return p.stdout.decode().splitlines(), f.read().splitlines()


def by_version(lines):
    """Lines by _sync.version, without _sync."""
    out = {}
    for line in lines:
        doc = loads(line)
        out.setdefault(doc.pop('_sync')['version'], []).append(doc)
    return out


def rows(r, count, folder):
    specs, records = {}, {}
    for n in range(count // PER_STREAM):
        specs['s%d' % n] = program(r, list(STEPS))
        for k in range(PER_STREAM):
            records['%d.%d' % (n, k)] = {m: value(r) for m in names(r, r.randrange(7))}
    lines = [dumps({'_sync': {'stream': 's' + k.split('.')[0], 'version': k}, **v}) for k, v in records.items()]
    out, bad = transform(folder, specs, lines, '--plain')
    out = by_version(out)
    aside = {x['_sync']['version']: x for x in map(loads, bad)}
    passed = 0
    for key, doc in records.items():
        steps, want, rule = specs['s' + key.split('.')[0]], [], None
        try:
            want = through(copy(doc), steps)
            passed += 1
        except Fail as f:
            rule = str(f)
        got = out.get(key, [])
        said = aside[key]['_sync']['error'].get('rule') if key in aside else None
        as_it_came = key not in aside or dumps({k: v for k, v in aside[key].items() if k != '_sync'}) == dumps(doc)
        if list(map(dumps, got)) != list(map(dumps, want)) or rule != said or not as_it_came:
            print('steps ', dumps(spec_of(steps)), '\nrecord', dumps(doc), '\nwant  ', rule, *map(dumps, want), '\ngot   ', said, *map(dumps, got))
            return 1
    print('# %d rows, %d of them mapped' % (len(records), passed))
    return passed < len(records) // 3


def main():
    with tempfile.TemporaryDirectory() as folder:
        return rows(random.Random(int(sys.argv[1])), int(sys.argv[2]), folder)


if __name__ == '__main__':
    sys.exit(main())
