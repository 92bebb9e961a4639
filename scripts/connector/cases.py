#!/usr/bin/env python3
"""cases.py: the records that check-connector loads, and the form in which it compares what comes back.

    cases.py values KINDS      one record for each kind of value; KINDS: what the loader claims, as boolean,integer,decimal,object
    cases.py keys KIND         records whose keys are of a kind: integer text uuid time number composite
    cases.py schema KINDS      the schema of `values`; cases.py schema-key KIND of `keys`; cases.py key KIND the key's names
    cases.py wide N BYTES      N records with a text of so many bytes
    cases.py compare WANT HAVE... [--text] [--nulls]
                        are the records of the stream WANT those of the others? Whatever their order, numbers by value; --text:
                        everything by its text; --nulls: null is told from absent. Says the first differences
"""
import collections
import decimal
import json
import sys

decimal.getcontext().prec = 2000
ODD = ['text', '', ' ', 'quotes " \' ` and \\ and , and ; and \t tab', 'two\nlines\r\nand more', 'ünïcödé ☃ 😀 \u00a0\u2028',
       'null', 'NULL', 'true', '007', '1e5', '-0', "'; DROP TABLE t; --", '{"a":1}', '[1,2]', '%s%n $1 ${x} `id`', '\\x41 \\N \\.',
       '\u0001\u001f\u007f', 'e\u0301 \u00e9', 'trailing blank ', 'x' * 200000, '2026-03-01', '12:00', 'NaN', 'Infinity']
NUMBERS = ['0', '1', '-1.5', '1e2', '0.1', '-0.000001', '1.7976931348623157e308', '5e-324', '9007199254740991', '123456.789']
DECIMALS = ['12345678901234567890123456789', '1234567890123456789012345678.901234', '-0.1234567890123456789012345678901234', '1e30']
INTEGERS = ['0', '-1', '2147483648', '9007199254740993', '9223372036854775807', '-9223372036854775808']
OBJECTS = ['{"a":[1,{"b":null}],"c":"x"}', '[]', '{}', '[[[]]]', '{"":1}', '{"a.b":1,"$x":2," ":3,"_id":4}',
           '[null,true,false,"",0,-1.5,"\\u0001\\"\\\\\\n"]', '{"z":1,"a":{"z":1,"a":2}}', '[' * 60 + ']' * 60, '{"a":' * 60 + '1' + '}' * 60,
           '{"_sync":{"op":"delete"}}', '[' + ','.join(str(i) for i in range(2000)) + ']']
KEYS = {
    'integer': ['0', '1', '-1', '7', '-2147483649', '9007199254740993', '9223372036854775807', '-9223372036854775808'],
    'text': [json.dumps(s, ensure_ascii=False) for s in ['a', 'A', ' a', 'a ', 'null', '1', '01', 'ü', 'u\u0308', '😀', 'a:b', 'a/b\\c', '{id}', '*?[x]', '%00',
             "o'neill", 'say "hi"', 'a,b;c|d', 'two\nlines', 'x' * 400, '-', '.', '..', '$a', '_sync']],
    'uuid': ['"00000000-0000-0000-0000-000000000000"', '"6ba7b810-9dad-11d1-80b4-00c04fd430c8"', '"ffffffff-ffff-ffff-ffff-ffffffffffff"'],
    'time': ['"0001-01-01T00:00:00Z"', '"1969-12-31T23:59:59.999Z"', '"2026-03-01T09:00:00Z"', '"2026-03-01T09:00:00.001Z"', '"9999-12-31T23:59:59Z"'],
    'number': ['0.1', '-2.5', '1000000.25', '3'],
}
TYPES = {'integer': {'type': 'integer'}, 'text': {'type': 'string'}, 'uuid': {'type': 'string', 'format': 'uuid'},
         'time': {'type': 'string', 'format': 'date-time'}, 'number': {'type': 'number'}}


def out(text):
    sys.stdout.write(text + '\n')


def values(kinds):
    fields = [('s', [json.dumps(s, ensure_ascii=False) for s in ODD]), ('n', NUMBERS + (DECIMALS if 'decimal' in kinds else [])),
              ('odd "name"; --', ['"x"']), ('select', ['1']), ('Käse', ['"y"']), ('__sync', ['"a field called so"'])]
    if 'boolean' in kinds:
        fields.append(('b', ['true', 'false']))
    if 'integer' in kinds:
        fields.append(('i', INTEGERS))
    if 'object' in kinds:
        fields.append(('o', OBJECTS))
    number = 0
    for name, cases in fields:
        for case in cases:
            number += 1
            out('{"id":%d,"v":%d,%s:%s}' % (number, number, json.dumps(name, ensure_ascii=False), case))
    out('{"id":%d,"v":0,"s":null,"n":null}' % (number + 1))


def schema(kinds):
    p = {'id': {'type': 'integer'}, 'v': {'type': 'integer'}, 's': {'type': ['string', 'null']}, 'n': {'type': ['number', 'null']},
         'odd "name"; --': {'type': ['string', 'null']}, 'select': {'type': ['integer', 'null']}, 'Käse': {'type': ['string', 'null']},
         '__sync': {'type': ['string', 'null']}}
    if 'boolean' in kinds:
        p['b'] = {'type': ['boolean', 'null']}
    if 'integer' in kinds:
        p['i'] = {'type': ['integer', 'null']}
    if 'object' in kinds:
        p['o'] = {'type': ['object', 'array', 'null']}
    out(json.dumps({'type': 'object', 'required': ['id'], 'properties': p}, ensure_ascii=False))


def keys(kind):
    if kind == 'composite':
        for i in (1, 2, 3):
            for part in ('a', 'b', 'a:b'):
                out('{"id":%d,"part":%s,"s":"%d %s"}' % (i, json.dumps(part), i, part))
        return
    for n, key in enumerate(KEYS[kind]):
        out('{"id":%s,"s":"row %d"}' % (key, n))


def schema_key(kind):
    p = {'id': TYPES.get(kind, {'type': 'integer'}), 's': {'type': ['string', 'null']}}
    if kind == 'composite':
        p['part'] = {'type': 'string'}
    out(json.dumps({'type': 'object', 'required': key_names(kind), 'properties': p}))


def key_names(kind):
    return ['id', 'part'] if kind == 'composite' else ['id']


def wide(n, size):
    for i in range(n):
        out('{"id":%d,"v":%d,"s":"%s"}' % (i, i, (str(i) + ' ') * (size // (len(str(i)) + 1))))


class Number(str):
    """The digits of a number."""


def dump(v):
    if isinstance(v, Number):
        return str(v)
    if isinstance(v, list):
        return '[' + ','.join(map(dump, v)) + ']'
    if isinstance(v, dict):
        return '{' + ','.join(json.dumps(k, ensure_ascii=False) + ':' + dump(x) for k, x in v.items()) + '}'
    return json.dumps(v, ensure_ascii=False)


def canonical(v, text, top=False):
    if text and top and not isinstance(v, str):
        return dump(v)
    if isinstance(v, Number):
        return v if text else {'number': str(decimal.Decimal(v).normalize() + 0)}
    if isinstance(v, list):
        return [canonical(x, text) for x in v]
    if isinstance(v, dict):
        return {k: canonical(x, text) for k, x in v.items()}
    return v


def rows(stream, text, nulls):
    lines = []
    for line in stream:
        r = json.loads(line.decode(), parse_int=Number, parse_float=Number)
        if r.get('_sync', {}).get('op') in ('begin', 'schema', 'checkpoint', 'end'):
            continue
        r.pop('_sync', None)
        lines.append(json.dumps({k: canonical(v, text, True) for k, v in r.items() if v is not None or nulls}, sort_keys=True, ensure_ascii=False))
    return lines


def compare(names, text, nulls):
    read = []
    for name in names:
        with open(name, 'rb') as stream:
            read.append(collections.Counter(rows(stream, text, nulls)))
    want, have = read[0], sum(read[1:], collections.Counter())
    differences = ['lacks  ' + line for line in sorted((want - have).elements())] + ['beyond ' + line for line in sorted((have - want).elements())]
    for line in differences[:6]:
        out(line[:250])
    if len(differences) > 6:
        out('and %d more' % (len(differences) - 6))
    return 1 if differences else 0


def main():
    word, rest = sys.argv[1], sys.argv[2:]
    sys.stdout.reconfigure(encoding='utf-8')
    if word == 'compare':
        sys.exit(compare([a for a in rest if a[:2] != '--'], '--text' in rest, '--nulls' in rest))
    if word == 'wide':
        wide(int(rest[0]), int(rest[1]))
    elif word == 'key':
        out(json.dumps(key_names(rest[0])))
    else:
        {'values': values, 'keys': keys, 'schema': schema, 'schema-key': schema_key}[word](rest[0])


main()
