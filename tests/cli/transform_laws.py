"""transform_laws: what must hold of sync-transform whatever its steps are.

    transform_laws.py schemas|updates SEED COUNT

schemas   records that obey a schema obey, once mapped, the schema as the steps left it
updates   an old row, mapped, changed by a mapped update, is the new row, mapped; old values and deletes say what was
"""
import random, subprocess, sys, tempfile

import transform_model as model
from transform_model import NUMBERS, PER_STREAM, STEPS, TEXTS, Num, copy, dumps, loads, names, program, spec_of, transform

BEGIN = '{"_sync":{"op":"begin","format":1,"run":"1","scope":"part"}}'


def frame(stream, schema, key=None):
    return dumps({'_sync': {'op': 'schema', 'stream': stream, **({'key': key} if key else {}), 'schema': schema}})


def end(streams):
    return dumps({'_sync': {'op': 'end', 'count': {s: Num(n) for s, n in streams.items() if n}}})


# ---- schemas

TYPES = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object']


def scalar_limits(r):
    return r.choice([{}, {}, {}, {'maxLength': Num(20)}, {'minLength': Num(1)}, {'maximum': Num(100)}, {'pattern': 'e'},
                     {'enum': ['text', Num(0), None, True, {}, []]}, {'format': 'date-time'}, {'title': 'T'}])


def random_schema(r, depth=0):
    types = r.sample(TYPES[:5] if depth > 2 else TYPES + ['object', 'string'], r.choice([1, 1, 2, 4])) if depth else ['object']
    s = {'type': types[0] if len(types) == 1 else sorted(set(types))} if r.random() < 0.8 else {}
    if 'object' in types and (not depth or r.random() < 0.8):
        s['properties'] = {n: random_schema(r, depth + 1) for n in names(r, r.randrange(5))}
        if r.random() < 0.4:
            s['required'] = r.sample(list(s['properties']) + model.OWN, r.randrange(1, 3))
        if r.random() < 0.5:
            s['additionalProperties'] = r.choice([False, False, True, {'type': 'integer'}, {'type': ['string', 'null', 'object']}])
        s.update(r.choice([{}, {}, {}, {'minProperties': Num(1)}, {'patternProperties': {'^a': {'type': ['string', 'object', 'null', 'array']}}},
                           {'allOf': [{'required': names(r, 1)}]}, {'propertyNames': {'maxLength': Num(9)}}, {'maxProperties': Num(4)},
                           {'anyOf': [{'required': names(r, 1)}, {'properties': {'a': {'type': 'string'}}}]},
                           {'dependentRequired': {'a': ['b']}}, {'not': {'required': ['c']}}, {'$ref': '#/$defs/x', '$defs': {'x': {'maxProperties': Num(9)}}}
                           if not depth else {}]))
    if 'array' in types:
        s.update(r.choice([{}, {'items': random_schema(r, depth + 1)}, {'items': random_schema(r, depth + 1)}, {'minItems': Num(1)},
                           {'uniqueItems': True}, {'maxItems': Num(2)}, {'prefixItems': [{'type': 'string'}]}, {'contains': {'type': 'integer'}}]))
    return {**s, **scalar_limits(r)} if depth else s


def instance(r, s, depth=0):
    """Something that probably obeys a schema."""
    if 'enum' in s and r.random() < 0.9 and depth:
        return r.choice(s['enum'])
    types = s.get('type', TYPES)
    t = 'object' if not depth else types if isinstance(types, str) else r.choice(types)
    if t == 'object' and depth < 4:
        out = {}
        for n, p in s.get('properties', {}).items():
            if n in s.get('required', []) or r.random() < 0.7:
                out[n] = instance(r, p, depth + 1)
        more = s.get('additionalProperties')
        for n in r.sample(model.OWN, r.randrange(3)) + s.get('required', []):
            if n not in out and more is not False:
                out[n] = instance(r, more if isinstance(more, dict) else {}, depth + 1)
        return out
    if t == 'array' and depth < 4:
        return [instance(r, s.get('items', {}), depth + 1) for _ in range(r.randrange(4))]
    return {'null': None, 'boolean': r.choice([True, False]), 'integer': Num(r.choice(['0', '7', '-1', '99'])), 'number': Num(r.choice(NUMBERS)),
            'string': r.choice(TEXTS)}.get(t, Num(5))


def validate(lines, bad):
    open(bad, 'w').close()
    p = subprocess.run(['sync-validate', '--rejects', bad], input=''.join(x + '\n' for x in lines).encode(), capture_output=True)
    if p.returncode not in (0, 1):
        sys.exit('sync-validate exits %d: %s' % (p.returncode, p.stderr.decode()))
    with open(bad, encoding='utf-8') as f:
        return p.stdout.decode().splitlines(), f.read().splitlines()


def schemas(r, count, folder):
    specs, schema, lines = {}, {}, [BEGIN]
    for n in range(count // PER_STREAM):
        name = 's%d' % n
        specs[name], schema[name] = program(r, list(STEPS)), random_schema(r)
        lines.append(frame(name, schema[name]))
        for k in range(PER_STREAM):
            lines.append(dumps({'_sync': {'stream': name, 'version': '%d.%d' % (n, k)}, **instance(r, schema[name])}))
    good, _ = validate(lines + [end({s: PER_STREAM for s in specs})], folder + '/first')
    out, _ = transform(folder, specs, good)
    _, bad = validate(out, folder + '/last')
    for line in bad:
        reject = loads(line)['_sync']
        name = reject['stream']
        left = [x for x in out if x.startswith('{"_sync":{"op":"schema","stream":"%s"' % name)]
        print('schema', dumps(schema[name]), '\nsteps ', dumps(spec_of(specs[name])), '\nrecord',
              *[x for x in good if '"version":"%s"' % reject['version'] in x], '\nleft  ', *left, '\nmapped', line)
        return 1
    print('# %d of %d records obeyed their schema, %d came out' % (len(good) - 2 - len(specs), count, len(out) - 2 - len(specs)))
    return len(out) - len(specs) < count // 5


# ---- updates

FIELDS = ['a', 'b', 'a.b', 'o', 'o.p', 'n']
OBJECT = {'type': 'object', 'properties': {'p': {}, 'q': {}}, 'additionalProperties': False}


def field(r, name):
    if name == 'o':
        return {k: r.choice([Num(1), 'A', None, Num(0)]) for k in 'pq' if r.random() < 0.6}
    return r.choice([Num(1), 'A', '7', None, True, {'b': Num(1)}, {'a': 'A', 'b': {'a': '7'}}, {}, [Num(1), {'a': 'A'}]])


def changed(r, old):
    new = {**copy(old), 'id': Num(r.choice([7, 7, 7, 8]))}
    for n in r.sample(FIELDS, r.randrange(1, 4)):
        if r.random() < 0.3:
            new.pop(n, None)
        else:
            new[n] = field(r, n)
    return new


def update(r, old, new):
    sync = {'op': 'update', **({'key': {'id': old['id']}} if old['id'] != new['id'] else {})}
    gone = [n for n in old if n not in new]
    if gone:
        sync['unset'] = gone
    sets = {n: v for n, v in new.items() if n == 'id' or n not in old or dumps(old[n]) != dumps(v)}
    how = r.randrange(4)
    if how:
        before = {n: v for n, v in old.items() if n != 'id' and (n in sets or n in gone or how == 3) and (how > 1 or r.random() < 0.5)}
        sync.update({'before': before} if before else {})
    return {'_sync': sync, **sets}


def sorted_text(v):
    if isinstance(v, dict):
        return '{' + ','.join(dumps(k) + ':' + sorted_text(v[k]) for k in sorted(v)) + '}'
    return '[' + ','.join(map(sorted_text, v)) + ']' if isinstance(v, list) else dumps(v)


def within(part, whole):
    """A key says of the row just what the row says."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(k in whole and within(v, whole[k]) for k, v in part.items())
    return sorted_text(part) == sorted_text(whole)


def check(case):
    """What is wrong with one case, or None; whether the update was mapped."""
    old, new, change, gone = (case['out'].get(k) for k in ('old', 'new', 'update', 'delete'))
    code = case['code'].get('update')
    if not old or not new:
        return None, False
    if not change:
        return (None if code in ('partial', 'no-key') else 'the update is refused: %s' % code), False
    sync = change.pop('_sync')
    result = {k: v for k, v in old.items() if k not in sync.get('unset', [])}
    result.update(change)
    if sorted_text(result) != sorted_text(new):
        return 'the update gives %s, the row is %s' % (dumps(result), dumps(new)), True
    for k, v in sync.get('before', {}).items():
        if k not in old or sorted_text(old[k]) != sorted_text(v):
            return "the old value of '%s' was %s, not %s" % (k, dumps(old.get(k)), dumps(v)), True
    if 'key' in case['in']['update']['_sync'] and 'key' not in sync:
        return 'the old key is lost', True
    if not within(sync.get('key', {}), old):
        return 'the key was no part of %s' % dumps(old), True
    if gone and not within({k: v for k, v in gone.items() if k != '_sync'}, old):
        return 'the delete %s names no part of %s' % (dumps(gone), dumps(old)), True
    return None, True


def updates(r, count, folder):
    specs, cases, lines, counts = {}, {}, [BEGIN], {}
    for n in range(count // PER_STREAM):
        name = 's%d' % n
        specs[name] = program(r, [w for w in STEPS if w != 'explode'])
        said = any(w == 'flatten' and arg[2] is None for w, _, arg in specs[name]) or r.random() < 0.7
        if said:        # of all fields, nothing else says which were objects
            declared = {'id': {'type': 'integer'}, **{f: OBJECT if f == 'o' else {} for f in FIELDS}}
            lines.append(frame(name, {'type': 'object', 'properties': declared, **({'additionalProperties': False} if r.random() < 0.5 else {})}, ['id']))
        for k in range(PER_STREAM):
            old = {'id': Num(7), **{f: field(r, f) for f in FIELDS if r.random() < 0.6}}
            new = changed(r, old)
            shown = {'old': old, 'new': new, 'update': update(r, old, new), 'delete': {'_sync': {'op': 'delete'}, 'id': Num(7)}}
            cases[name, str(k)] = {'in': shown, 'out': {}, 'code': {}}
            for what, doc in shown.items():
                sync = {**doc.get('_sync', {}), 'stream': name, 'version': '%d:%s' % (k, what)}
                lines.append(dumps({'_sync': sync, **{f: v for f, v in doc.items() if f != '_sync'}}))
        counts[name] = 4 * PER_STREAM
    out, bad = transform(folder, specs, lines + [end(counts)])
    for line in out + bad:
        doc = loads(line)
        sync = doc['_sync']
        if sync.get('op') in ('begin', 'schema', 'end'):
            continue
        k, what = sync['version'].split(':')
        case = cases[sync['stream'], k]
        if 'error' in sync:
            case['code'][what] = sync['error']['code']
        else:
            case['out'][what] = doc if what in ('update', 'delete') else {f: v for f, v in doc.items() if f != '_sync'}
    mapped = 0
    for (name, _), case in cases.items():
        wrong, done = check(case)
        mapped += done
        if wrong:
            print('steps ', dumps(spec_of(specs[name])), *['\n%-7s%s  ->  %s' % (w, dumps(case['in'][w]), dumps(case['out'].get(w)) if w in case['out'] else
                  case['code'].get(w)) for w in case['in']], '\n' + wrong)
            return 1
    print('# %d updates, %d of them mapped' % (len(cases), mapped))
    return mapped < len(cases) // 4


def main():
    mode, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    model.OWN += ['u', 'v', 'u_v']
    if mode == 'updates':
        model.NAMES[:] = FIELDS + ['p', 'id', 'x', 'q']
    with tempfile.TemporaryDirectory() as folder:
        return {'schemas': schemas, 'updates': updates}[mode](random.Random(seed), count, folder)


sys.exit(main())
