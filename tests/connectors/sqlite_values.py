"""
sqlite_values: random JSON values into tables of SQLite that the loader makes, and back: they are what they were.

    sqlite_values.py SEED ROUNDS

The first load says what columns there are: by a schema, or by its records. A second one brings values of other kinds, but to
columns of texts or booleans alone, which SQLite keeps as such. A database that is copied into another has the same cells.
"""
import json
import os
import random
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from model import Num, canon, parse, row, spell, value

CONFUSED = ['{"a":1}', "[]", ' {"x":[1]}', "\n[1]", '"', '"x"', '""', "true", "false", "null", "1", "1.50", '{"$numberDecimal":"1"}', "{", "[1", "NaN", "Infinity"]
OBJECTS = [{"$numberDecimal": "1"}, {"$numberDecimal": "x"}, {"$numberDecimal": Num("1")}, {"a": '"'}, [], {}]
TYPES = ['{}', '{"type":["string","object"]}', '{"type":["object","null"]}', '{"type":["string","number","null"]}', '{"type":["boolean","string"]}',
         '{"type":["integer","boolean"]}', '{"type":"array"}']
NAMES = ["a", "b", "c", "d", "é", "first name"]


def any_value(r):
    what = r.random()
    return r.choice(CONFUSED) if what < 0.3 else r.choice(OBJECTS) if what < 0.4 else value(r)


def kind(v):
    return "null" if v is None else "bool" if isinstance(v, bool) else "number" if isinstance(v, Num) else "text" if isinstance(v, str) else "nested"


def records(r, first, last, plain):
    """plain: columns of one kind of value that the column's type keeps, and only those, by name."""
    for key in range(first, last):
        rec = {"id": Num(str(key))}
        for n in r.sample(NAMES, r.randrange(len(NAMES))):
            v = any_value(r)
            if kind(v) in plain.get(n, [kind(v)]) or v is None:
                rec[n] = v
        yield rec


def seen(rows):
    """Columns that hold nothing but texts, or nothing but booleans; those that are not there yet."""
    kinds = {n: {"none"} for n in NAMES}
    for rec in rows:
        kinds.update({n: set() for n in rec if "none" in kinds.get(n, ())})
    for rec in rows:
        for n, v in rec.items():
            kinds.setdefault(n, set()).update({kind(v)} - {"null"})
    return {n: k for n, k in kinds.items() if k in ({"text"}, {"bool"}, {"none"})}


def load(r, name, rows, schema):
    lines = [spell(r, rec) for rec in rows]
    if schema:
        lines = ['{"_sync":{"op":"begin","format":1,"run":"r","scope":"full"}}',
                 '{"_sync":{"op":"schema","stream":"t","key":["id"],"schema":{"type":"object","properties":{"id":{"type":"integer"},%s}}}}' % schema,
                 *lines, '{"_sync":{"op":"end","count":{"t":%d}}}' % len(lines)]
    got = subprocess.run(["sync-load", name, "t", "--key", "id", "--evolve"], input="".join(l + "\n" for l in lines), text=True, capture_output=True)
    return got.stderr if got.returncode else ""


def extract(name):
    got = subprocess.run(["sync-extract", name, "t", "--plain"], text=True, capture_output=True)
    return {exact(v.pop("id")): {n: x for n, x in v.items() if x is not None} for v in map(parse, got.stdout.split("\n")[:-1])}


def exact(n):
    return int(n.text)


def cells(name):
    return sqlite3.connect(name).execute("select * from t order by id").fetchall()


def one(r):
    for name in ("v.db", "w.db"):
        if os.path.exists(name):
            os.unlink(name)
    types = {n: r.choice(TYPES) for n in NAMES} if r.random() < 0.4 else {}
    first = list(records(r, 1, r.randrange(2, 30), {}))
    second = list(records(r, 20, 40, {} if types else seen(first)))
    schema = ",".join("%s:%s" % (json.dumps(n), t) for n, t in types.items())
    want = {}
    for rows in (first, second):
        problem = load(r, "v.db", rows, schema)
        if problem:
            return problem
        for rec in rows:
            old = {} if schema else want.get(exact(rec["id"]), {})
            want[exact(rec["id"])] = {k: v for k, v in {**old, **rec}.items() if v is not None and k != "id"}
    got = extract("v.db")
    for key in want.keys() | got.keys():
        if canon(want.get(key)) != canon(got.get(key)):
            return "row %s: %s, not %s" % (key, got.get(key), want.get(key))
    again = subprocess.run("sync-extract v.db t | sync-load w.db && sync-extract v.db t | sync-load v.db -v", shell=True, text=True, capture_output=True)
    if again.returncode or " 0 inserted, 0 updated" not in again.stderr:
        return "again: " + again.stderr
    return "" if cells("v.db") == cells("w.db") else "another database has other cells"


def main(seed, rounds):
    bad = 0
    for i in range(rounds):
        problem = one(random.Random("%d %d" % (seed, i)))
        bad += bool(problem)
        if problem:
            print("seed %d, round %d: %s" % (seed, i, problem))
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
