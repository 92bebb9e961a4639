"""merge_model: sync-merge against a model of it on random documents.

    merge_model.py SEED ROUNDS      small operands, two to four sides, with and without a base, all policies
    merge_model.py SEED spill       operands larger than --memory, in any order
    merge_model.py SEED apply       every side, brought there by its changes, is the merged rows
"""
import random, subprocess, sys
from model import *

NOTHING = ('nothing',)      # an absent field or row
CLOCKS = ['2026-01-0%dT00:00:00Z' % d for d in range(1, 6)] + ['2026-01-02T01:00:00+01:00', None, 'noon']
FIELDS = ['a', 'b', 'tags', 'n', 'é']


def make_row(r, k):
    v = {'id': Num(str(k))}
    for f in FIELDS:
        if r.random() < 0.7: v[f] = make_value(r, f)
    if r.random() < 0.9: v['at'] = r.choice(CLOCKS)
    return v


def make_value(r, f):
    if f == 'tags': return r.sample(['x', 'y', 'z', Num('1'), {'p': Num('1')}, None], r.randrange(5)) if r.random() < 0.95 else 'x'
    if f == 'n': return Num(r.choice(['0', '1', '5', '2.5', '-3', '0.1', '100', '1.10', '12345678901234567890'])) if r.random() < 0.95 else None
    return value(r, 1)


def edited(r, v):
    v = dict(v)
    for f in r.sample(FIELDS, r.randrange(1, 4)):
        if f in v and r.random() < 0.3: del v[f]
        else: v[f] = make_value(r, f)
    if r.random() < 0.8: v['at'] = r.choice(CLOCKS)
    return v


def version(r, base, n):
    out = []
    for v in base:
        x = r.random()
        if x < 0.12: continue
        out.append(edited(r, v) if x < 0.45 else dict(v))
    for k in range(2 * n, 3 * n):
        if r.random() < 0.3: out.append(make_row(r, k))
    return out


# ---- the model

def moment(v):
    """A clock's value, or None."""
    if isinstance(v, Num): return ('number', Decimal(v.text))
    if isinstance(v, str) and len(v) > 15 and v[4] == '-':
        import datetime
        return ('time', datetime.datetime.fromisoformat(v.replace('Z', '+00:00')))
    return None


def beyond(a, b, sign):
    """Is a later (sign 1) or earlier (-1) than b?"""
    if not a or not b or a[0] != b[0]: return False
    return a[1] > b[1] if sign == 1 else a[1] < b[1]


def order(a, b):
    x, y = moment(a), moment(b)
    if x and y and x[0] == y[0]: return (x[1] > y[1]) - (x[1] < y[1])
    if isinstance(a, str) and isinstance(b, str):
        p, q = a.encode(), b.encode()
        return (p > q) - (p < q)
    return None


class Conflict(Exception): pass


def by_rule(rule, f, base, vals, changed, rows):
    """vals: {side: value or NOTHING} of the sides that have a say; changed: those that differ from the base."""
    if rule == 'first': return vals[min(changed)]
    if rule == 'last': return vals[max(changed)]
    if isinstance(rule, int):
        if rule in changed: return vals[rule]
        raise Conflict
    if rule in ('newest', 'oldest'):
        for i in sorted(changed):
            if all(same(vals[i], vals[j]) or beyond(moment(rows[i].get('at')), moment(rows[j].get('at')), 1 if rule == 'newest' else -1) for j in changed):
                return vals[i]
        raise Conflict
    if rule in ('max', 'min'):
        best = NOTHING
        for i in sorted(changed):
            if vals[i] is NOTHING or vals[i] is None: continue
            if best is NOTHING: best = vals[i]
            else:
                o = order(vals[i], best)
                if o is None: raise Conflict
                if o == (1 if rule == 'max' else -1): best = vals[i]
        if best is NOTHING: raise Conflict
        return best
    if rule == 'counter':
        if not (base is NOTHING or isinstance(base, Num)) or any(not isinstance(vals[i], Num) for i in changed): raise Conflict
        b = Decimal(0) if base is NOTHING else Decimal(base.text)
        return Num(str(b + sum(Decimal(vals[i].text) - b for i in changed)))
    if rule == 'union':
        if any(not (v is NOTHING or isinstance(v, list)) for v in [base, *vals.values()]): raise Conflict
        b = [] if base is NOTHING else base
        out, seen = [], set()
        for v in [b, *[vals[i] for i in sorted(vals)]]:
            for e in [] if v is NOTHING else v:
                c = canon(e)
                if c in seen: continue
                seen.add(c)
                held = all(c in map(canon, [] if vals[i] is NOTHING else vals[i]) for i in vals)
                if c not in map(canon, b) or held: out.append(e)
        return out
    raise Conflict


def same(a, b):
    if a is NOTHING or b is NOTHING: return a is b
    return canon(a) == canon(b)


def merge_fields(policy, base, rows, three_way):
    """(row, fields in conflict)."""
    out, bad = {}, []
    for f in dict.fromkeys(f for i in sorted(rows) for f in rows[i]):
        b = NOTHING if base is None else base.get(f, NOTHING)
        vals = {i: rows[i].get(f, NOTHING) for i in rows}
        changed = [i for i in rows if not three_way or not same(vals[i], b)]
        rule = policy['fields'].get(f, 'max' if f == policy.get('clock') else policy['default'])
        if not changed: out[f] = b; continue
        if all(same(vals[i], vals[changed[0]]) for i in changed) and not (rule == 'counter' and len(changed) > 1): out[f] = vals[changed[0]]; continue
        try: out[f] = by_rule(rule, f, b, vals, changed, rows)
        except Conflict: bad.append(f)
    return {f: v for f, v in out.items() if v is not NOTHING}, bad


def settle(policy, base, rows, n, three_way):
    """('row', row) or ('gone',) or ('conflict', fields)."""
    if three_way and base is not None:
        deleted = [i for i in range(n) if i not in rows]
        changed = [i for i in rows if canon(rows[i]) != canon(base)]
        if deleted and not changed: return ('gone',)
        if deleted:
            rule = policy['deletes']
            side = {'first': min, 'last': max}[rule](deleted + changed) if rule in ('first', 'last') else rule
            if rule == 'delete' or side in deleted: return ('gone',)
            if rule != 'keep' and side not in changed: return ('conflict', [])
    row, bad = merge_fields(policy, base, rows, three_way)
    return ('conflict', bad) if bad else ('row', row)


# ---- running it

def by_key(rows): return {canon(v['id']): v for v in rows}


def model(policy, base, sides):
    b = by_key(base or [])
    s = [by_key(x) for x in sides]
    rows, conflicts = {}, {}
    for k in {k for x in [b, *s] for k in x}:
        got = settle(policy, b.get(k), {i: x[k] for i, x in enumerate(s) if k in x}, len(s), base is not None)
        if got[0] == 'row': rows[k] = canon(got[1])
        if got[0] == 'conflict':
            conflicts[k] = sorted(got[1])
            if k in b: rows[k] = canon(b[k])
    return rows, conflicts


def policy_text(p, names):
    word = lambda x: names[x] if isinstance(x, int) else x
    out = 'key: id\ndefault: %s\ndeletes: %s\nfields: {%s}\n' % (word(p['default']), word(p['deletes']), ', '.join('%s: %s' % (f, word(x)) for f, x in p['fields'].items()))
    return out + ('clock: at\n' if 'clock' in p else '')


def random_policy(r, n, base):
    any_rule = ['manual', 'newest', 'oldest', 'first', 'last', r.randrange(n)]
    p = {'default': r.choice(any_rule), 'deletes': r.choice(['manual', 'delete', 'keep', 'first', 'last', r.randrange(n)]), 'fields': {}, 'clock': 'at'}
    if r.random() < 0.7: p['fields']['tags'] = 'union'
    if r.random() < 0.7: p['fields']['n'] = r.choice(['max', 'min'] + ['counter'] * (2 if base else 0))
    if r.random() < 0.5: p['fields']['a'] = r.choice(any_rule)
    return p


def write(r, path, rows, plain=False):
    with open(path, 'w') as f:
        for v in rows: f.write(spell(r, v, plain) + '\n')


def run(options, operands):
    p = subprocess.run(['sync-merge', '--conflicts', 'conflicts.ndjson', *options, *operands], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def check(options, operands, want, what):
    rows, conflicts = want
    rc, out, err = run(options, operands)
    assert rc == (1 if conflicts else 0), '%s: exit status %d: %s' % (what, rc, err)
    got = {canon(v['id']): canon(v) for _, _, v in records(out)}
    wrong = [(k, got.get(k), rows.get(k)) for k in {**got, **rows} if got.get(k) != rows.get(k)]
    assert not wrong, '%s: %d keys differ from the model, such as (key, got, want) %r' % (what, len(wrong), wrong[0])
    with open('conflicts.ndjson') as f: text = f.read()
    found = {canon(v['key']['id']): sorted(v['fields']) for v in map(parse, text.split('\n')[:-1])}
    assert found == conflicts, '%s: conflicts are %r, not %r' % (what, found, conflicts)
    assert ('"scope":"part"' if conflicts else '"scope":"full"') in out.split('\n')[0], what + ': wrong scope'
    return out.split('\n', 1)[1] + text


def make(r, rows, n, three_way):
    base = [make_row(r, k) for k in range(rows)]
    return base if three_way else None, [version(r, base, rows) for _ in range(n)]


def write_all(r, base, sides, names, plain=False):
    for name, rows in zip(names, sides): write(r, name + '.ndjson', rows, plain)
    if base is not None: write(r, 'base.ndjson', base, plain)
    return [name + '=' + name + '.ndjson' for name in names], (['--base', 'base.ndjson'] if base is not None else [])


def rounds(r, count):
    for _ in range(count):
        n, three_way = r.choice([2, 2, 2, 3, 4]), r.random() < 0.7
        base, sides = make(r, r.choice([0, 2, 10, 40]), n, three_way)
        names = ['s%d' % i for i in range(n)]
        p = random_policy(r, n, three_way)
        with open('policy.yaml', 'w') as f: f.write(policy_text(p, names))
        want = model(p, base, sides)
        operands, options = write_all(r, base, sides, names)
        options += ['--policy', 'policy.yaml', '--stream', 's']
        check(options, operands, want, 'in order, %s' % policy_text(p, names))
        for x in [base or [], *sides]: r.shuffle(x)
        operands, _ = write_all(r, base, sides, names)
        check(options, operands, want, 'shuffled')


def spill(r):
    base, sides = make(r, 6000, 3, True)
    names = ['s0', 's1', 's2']
    p = {'default': 'manual', 'deletes': 'manual', 'fields': {'tags': 'union', 'n': 'counter'}, 'clock': 'at'}
    with open('policy.yaml', 'w') as f: f.write(policy_text(p, names))
    want = model(p, base, sides)
    operands, options = write_all(r, base, sides, names, plain=True)
    options += ['--policy', 'policy.yaml', '--stream', 's']
    whole = check(options, operands, want, 'in memory')
    assert check(options + ['--memory', '1M'], operands, want, 'spilled') == whole, 'spilling changes the output'
    for x in [base, *sides]: r.shuffle(x)
    write_all(r, base, sides, names, plain=True)
    assert check(options, operands, want, 'shuffled') == whole, 'the order of records changes the output'
    assert check(options + ['--memory', '1M'], operands, want, 'shuffled, spilled') == whole, 'order and spilling change the output'


def apply(r, count):
    """Changes, applied by a model of sync-load, bring every side to the merged rows but for what is in conflict."""
    for _ in range(count):
        base, sides = make(r, 30, 2, True)
        operands, options = write_all(r, base, sides, ['ours', 'theirs'])
        rc, out, err = run(options + ['-k', 'id', '--stream', 's', '--changes', 'ours=ours.changes', '--changes', 'theirs=theirs.changes'], operands)
        assert rc in (0, 1), err
        merged = {canon(v['id']): canon(v) for _, _, v in records(out)}
        with open('conflicts.ndjson') as f: bad = {canon(parse(line)['key']['id']) for line in f}
        for name, rows in zip(['ours', 'theirs'], sides):
            state, before = by_key(rows), by_key(rows)
            with open(name + '.changes') as f: text = f.read()
            for op, unset, v in records(text):
                k = canon(v['id'])
                if op == 'delete': del state[k]
                elif op == 'insert': assert k not in state; state[k] = v
                else:
                    assert any(canon(state[k].get(f)) != canon(x) or f not in state[k] for f, x in v.items()) or unset, 'an update that changes nothing'
                    state[k] = {f: x for f, x in {**state[k], **v}.items() if f not in unset}
            for k in {*state, *merged}:
                if k in bad: assert state.get(k) == before.get(k), name + ': a row in conflict was changed'
                else: assert (canon(state[k]) if k in state else None) == merged.get(k), '%s: %r is not the merged row' % (name, k)


r = random.Random(int(sys.argv[1]))
if sys.argv[2] == 'spill': spill(r)
elif sys.argv[2] == 'apply': apply(r, int(sys.argv[3]))
else: rounds(r, int(sys.argv[2]))
