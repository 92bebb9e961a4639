"""load_sqlite_model.py: random records into a constrained table of SQLite, against a dict. Prints what differs; exits 1 then.

Most keys are new and come in rows, so that many rows go in at once; some come again, some break a constraint.
"""
import json
import random
import re
import sqlite3
import subprocess
import sys


def record(rnd, key):
    r = {"id": key, "a": rnd.choice(["x", "yy", "", "ünï", None, "too long"] + ["ok"] * 20)}
    if rnd.random() < 0.5:
        r["b"] = rnd.choice([1, 2.5, "text", True, None, 10**18, -1])
    if rnd.random() < 0.03:
        r["unknown"] = 1
    if rnd.random() < 0.01:
        del r["id"]
    return r


def good(r):
    return r.get("a") is not None and len(r["a"]) < 5 and "unknown" not in r and "id" in r


def cell(v):
    return int(v) if isinstance(v, bool) else v


def apply(rows, r, mode):
    """inserted, updated, unchanged or aside."""
    if mode == "append" and "id" not in r:      # SQLite gives the next one
        if not good({**r, "id": 0}):
            return "aside"
        rows[max(rows, default=0) + 1] = [r["a"], cell(r.get("b"))]
        return "inserted"
    if not good(r):
        return "aside"
    key, old = r["id"], rows.get(r["id"])
    if old is None:
        rows[key] = [r["a"], cell(r.get("b"))]
        return "inserted"
    if mode != "upsert":
        return "aside"
    new = [r["a"], cell(r["b"]) if "b" in r else old[1]]
    rows[key] = new
    return "unchanged" if new == old else "updated"


def one(seed):
    rnd = random.Random(seed)
    mode = rnd.choice(["upsert", "append", "replace"])
    kind = rnd.choice(["", " without rowid"]) if mode == "upsert" else ""
    name = f"m{seed}.db"
    db = sqlite3.connect(name)
    db.execute(f"create table t(id integer primary key, a text not null check(length(a) < 5), b){kind}")
    rows = {}
    for key in range(1, rnd.randrange(1, 400)):
        rows[key] = ["old", key]
    db.executemany("insert into t values(?,?,?)", [(k, *v) for k, v in rows.items()])
    db.commit()
    if mode == "replace":
        rows = {}
    counts = dict.fromkeys(["inserted", "updated", "unchanged", "aside"], 0)
    lines, aside, key = [], [], rnd.randrange(1, 500)
    for _ in range(rnd.randrange(1, 3000)):
        key += 1
        r = record(rnd, key if rnd.random() < 0.95 else rnd.randrange(1, key + 1))
        if mode == "replace":
            r.setdefault("id", key)
        lines.append(json.dumps(r, ensure_ascii=rnd.random() < 0.5))
        what = apply(rows, r, mode)
        counts[what] += 1
        if what == "aside":
            aside.append(r)
    got = subprocess.run(["sync-load", name, "t", "--mode", mode, "--plain", "--accept-part", "-v", "--rejects", f"{name}.r"],
                         input="\n".join(lines) + "\n", text=True, capture_output=True)
    there = {k: [a, b] for k, a, b in db.execute("select * from t")}
    said = re.search(r"(\d+) inserted, (\d+) updated, (\d+) unchanged, \d+ deleted, (\d+) set aside", got.stderr)
    set_aside = []
    if aside:
        with open(f"{name}.r") as f:
            set_aside = [{k: v for k, v in json.loads(l).items() if k != "_sync"} for l in f]
    problems = []
    if got.returncode != (1 if aside else 0):
        problems.append(f"exit {got.returncode}: {got.stderr}")
    if there != rows:
        problems.append("rows differ: %s" % [(k, there.get(k), rows.get(k)) for k in there.keys() | rows.keys()
                                             if there.get(k) != rows.get(k)][:5])
    if not said or [int(n) for n in said.groups()] != [counts[k] for k in ["inserted", "updated", "unchanged", "aside"]]:
        problems.append(f"counts: {said and said.groups()}, not {counts}")
    if sorted(map(json.dumps, set_aside)) != sorted(map(json.dumps, aside)):
        problems.append("rejects differ")
    for p in problems:
        print(f"seed {seed} ({mode}{kind}): {p}")
    return not problems


if __name__ == "__main__":
    results = [one(seed) for seed in range(int(sys.argv[1]))]
    sys.exit(not all(results))
