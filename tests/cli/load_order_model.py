"""load_order_model.py: random changes, in an order that unique values make hard, against a dict. Prints what differs; exits 1 then.

The changes of each key come once, or in their order; those of different keys are shuffled. They were made so that some order
works, each change for itself, but for values that go round in a circle: so none may be set aside.
"""
import json
import random
import sqlite3
import subprocess
import sys

KINDS = {
    "integer": ("id integer primary key", lambda n: {"id": n}, ""),
    "text": ("id text primary key", lambda n: {"id": "k%d" % n}, ""),
    "without rowid": ("id text primary key", lambda n: {"id": "é%d" % n}, " without rowid"),
    "nocase": ("id text collate nocase primary key", lambda n: {"id": "key%d" % n}, ""),
    "composite": ("id integer, part text, primary key(id, part)", lambda n: {"id": n // 3, "part": "p%d" % (n % 3)}, ""),
    "any": ("id primary key", lambda n: {"id": n if n % 2 else str(n)}, ""),
    "unique": ("id text not null unique", lambda n: {"id": "u%d" % n}, ""),
}


class World:
    def __init__(self, rnd, kind):
        self.rnd = rnd
        self.clause, self.key, self.tail = KINDS[kind]
        self.rows, self.next = {}, 0

    def free(self):
        """A unique value that no row has: mostly one that some row has given away."""
        used = {r["u"] for r in self.rows.values()}
        return next(u for u in self.rnd.sample(range(90), 90) if u not in used)

    def new_key(self):
        self.next += 1
        return self.next

    def add(self, n):
        self.rows[n] = {"u": self.free(), "v": self.rnd.choice([None, 1, 2.5, "text"]), "own": "own%d" % n}

    def upsert(self, n, old=None):
        there = self.rows.get(n, {"own": "default"})
        row = {"u": self.free() if self.rnd.random() < 0.7 or n not in self.rows else self.rows[n]["u"],
               "v": self.rnd.choice([None, 1, "x"])}
        self.rows[n] = {**there, **row}
        sync = {} if old is None else {"_sync": {"op": "upsert", "key": self.key(old)}}
        return {**sync, **self.key(n), **row}

    def update(self, n, old=None):
        change = {}
        if self.rnd.random() < 0.8:
            change["u"] = self.free()
        if self.rnd.random() < 0.5 or not change:
            change["v"] = self.rnd.randrange(100)
        self.rows[n].update(change)
        sync = {"op": "update"} if old is None else {"op": "update", "key": self.key(old)}
        return {"_sync": sync, **self.key(n), **change}

    def move(self, old):
        n = self.new_key()
        self.rows[n] = self.rows.pop(old)
        return [old, n], (self.upsert if self.rnd.random() < 0.5 else self.update)(n, old)

    def change(self, n):
        """The keys it touches, and the record."""
        what = self.rnd.random()
        if n not in self.rows:
            return [n], self.upsert(n)
        if what < 0.2:
            del self.rows[n]
            return [n], {"_sync": {"op": "delete"}, **self.key(n)}
        if what < 0.4:
            return self.move(n)
        return [n], (self.upsert if what < 0.7 else self.update)(n)


    def circle(self, keys):
        """Rows that take each other's unique values."""
        values = [self.rows[n]["u"] for n in keys]
        for n, u in zip(keys, values[1:] + values[:1]):
            self.rows[n]["u"] = u
            yield [n], {"_sync": {"op": self.rnd.choice(["update", "upsert"])}, **self.key(n), "u": u}


def shuffled(rnd, changes):
    """In any order, where each key comes once."""
    touched = [k for keys, _ in changes for k in keys]
    if len(set(touched)) == len(touched):
        rnd.shuffle(changes)
    return [r for _, r in changes]


def one(seed):
    rnd = random.Random(seed)
    kind = rnd.choice(list(KINDS))
    world, name = World(rnd, kind), f"o{seed}.db"
    for _ in range(rnd.randrange(0, 30)):
        world.add(world.new_key())
    db = sqlite3.connect(name)
    columns, _, primary = world.clause.partition(", primary")
    db.execute(f"create table t({columns}, u integer not null unique, v, own text default 'default'"
               f"{primary and ', primary' + primary}){world.tail}")
    for n, row in world.rows.items():
        values = {**world.key(n), **row}
        db.execute(f"insert into t({','.join(values)}) values({','.join('?' * len(values))})", list(values.values()))
    db.commit()
    there, own = list(world.rows), {n: r["own"] for n, r in world.rows.items()}
    rnd.shuffle(there)
    circles, keys = [there[:4], there[4:6], there[6:9]][:rnd.randrange(4)], there[9:] + [world.new_key() for _ in range(rnd.randrange(1, 20))]
    once = rnd.random() < 0.7
    changes = [world.change(n) for n in (rnd.sample(keys, len(keys)) if once else rnd.choices(keys, k=200))]
    changes += [c for keys in circles for c in world.circle(keys)]
    lines = shuffled(rnd, changes) if once else [r for _, r in changes]
    mirror = ["--mode", "mirror", "--plain"] if rnd.random() < 0.3 else []
    if mirror:      # what it all came to, instead of how
        lines = [{**world.key(n), "u": r["u"], "v": r["v"]} for n, r in world.rows.items()]
        rnd.shuffle(lines)
        for n, r in world.rows.items():
            r["own"] = own.get(n, "default")
    if not lines:
        return True
    command = ["sync-load", name, "t", "--max-delete", "100000", *mirror, *(["--key", "id"] if kind == "unique" else [])]
    got = subprocess.run(command, input="".join(json.dumps(r) + "\n" for r in lines), text=True, capture_output=True)
    names = [*world.key(0), "u", "v", "own"]
    there = {repr(r) for r in db.execute(f"select {','.join(names)} from t")}
    want = {repr((*world.key(n).values(), r["u"], r["v"], r["own"])) for n, r in world.rows.items()}
    problems = []
    if got.returncode:
        problems.append(f"exit {got.returncode}: {got.stderr}")
    elif there != want:
        problems.append("rows differ: got %s, not %s" % (sorted(there - want)[:3], sorted(want - there)[:3]))
    if problems:
        with open(f"o{seed}.ndjson", "w", encoding="utf-8") as f:
            f.writelines(json.dumps(r) + "\n" for r in lines)
    for p in problems:
        print(f"seed {seed} ({kind}, {len(lines)} changes{', shuffled' if once else ''}{', mirror' if mirror else ''}): {p}")
    return not problems


if __name__ == "__main__":
    results = [one(seed) for seed in range(int(sys.argv[1]))]
    sys.exit(not all(results))
