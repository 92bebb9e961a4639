"""record_model: random edit programs, done by drive_record and by this model; both must say the same.

    record_model.py DRIVER SEED COUNT
"""
import json, random, subprocess, sys

from exact_json import Num, dumps, loads, text_of


class Fail(Exception):
    pass


NAMES = ['a', 'b', 'c', 'd e', 'x.y', 'é', '"q"', '']


def value(r, depth=0):
    k = r.randrange(9 if depth < 3 else 6)
    if k < 2:
        return Num(r.choice(['0', '-1', '1.10', '12345678901234567890123456789', '1e400', '0.50']))
    if k < 4:
        return r.choice(['', 'text', 'ü"\\\n', 'x' * 70])
    if k == 4:
        return None
    if k == 5:
        return r.choice([True, False])
    if k < 8:
        return {n: value(r, depth + 1) for n in r.sample(NAMES, r.randrange(4))}
    return [value(r, depth + 1) for _ in range(r.randrange(4))]


def path(r, each=True):
    return [r.choice([r.choice(NAMES), r.choice(NAMES), r.randrange(4), '*' if each else 0]) for _ in range(r.randrange(1, 4))]


def children(at, step):
    """Keys of a container that a step means, where they are there."""
    if isinstance(at, dict) and isinstance(step, str) and step != '*' and step in at:
        return [step]
    if isinstance(at, list) and isinstance(step, int) and step < len(at):
        return [step]
    return []


def edit(at, steps, op, arg, deep):
    step, last = steps[0], len(steps) == 1
    if step == '*':
        if not isinstance(at, list):
            if op == 'set':
                raise Fail('not-a-container')
            return at
        if last and op == 'remove':
            del at[:]
            return at
        keys = list(range(len(at)))
    else:
        keys = children(at, step)
        if not keys:
            if op == 'set':
                create(at, steps, arg, deep)
            return at
    for k in keys:
        if last:
            apply(at, k, op, arg)
        elif isinstance(at[k], (dict, list)):
            edit(at[k], steps[1:], op, arg, deep)
        elif op == 'set':
            raise Fail('not-a-container')
    return at


def create(at, steps, arg, deep):
    step, last = steps[0], len(steps) == 1
    if isinstance(at, dict) != isinstance(step, str):
        raise Fail('not-a-container')
    if not last and not deep:
        raise Fail('no-parent')
    if isinstance(at, list) and step != len(at):
        raise Fail('no-parent')
    new = arg if last else {}
    if isinstance(at, dict):
        at[step] = loads(dumps(new))
    else:
        at.append(loads(dumps(new)))
    if not last:
        edit(at[step], steps[1:], 'set', arg, deep)


def apply(at, k, op, arg):
    if op == 'set':
        at[k] = loads(dumps(arg))
    elif op == 'remove':
        del at[k]
    else:
        if isinstance(at, list):
            raise Fail('not-a-container')
        if k == arg:
            return
        if arg in at:
            raise Fail('name-exists')
        items = [(arg if n == k else n, v) for n, v in at.items()]
        at.clear()
        at.update(items)


def find(at, steps):
    for s in steps:
        keys = children(at, s) if isinstance(at, (dict, list)) else []
        if not keys:
            raise Fail('nothing')
        at = at[keys[0]]
    return at


def one(r):
    doc = {n: value(r) for n in r.sample(NAMES, r.randrange(6))}
    program, errors = [], []
    text = dumps(doc)
    if r.random() < 0.3:
        text = text.replace(',', ' ,\t').replace('{', '{ ')
    model = loads(text)
    for _ in range(r.randrange(1, 8)):
        op = r.choice(['set', 'set', 'deep', 'put', 'remove', 'rename', 'rename', 'first'])
        p = path(r)
        arg, code = '', ''
        try:
            if op in ('set', 'deep'):
                arg = dumps(value(r))
                edit(model, p, 'set', loads(arg), op == 'deep')
            elif op == 'remove':
                edit(model, p, 'remove', None, False)
            elif op == 'rename':
                p = path(r, each=False)
                arg = r.choice(NAMES)
                edit(model, p, 'rename', arg, False)
            elif op == 'first':
                p = [r.choice(NAMES)]
                arg = dumps(value(r))
                if p[0] in model:
                    model[p[0]] = loads(arg)
                else:
                    items = list(model.items())
                    model.clear()
                    model[p[0]] = loads(arg)
                    model.update(items)
            else:
                source = path(r, each=False)
                arg = text_of(source)
                edit(model, p, 'set', loads(dumps(find(model, source))), False)
        except Fail as f:
            code = str(f)
        program.append([op, text_of(p), arg])
        errors.append(code)
        if code:
            break       # the record is not to be used any more
    return json.dumps([text] + program, ensure_ascii=False), errors, dumps(model), text


def main():
    driver, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    r = random.Random(seed)
    cases = [one(r) for _ in range(count)]
    got = subprocess.run([driver], input='\n'.join(c[0] for c in cases) + '\n', capture_output=True, text=True)
    if got.returncode:
        print(got.stderr)
        return 1
    lines = got.stdout.splitlines()
    for (program, errors, want, text), line in zip(cases, lines, strict=True):
        answer = loads(line)
        if answer[0] != errors or (not errors[-1] and (dumps(answer[1]) != want or dumps(answer[2]) != want)):
            print('program', program, '\nwant', errors, want, '\ngot ', answer[0], dumps(answer[1]))
            return 1
    return 0


sys.exit(main())
