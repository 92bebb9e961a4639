"""redis_model: random streams into Redis, as hashes, as JSON and as keys of every type, against a model of what is to become of them.

    redis_model.py SOCKET FIRST COUNT     seeds FIRST to FIRST + COUNT - 1; says which one fails, with its stream in model.fail
"""
import json
import random
import socket
import subprocess
import sys

TEXTS = ["", "x", "ünïcödé ☃", "two\nlines", "7", "true", "null", '{"a":1}', '"q"', "\t\x00\x7f", " ", "-0.0", "a" * 70]
FAR = 4102444800000


class Server:
    def __init__(self, path):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.connect(path)
        self.f = self.s.makefile("rb")

    def read(self):
        line = self.f.readline()
        kind, n = line[:1], line[1:-2]
        if kind == b"$":
            return None if n == b"-1" else self.f.read(int(n) + 2)[:-2]
        if kind == b"*":
            return [self.read() for _ in range(int(n))]
        return int(n) if kind == b":" else n

    def many(self, commands):
        for words in commands:
            words = [w.encode() if isinstance(w, str) else w for w in words]
            self.s.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return [self.read() for _ in commands]

    def all(self):
        keys = [k for k in self.many([("KEYS", "*")])[0] if not k.startswith((b"_sync_schema:", b"_sync_state:"))]
        types = self.many([("TYPE", k) for k in keys])
        ask = {b"string": ("GET",), b"hash": ("HGETALL",), b"list": ("LRANGE", "0", "-1"), b"set": ("SMEMBERS",),
               b"zset": ("ZRANGE", "0", "-1", "WITHSCORES"), b"stream": ("XRANGE", "-", "+")}
        values = self.many([(ask[t][0], k, *ask[t][1:]) for k, t in zip(keys, types)])
        expires = self.many([("PEXPIRETIME", k) for k in keys])
        return {k: (t.decode(), normal(t, v), e) for k, t, v, e in zip(keys, types, values, expires)}

    def writes(self):
        text = self.many([("INFO", "persistence")])[0].decode()
        return int(text.split("rdb_changes_since_last_save:")[1].split()[0])


def normal(kind, v):
    if kind == b"hash":
        return dict(zip(v[::2], v[1::2]))
    if kind == b"set":
        return frozenset(v)
    if kind == b"zset":
        return {m: float(s) for m, s in zip(v[::2], v[1::2])}
    if kind == b"stream":
        return [(i, tuple(f)) for i, f in v]
    return v


def scalar(r):
    return r.choice([None, True, False, r.randrange(-9, 9), r.random(), 10 ** 20, r.choice(TEXTS), r.choice(TEXTS), [1, None, "x"], {"k": {"": "v"}}])


def dump(v):
    return json.dumps(v, ensure_ascii=False, separators=(",", ":"))


class Missing(Exception):
    pass


class Rows:
    """Rows under m:{a}:{b}. A row is [fields, expiry]; as a hash its fields are texts, as JSON they are values."""

    def __init__(self, r, mode):
        self.r, self.mode, self.rows, self.rejects = r, mode, {}, 0
        self.missing = r.choice(["reject", "insert", "skip"])
        self.options = ["--key-template=m:{a}:{b}", "--missing", self.missing, "--max-delete", "1000000"] + (["--as=json"] if mode == "json" else [])

    def key(self):
        return self.r.randrange(3), self.r.choice(["x", "y", "x:y", "ü"])

    def fields(self):
        return {self.r.choice("cdefg") + self.r.choice(["", "_sync"])[:self.r.randrange(2) * 5]: scalar(self.r) for _ in range(self.r.randrange(4))}

    def text(self, v):
        return v.encode() if isinstance(v, str) else dump(v).encode()

    def merge(self, old, change, gone):
        new = dict(old)
        for k, v in change.items():
            if self.mode == "hash" and v is None:
                new.pop(k, None)
            else:
                new[k] = self.text(v) if self.mode == "hash" else v
        for k in gone:
            new.pop(k, None)
        return new

    def update(self, new, old, change, gone, expires):
        at = old if old in self.rows else new if new in self.rows else None
        if at is None:
            if self.missing == "reject":
                self.rejects += 1
            if self.missing != "insert":
                return
            self.rows[new] = [self.merge({}, change, []), expires or -1]
            return
        row = self.rows.pop(at)
        self.rows[new] = [self.merge(row[0], change, gone), expires or row[1]]

    def step(self):
        """One record, and what becomes of it."""
        op = self.r.choice(["upsert"] * 5 + ["insert", "update", "update", "update", "delete"] + ["truncate"] * (self.r.random() < 0.03))
        if op == "truncate":
            self.rows.clear()
            return dump({"_sync": {"op": op}})
        new, old = self.key(), None
        sync = {"op": op}
        change = {"a": new[0], "b": new[1], **(self.fields() if op != "delete" else {})}
        if op in ("upsert", "update") and self.r.random() < 0.2:
            old = self.key()
            sync["key"] = {"a": old[0], "b": old[1]}
        expires = FAR + self.r.randrange(3) if op != "delete" and self.r.random() < 0.1 else None
        if expires:
            sync["expires"] = "2100-01-01T00:00:00.%03dZ" % (expires - FAR)
        if op == "delete":
            self.rows.pop(new, None)
        elif op == "update":
            gone = [k for k in "cdefg" if k not in change and self.r.random() < 0.2]
            if gone:
                sync["unset"] = gone
            self.update(new, old, change, gone, expires)
        else:
            at = self.rows.pop(old, None) if old else None
            at = at or self.rows.pop(new, None)
            self.rows[new] = [self.merge({}, change, []), expires or (at[1] if at else -1)]
        return dump({"_sync": sync, **change})

    def want(self):
        return {("m:%d:%s" % k).encode(): ("hash" if self.mode == "hash" else "string", v[0], v[1]) for k, v in self.rows.items()}

    def have(self, server):
        got = server.all()
        if self.mode == "json":
            return {k: (t, json.loads(v), e) for k, (t, v, e) in got.items()}
        return {k: (t, {f.decode(): x for f, x in v.items()}, e) for k, (t, v, e) in got.items()}


class Keys:
    """Keys of every type."""

    def __init__(self, r):
        self.r, self.keys, self.rejects, self.options = r, {}, 0, ["--max-delete", "1000000"]

    def bytes(self):
        s = self.r.choice(TEXTS).encode() if self.r.random() < 0.8 else bytes(self.r.randrange(256) for _ in range(self.r.randrange(5)))
        try:
            return s, s.decode()
        except UnicodeDecodeError:
            import base64
            return s, {"$binary": {"base64": base64.b64encode(s).decode(), "subType": "00"}}

    def some(self, least=0):
        got = {}
        while len(got) < least or self.r.random() < 0.7:
            s, j = self.bytes()
            got[s] = j
        return got

    def value(self, kind):
        """What Redis holds, and the record's members."""
        if kind == "string":
            s, j = self.bytes()
            return s, {"value": j}
        if kind == "list":
            v = [self.bytes() for _ in range(self.r.randrange(1, 6))]
            return [s for s, _ in v], {"value": [j for _, j in v]}
        if kind == "set":
            v = list(self.some(1).items())
            self.r.shuffle(v)
            return frozenset(s for s, _ in v), {"value": [j for _, j in v]}
        if kind == "hash":
            v = [(s, j, self.bytes()) for s, j in self.some(1).items()]
            members = {"pairs": [x for s, j, (_, y) in v for x in (j, y)]}
            if all(isinstance(j, str) for _, j, _ in v) and self.r.random() < 0.7:
                members = {"value": {j: y for _, j, (_, y) in v}}
            return {s: x for s, _, (x, _) in v}, members
        if kind == "zset":
            v = [(s, j, self.r.choice([0, -1.5, 0.1, 5e-324, 1.7976931348623157e308, 3, "Infinity", "-inf", self.r.random()])) for s, j in self.some(1).items()]
            return {s: float(x) for s, _, x in v}, {"value": [[j, x] for _, j, x in v]}
        ids = sorted((self.r.randrange(3), self.r.randrange(1, 50)) for _ in range(self.r.randrange(4)))
        ids = sorted(set(ids))
        entries = [("%d-%d" % i, [self.bytes() for _ in range(2 * self.r.randrange(1, 3))]) for i in ids]
        return [(i.encode(), tuple(s for s, _ in f)) for i, f in entries], {"value": [[i, [j for _, j in f]] for i, f in entries]}

    def step(self):
        name = self.r.choice([b"k1", b"k2", "ü".encode(), b"\xff", b"k:5", b""])
        self_key = name.decode() if name != b"\xff" else {"$binary": {"base64": "/w==", "subType": "00"}}
        if self.r.random() < 0.2:
            self.keys.pop(name, None)
            return dump({"_sync": {"op": "delete"}, "key": self_key})
        kind = self.r.choice(["string", "hash", "list", "set", "zset", "stream"])
        value, members = self.value(kind)
        expires = FAR + self.r.randrange(3) if self.r.random() < 0.2 else -1
        self.keys[name] = (kind, value, expires)
        sync = {"_sync": {"expires": "2100-01-01T00:00:00.%03dZ" % (expires - FAR)}} if expires >= 0 else {}
        return dump({**sync, "key": self_key, "type": kind, **members})

    def want(self):
        return self.keys

    def have(self, server):
        return server.all()


def load(path, options, lines):
    with open("model.in", "w") as f:
        f.write("".join(line + "\n" for line in lines))
    with open("model.in", "rb") as f:
        return subprocess.run(["sync-load", "redis:///0?host=" + path, "--rejects", "model.rejects", "-v", *options], stdin=f, stderr=subprocess.PIPE, text=True)


def round_of(path, server, seed):
    r = random.Random(seed)
    server.many([("FLUSHALL",)])
    open("model.rejects", "w").close()
    m = Keys(r) if seed % 3 == 2 else Rows(r, ["hash", "json"][seed % 3])
    for _ in range(2):
        lines = [m.step() for _ in range(r.choice([1, 5, 40, 300]))]
        p = load(path, m.options, lines)
        rejects = sum(1 for _ in open("model.rejects"))
        if m.have(server) != m.want() or p.returncode not in (0, 1) or rejects != m.rejects:
            return "%s\nexit %d, %d rejects for %d\nwant %r\nhave %r" % (p.stderr, p.returncode, rejects, m.rejects, m.want(), m.have(server))
    # what Redis holds, read and loaded again, writes nothing
    x = subprocess.run(["sync-extract", "redis:///0?host=" + path] + [o for o in m.options if o.startswith("--key-t")], stdout=subprocess.PIPE, check=True)
    before = server.writes()
    p = subprocess.run(["sync-load", "redis:///0?host=" + path, "-v", *m.options], input=x.stdout, stderr=subprocess.PIPE)
    if p.returncode or server.writes() != before or b" 0 inserted, 0 updated, %d unchanged" % len(m.want()) not in p.stderr:
        return "again: %s, %d writes, for %d" % (p.stderr.decode(), server.writes() - before, len(m.want()))
    return None


def main():
    path, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    server = Server(path)
    for seed in range(first, first + count):
        why = round_of(path, server, seed)
        if why:
            print("seed %d: %s" % (seed, why))
            return 1
    return 0


sys.exit(main())
