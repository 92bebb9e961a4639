"""model: random rows, their spelling as JSON, and equality as json/equal says. Shared by diff_model.py and merge_model.py."""
import json, random
from decimal import Decimal

STRINGS = ['', 'a', 'b', 'é', 'e\u0301', '日本', '😀', 'a"b\\c', '\u0000', 'tab\t', '/', '007', '1', 'true', 'null', ' ', '\u2028']
NUMBERS = ['0', '-0', '1', '-1', '1.5', '0.1', '100', '12345678901234567890123456789', '12345678901234567890123456788',
           '0.1000000000000000000000000000001', '1e400', '-1e-400', '9007199254740993', '9007199254740992', '3.14']
NAMES = ['a', 'b', 'c', 'd', 'é', 'first name', 'x.y', '', '_x', 'tags']


class Num:
    """A number as its digits."""
    def __init__(self, text): self.text = text
    def __repr__(self): return self.text


def value(r, depth=0):
    kind = r.randrange(10 if depth < 3 else 7)
    if kind == 0: return None
    if kind == 1: return r.random() < 0.5
    if kind in (2, 3, 4): return Num(r.choice(NUMBERS) if r.random() < 0.5 else str(r.randrange(5)))
    if kind in (5, 6): return r.choice(STRINGS)
    if kind in (7, 8): return {n: value(r, depth + 1) for n in r.sample(NAMES, r.randrange(4))}
    return [value(r, depth + 1) for _ in range(r.randrange(4))]


def row(r, key, fields=6):
    out = {'id': key}
    for n in r.sample(NAMES, r.randrange(fields)):
        out[n] = value(r)
    return out


def canon(v):
    """Equal values have equal canons."""
    if isinstance(v, Num): return ('n', exact(v.text))
    if isinstance(v, dict): return ('o', tuple(sorted((k, canon(x)) for k, x in v.items())))
    if isinstance(v, list): return ('a', tuple(canon(x) for x in v))
    return (type(v).__name__, v)


def exact(text):
    sign, digits, exp = Decimal(text).as_tuple()
    digits = ''.join(map(str, digits)).lstrip('0')
    short = digits.rstrip('0')
    return (sign, short, exp + len(digits) - len(short)) if short else (0, '', 0)


def spell_number(r, text):
    """The same value in other digits."""
    if r.random() < 0.6 or 'e' in text: return text
    how = r.randrange(3)
    if how == 0: return text + ('0' if '.' in text else '.0')
    if how == 1: return text + r.choice(['e0', 'E+0', 'e-0'])
    return text + '00' if '.' in text else text + '.0' if text.lstrip('-') == '0' else text + '0e-1'


def spell_string(r, s):
    out = json.dumps(s, ensure_ascii=r.random() < 0.3)
    if s and s[0].isascii() and s[0].isalnum() and r.random() < 0.1:
        out = '"\\u%04x' % ord(s[0]) + out[2:]
    return out


def spell(r, v, plain=False):
    """JSON text of a value; unless plain, in any of its spellings."""
    sp = '' if plain else r.choice(['', '', '', ' '])
    if isinstance(v, Num): return v.text if plain else spell_number(r, v.text)
    if isinstance(v, str): return json.dumps(v, ensure_ascii=False) if plain else spell_string(r, v)
    if isinstance(v, dict):
        items = list(v.items())
        if not plain and r.random() < 0.3: r.shuffle(items)
        return '{' + sp + (',' + sp).join(spell(r, k, plain) + ':' + sp + spell(r, x, plain) for k, x in items) + '}'
    if isinstance(v, list): return '[' + sp + (',' + sp).join(spell(r, x, plain) for x in v) + sp + ']'
    return json.dumps(v)


def parse(line):
    return json.loads(line, parse_int=Num, parse_float=Num)


def records(text):
    """The records of a stream as (op, unset, fields)."""
    for line in text.split('\n'):
        if not line: continue
        v = parse(line)
        s = v.pop('_sync', {})
        if s.get('op') in ('begin', 'schema', 'checkpoint', 'end'): continue
        yield s.get('op', 'upsert'), s.get('unset', []), v
