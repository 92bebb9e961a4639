"""transform_places: random records and paths, and what stands at a path, for the models of sync-transform."""
from exact_json import Num, dumps, loads, text_of


class Fail(Exception):
    pass


def copy(v):
    return loads(dumps(v))


# ---- random data

NAMES = ['a', 'b', 'c', 'a.b', 'a.b.c', 'b.', 'd e', 'é', '"q"', '/p']
TEXTS = ['', 'text', ' ü"\\\n ', 'A', 'x' * 70, '007', '-1.50', '1e3', '+5', '.5', '5.', 'yes', 'OFF', 'NaN', 'e\u0301 \u2003É',
         'Straße ΣΟΣ', '2024-02-29T23:59:60Z', '2024-02-29T01:02:03.0450Z', '1709254923', 'ǅ\ufb01', '\u00a0']
NUMBERS = ['0', '-1', '1.10', '12345678901234567890123456789', '1e400', '0.50', '-0', '-0.0', '7.0', '12e2', '1500e-2', '1709254923']


OWN = []        # names that records have and steps don't give


def names(r, n, own=False):
    """Some names more often than others, so that paths meet what is there."""
    return list({r.choice(NAMES + own * OWN if r.random() < 0.4 else NAMES[:4]): 0 for _ in range(n)})


def value(r, depth=0):
    k = r.randrange(11 if depth < 3 else 6)
    if k < 2:
        return Num(r.choice(NUMBERS))
    if k < 4:
        return r.choice(TEXTS)
    if k == 4:
        return None
    if k == 5:
        return r.choice([True, False])
    if k < 9:
        return {n: value(r, depth + 1) for n in names(r, r.randrange(5))}
    return [value(r, depth + 1) for _ in range(r.randrange(4))]


def path(r, arrays=True, most=3, own=True):
    p = names(r, 1, own)
    while len(p) < most and r.random() < 0.5:
        p += r.choice([names(r, 1, own), names(r, 1, own), [r.randrange(3)], ['*']]) if arrays else names(r, 1, own)
    return p


def named(r, arrays=True, most=3, own=True):
    p = path(r, arrays, most, own)
    return p if isinstance(p[-1], str) and p[-1] != '*' else p[:1]


def meets(a, b):
    n = min(len(a), len(b))
    return a[:n] == b[:n]


# ---- places in a record

def keys_of(at, step):
    """Keys of a container that a step means, where they are there."""
    if isinstance(at, list) and step == '*':
        return list(range(len(at)))
    if isinstance(at, dict) and isinstance(step, str) and step != '*' and step in at:
        return [step]
    if isinstance(at, list) and isinstance(step, int) and step < len(at):
        return [step]
    return []


def places(at, p):
    """(container, key) of everything at a path."""
    if len(p) == 1:
        return [(at, k) for k in keys_of(at, p[0])]
    return [x for k in keys_of(at, p[0]) for x in places(at[k], p[1:])]


def get(doc, p):
    found = places(doc, p)
    return found[0][0][found[0][1]] if found else Fail


def remove(doc, paths):
    """All at once: each path means what it meant before."""
    gone = {}
    for p in paths:
        for at, k in places(doc, p):
            gone.setdefault(id(at), (at, []))[1].append(k)
    for at, keys in gone.values():
        for k in sorted(set(keys), reverse=True) if isinstance(at, list) else set(keys):
            del at[k]


def put(at, p, v):
    """Sets, and makes objects for missing parents."""
    step, last = p[0], len(p) == 1
    if not isinstance(at, (dict, list)) or isinstance(at, dict) != (isinstance(step, str) and step != '*'):
        raise Fail('not-a-container')
    keys = keys_of(at, step)
    if not keys and step != '*':
        if isinstance(at, list) and step != len(at):
            raise Fail('no-parent')
        at.append(None) if isinstance(at, list) else at.__setitem__(step, None)
        at[step] = copy(v) if last else {}
        keys = [] if last else [step]
    for k in keys:
        if last:
            at[k] = copy(v)
        else:
            put(at[k], p[1:], v)
