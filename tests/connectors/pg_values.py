"""pg_values: records that sync-extract made of a table, against the text that psql shows of each value.

usage: pg_values.py RECORDS ROWS    RECORDS: NDJSON. ROWS: one JSON object a row: {"column":{"kind":…,"text":…,"json":…}}
"""
import base64, json, re, struct, sys
sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/cli')
import exact_json

NUMBER = re.compile(r'-?[0-9]')


def digits(text):
    """Significant digits, without the exponent."""
    return len(re.sub(r'e.*', '', text.lower()).replace('-', '').replace('.', '').strip('0'))


def iso(text):
    """PostgreSQL's date or time stamp in UTC as ISO 8601."""
    if 'infinity' in text:
        return text
    bc = text.endswith(' BC')
    m = re.match(r'(\d+)(-\d\d-\d\d)(?: (.*?))?(\+00)?$', text[:-3] if bc else text)
    year = 1 - int(m[1]) if bc else int(m[1])
    first = '-%04d' % -year if year < 0 else '+%d' % year if year > 9999 else '%04d' % year
    return first + m[2] + ('T' + m[3] if m[3] else '') + ('Z' if m[4] else '')


def number(got, text):
    return isinstance(got, exact_json.Num) and got == text if NUMBER.match(text) else got == text and not isinstance(got, exact_json.Num)


def real(got, text, form):
    if not NUMBER.match(text):
        return got == text
    same = struct.pack(form, float(got)) == struct.pack(form, float(text))
    return isinstance(got, exact_json.Num) and same and digits(got) <= digits(text)


def whole(got, json_text, text):
    """A JSON value: as it is, or where another would be read, its text."""
    return got == {'$symbol': text} or exact_json.dumps(got) == exact_json.dumps(exact_json.loads(json_text))


def repeats(pairs):
    names = [k for k, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError('twice')
    return dict(pairs)


def json_value(got, text):
    try:
        v = json.loads(text, object_pairs_hook=repeats)
    except ValueError:
        return got == {'$symbol': text}
    if v is None or (isinstance(v, dict) and list(v) == ['$symbol']):
        return got == {'$symbol': text}
    return exact_json.dumps(got) == exact_json.dumps(exact_json.loads(text))


def equal(kind, got, text, as_json):
    if text is None:
        return got is None
    if kind in ('int2', 'int4', 'int8', 'oid', 'numeric'):
        return number(got, text)
    if kind in ('float4', 'float8'):
        return real(got, text, 'f' if kind == 'float4' else 'd')
    if kind == 'bool':
        return got is (text == 'true')
    if kind == 'bytea':
        return base64.b64decode(got, validate=True) == bytes.fromhex(text[2:])
    if kind in ('date', 'timestamp', 'timestamptz'):
        return got == iso(text)
    if kind in ('json', 'jsonb'):
        return json_value(got, text)
    if kind in ('_int4', '_text', '_numeric', '_bool', 'moods', 'hstore') and not text.startswith('['):
        return got == exact_json.loads(as_json)
    if kind.startswith('_') and text.startswith('['):
        return got == {'$symbol': text}
    if kind in ('outer_row', '_inner_row'):
        return dates(exact_json.loads(as_json)) == got
    if kind == '_timestamp':
        return got == [None if v is None else iso(v.replace('T', ' ')) for v in json.loads(as_json)]
    if kind in ('_float4', '_bytea', '_jsonb', '_interval', '_int8range'):
        return isinstance(got, list)        # the way back is tried elsewhere
    if kind == 'bpchar':    # its text form has lost its spaces
        return got == text.ljust(3)
    if kind == 'inet':      # …and this one says what is meant anyway
        return got == re.sub(r'(?<=\.\d)/32$|(?<=\.\d\d)/32$|(?<=\.\d\d\d)/32$|/128$', '', text)
    if kind == 'timetz':
        return got == re.sub(r'([+-]\d\d)$', r'\1:00', text)
    return got == text


def dates(v):
    if isinstance(v, list):
        return [dates(x) for x in v]
    if isinstance(v, dict):
        return {k: iso(x) if k == 'd' and x else dates(x) for k, x in v.items()}
    return v


def main():
    bad = n = 0
    for record, row in zip(open(sys.argv[1], encoding='utf-8', newline='\n'), open(sys.argv[2], encoding='utf-8', newline='\n'), strict=True):
        got, want = exact_json.loads(record), json.loads(row)
        assert list(got) == list(want), (list(got), list(want))
        for name, w in want.items():
            n += 1
            if not equal(w['kind'], got[name], w['text'], w['json']):
                bad += 1
                if bad < 20:
                    print('row %s, %s %s: %r, psql says %r' % (got['id'], w['kind'], name, got[name], w['text']))
    print('%d values, %d differ' % (n, bad))
    return 1 if bad or not n else 0


sys.exit(main())
