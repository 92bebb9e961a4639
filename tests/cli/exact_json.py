"""exact_json: JSON whose numbers are their digits, and paths into it, for models."""
import json


class Num(str):
    """A number as its digits."""


def dumps(v):
    if isinstance(v, Num):
        return str(v)
    if isinstance(v, dict):
        return '{' + ','.join(json.dumps(k, ensure_ascii=False) + ':' + dumps(x) for k, x in v.items()) + '}'
    if isinstance(v, list):
        return '[' + ','.join(map(dumps, v)) + ']'
    return json.dumps(v, ensure_ascii=False)


def loads(s):
    return json.loads(s, parse_int=Num, parse_float=Num)


def text_of(p):
    """A path as its text: names, indexes, '*'."""
    return ''.join('[*]' if s == '*' else '[%d]' % s if isinstance(s, int) else '[' + json.dumps(s) + ']' for s in p)
