"""load_cases: random cases for loaders of databases, as load_model.py has them."""
from exact_json import Num

KEYS = {
    "int": ([("id", "int")], lambda n: {"id": n}),
    "text": ([("id", "text")], lambda n: {"id": "k%d" % n}),
    "accents": ([("id", "text")], lambda n: {"id": "é%d" % n}),
    "pair": ([("id", "int"), ("part", "text")], lambda n: {"id": n // 3, "part": "p%d" % (n % 3)}),
    "nocase": ([("id", "ntext")], lambda n: {"id": "key%d" % n}),
    "any": ([("id", "any")], lambda n: {"id": n if n % 2 else str(n)}),
}
OF_SQLITE = ("nocase", "any")

GOOD = {
    "int": lambda r: r.choice([0, 1, -1, 7, 10**15, 2**63 - 1, -2**63, Num("3.0"), Num("2e3")]) if r.random() < 0.5 else r.randrange(5),
    "text": lambda r: r.choice(["", "x", "yy", "ünï", "NULL", "\\N", "a\tb", 'q"', "it's", "\\.", "7", Num("1.50"), True, {"a": [1]}]),
    "real": lambda r: r.choice([0, 1, Num("2.5"), Num("-0.1"), Num("1e300"), Num("2.50"), 2**53]),
    "num": lambda r: r.choice([0, 5, Num("1.5"), Num("2.50"), Num("-10.25"), 99999999]),
    "bool": lambda r: r.random() < 0.5,
    "ntext": lambda r: r.choice(["a", "A", "b"]),
    "any": lambda r: r.choice([1, "1", Num("1.5"), "x"]),
}
# what some target bends or refuses
ODD = {
    "int": [Num("1.5"), Num("12345678901234567890123"), "12", "abc", [1], True],
    "text": ["nul\0", Num("0.10000000000000000000000001"), [], False],
    "real": [Num("0.1000000000000000000000000001"), "0.5", "abc", 2**53 + 1, {}],
    "num": [Num("1.234"), 10**8, Num("1e30"), "abc", [1, 2]],
    "bool": [1, "maybe", Num("0.5"), []],
}


class Maker:
    def __init__(self, rnd, target):
        self.rnd, self.target = rnd, target
        self.next = {}

    def chance(self, p):
        return self.rnd.random() < p

    # ---- tables

    def key_kind(self):
        return self.rnd.choice([k for k in KEYS if self.target == "sqlite" or k not in OF_SQLITE])

    def table(self, i, parent):
        r = self.rnd
        kind = "int" if parent is not None and self.chance(0.5) else self.key_kind()
        columns = [{"name": n, "kind": k} for n, k in KEYS[kind][0]]
        spec = {"name": "t%d" % i, "key": [c["name"] for c in columns], "keys": kind}
        if self.chance(0.6):
            columns.append({"name": "u", "kind": r.choice(["int", "text"]), "unique": True, "notnull": self.chance(0.5)})
        columns.append({"name": "s", "kind": "text", "check": self.chance(0.3) and not self.folds, "notnull": self.chance(0.2)})
        for n, k in (("n", "int"), ("f", "real"), ("m", "num"), ("b", "bool")):
            if self.chance(0.5):
                columns.append({"name": n, "kind": k})
        if self.chance(0.5):
            columns.append({"name": "own", "kind": "text", "default": "dflt"})
        if self.chance(0.3):
            columns += [{"name": "h", "kind": "int", "plain": True}, {"name": "g", "kind": "int", "generated": "h + 1"}]
        if parent is not None:
            columns.append({"name": "p", "kind": "int", "parent": parent, "deferred": self.target == "sqlite"})  # of PostgreSQL's: postgresql-load-deferred.t
        spec["columns"] = columns
        spec["trigger"] = self.chance(0.15)
        spec["rowid"] = kind == "any" or self.chance(0.8)
        return spec

    def tables(self):
        n = self.rnd.choice([1, 1, 1, 2, 3])
        if n == 1:
            return [self.table(0, None)]
        tables = [self.table(i, None) for i in range(n)]
        for i, t in enumerate(tables[1:], 1):
            if self.chance(0.6) and not self.folds:
                tables[0] = self.parent() if tables[0]["keys"] != "int" or not tables[0]["rowid"] else tables[0]
                tables[i] = self.table(i, 0)
        return tables

    def parent(self):
        while True:
            t = self.table(0, None)
            if t["keys"] == "int":
                return t

    def value(self, c):
        if c.get("plain"):
            return self.rnd.choice([None, 0, 5, 100])
        if c.get("unique"):
            return None if not c.get("notnull") and self.chance(0.1) else self.unique(c)
        if c.get("parent") is not None:
            return None if self.chance(0.3) else self.rnd.randrange(1, self.keys)
        if not c.get("notnull") and self.chance(0.15):
            return None
        return GOOD[c["kind"]](self.rnd)

    def unique(self, c):
        self.fresh += 1
        v = self.values + self.fresh if self.folds else self.rnd.randrange(self.values)
        while self.once and v in self.taken:
            v += 1
        self.taken.add(v)
        return v if c["kind"] == "int" else "u%d" % v

    def rows(self, tables):
        """What is there before: in it all is as the tables want it."""
        out = {}
        for t in tables:
            self.taken = set()      # a record may want what one of these has, but no two the same
            out[t["name"]], taken = [], {}
            for n in self.rnd.sample(range(1, self.keys), self.rnd.randrange(0, min(self.keys, 400))):
                row = self.plain_row(t, n)
                for c in t["columns"]:
                    if c.get("unique"):
                        while row[c["name"]] in taken.setdefault(c["name"], set()):
                            row[c["name"]] = self.unique(c)
                        taken[c["name"]].add(row[c["name"]])
                    if c.get("parent") is not None:
                        there = [r["id"] for r in out[tables[0]["name"]]]
                        row["p"] = self.rnd.choice(there) if there and self.chance(0.6) else None
                out[t["name"]].append(row)
        return out

    def plain_row(self, t, n):
        row = {}
        for c in t["columns"]:
            if c.get("generated"):
                continue
            v = {"text": "x", "real": 0.5, "num": 2, "bool": True, "int": 3}.get(c["kind"]) if not c.get("unique") else self.unique(c)
            row[c["name"]] = v
        row.update(KEYS[t["keys"]][1](n))
        return row

    # ---- records

    def next_key(self, t):
        """Mostly a new one in bulk."""
        if self.once:
            used = self.used.setdefault(t["name"], set())
            n = self.rnd.randrange(1, self.keys + 5)
            while n in used:
                n += 1
            used.add(n)
            return n
        if self.keys > 1000 and self.chance(0.95):
            self.next[t["name"]] = self.next.get(t["name"], self.keys) + 1
            return self.next[t["name"]]
        return self.rnd.randrange(1, self.keys + 5)

    def key(self, t, n=None):
        key = KEYS[t["keys"]][1](self.next_key(t) if n is None else n)
        if t["keys"] == "nocase" and self.chance(0.2):
            key["id"] = key["id"].upper()
        return key

    def fields(self, t, share):
        out = {}
        for c in t["columns"]:
            if c["name"] not in t["key"] and (c.get("notnull") and share == 1 or self.chance(share)) and not (c.get("default") and self.chance(0.8)):
                out[c["name"]] = self.value(c)
        return out

    def spoil(self, t, item):
        """Makes a bad record of it, mostly."""
        what, f = self.rnd.randrange(8), item["f"]
        odd = [c for c in t["columns"] if c["name"] in f and c["name"] not in t["key"] and c["kind"] in ODD and not c.get("generated")
               and not c.get("plain") and c.get("parent") is None and not c.get("unique") and c["name"] != self.newer]
        if what == 0:
            f.pop(t["key"][-1], None)
        elif what == 1:
            f[t["key"][0]] = None
        elif what == 2 and not self.evolve:
            f["unknown"] = 1
        elif what == 3:
            item["dup"] = True
        elif what == 4:
            f["s"] = "much too long" if self.chance(0.7) else "boom"
        elif what == 5:
            for c in t["columns"]:
                if c.get("notnull"):
                    f[c["name"]] = None
        elif odd:
            c = self.rnd.choice(odd)
            f[c["name"]] = self.rnd.choice(ODD[c["kind"]])

    def change(self, i, t):
        op = "upsert" if self.only_rows else self.rnd.choices(["upsert", "insert", "update", "delete", "truncate"], [50, 10, 30, 14, 0.3])[0]
        item = {"s": i, "op": op, "f": {}}
        if op == "truncate":
            return item
        item["f"] = self.key(t)
        if op == "delete":
            if self.chance(0.03):
                item["f"].popitem()
            return item
        item["f"].update(self.fields(t, 0.4 if op == "update" else self.share))
        if op == "update" and self.chance(0.3):
            item["unset"] = [c["name"] for c in t["columns"] if c["name"] not in t["key"] and not c.get("generated") and self.chance(0.2) and not (c.get("notnull") and self.folds)]
            item["f"] = {k: v for k, v in item["f"].items() if k not in item["unset"]}
        if self.moves and op != "insert" and self.chance(0.15):
            item["key"] = self.key(t)
        if self.chance(self.bad):
            self.spoil(t, item)
        return item

    # ---- cases

    def declare(self, i, t):
        columns = [c["name"] for c in t["columns"] if c["name"] in t["key"] or c.get("notnull") or (c["name"] != "own" and self.chance(0.9))]
        if self.evolve and self.chance(0.5):
            columns.append("e%d" % self.rnd.randrange(3))
        return {"frame": "schema", "s": i, "columns": columns}

    def items(self, tables):
        self.taken = set()
        r, out = self.rnd, []
        declared = {i: self.framed and (self.chance(0.7) or self.target == "mongodb") for i in range(len(tables))}
        out += [self.declare(i, t) for i, t in enumerate(tables) if declared[i]]
        for _ in range(self.length):
            i = r.randrange(len(tables))
            if declared[i] and self.chance(0.01) and not self.settled:
                out.append(self.declare(i, tables[i]))
            if self.framed and self.chance(self.checkpoints):
                out.append({"frame": "checkpoint"})
            item = self.change(i, tables[i])
            if self.evolve and item["op"] in ("upsert", "insert") and self.chance(0.03):
                item["f"]["x%d" % r.randrange(3)] = 1
            out.append(item)
        return out

    def options(self):
        r, o = self.rnd, {}
        mode = r.choices(["upsert", "append", "replace", "mirror"], [70, 8, 8, 14])[0]
        if mode != "upsert":
            o["mode"] = mode
        if self.chance(0.9):
            o["max_delete"] = "100000"
        elif self.chance(0.5):
            o["max_delete"] = r.choice(["3", "20%", "100%"])
        if mode == "upsert" and self.chance(0.3):
            o["missing"] = r.choice(["insert", "skip"])
        if mode == "upsert" and self.chance(0.1):
            o["newer"] = "n"
        if mode != "upsert" and self.chance(0.7):
            o["accept_part"] = True
        if self.chance(0.15):
            o["evolve"] = True
        if self.chance(0.3):
            o["memory"] = r.choice(["64K", "1M"])
        return o

    def case(self, seed):
        what = self.rnd.random()
        if what < 0.2:
            return Order(self.rnd, self.target).case(seed)
        return self.mixed(seed, 3000 if what < 0.22 else None)

    def folding(self, options):
        """
        Where operations on one key are folded, what is bad only until a later one comes is nobody's to see. So either each key comes
        once, or nothing is bad and nothing stands in another's way.
        """
        self.used, self.taken, self.fresh = {}, set(), 0
        if self.target == "sqlite" or self.chance(0.6):
            return False, self.target != "sqlite"
        self.bad, self.share = 0, 1
        if not self.only_rows:
            options["missing"] = "skip"
        return True, False

    def mixed(self, seed, bulk):
        r = self.rnd
        self.keys = 10 * bulk if bulk else r.choice([6, 12, 40, 400])
        self.values = self.keys * r.choice([2, 2, 100])
        options = self.options()
        self.newer, self.evolve = options.get("newer"), options.get("evolve")
        self.only_rows = options.get("mode") in ("append", "replace", "mirror")
        self.share = r.choice([1, 1, 0.8])
        self.moves = self.chance(0.5) and not self.newer
        self.bad = 0 if self.newer else r.choice([0, 0, 0.03, 0.2])
        self.framed = self.chance(0.7)
        self.settled = False
        self.folds, self.once = self.folding(options)
        self.length = bulk or r.choice([1, 5, 20, 60, 60, 300])
        self.checkpoints = r.choice([0, 0, 0.05, 0.3])
        tables = self.tables() if self.framed else [self.table(0, None)]
        if self.newer:
            for t in tables:
                t["trigger"] = False
                for c in t["columns"]:
                    c.pop("check", None)
                if not any(c["name"] == "n" for c in t["columns"]):
                    t["columns"].append({"name": "n", "kind": "int"})
        case = {"target": self.target, "seed": seed, "tables": tables, "rows": self.rows(tables), "options": options, "framed": self.framed,
                "once_only": self.folds and self.moves, "scope": "full" if not self.framed or self.chance(0.7) else "part", "cut": self.framed and self.chance(0.05)}
        if not self.framed and options.get("mode") in ("replace", "mirror"):
            options["plain"] = True
        elif not self.framed:
            case["scope"] = "part"
        if self.framed and self.chance(0.4):
            options["state"] = r.choice(["file", "target"])
        case["items"] = self.items(tables)
        return case


class Order:
    """
    Changes in an order that unique values make hard. Those of each key come once, or in their order; those of different keys are
    shuffled. They were made so that some order works, each change for itself, but for values that go round in a circle: so none
    may be set aside.
    """

    def __init__(self, rnd, target):
        self.rnd, self.target = rnd, target
        self.rows, self.next = {}, 0

    def free(self):
        """A unique value that no row has: mostly one that some row has given away."""
        used = {r["u"] for r in self.rows.values()}
        return next(u for u in self.rnd.sample(range(90), 90) if u not in used)

    def new_key(self):
        self.next += 1
        return self.next

    def item(self, op, n, fields, old=None):
        return {"s": 0, "op": op, "f": {**self.key(n), **fields}, **({} if old is None else {"key": self.key(old)})}

    def upsert(self, n, old=None):
        there = self.rows.get(n, {"own": "dflt"})
        row = {"u": self.free() if self.rnd.random() < 0.7 or n not in self.rows else self.rows[n]["u"], "v": self.rnd.choice([None, 1, 7])}
        self.rows[n] = {**there, **row}
        return self.item("upsert", n, row, old)

    def update(self, n, old=None):
        change = {"u": self.free()} if self.rnd.random() < 0.8 else {}
        if self.rnd.random() < 0.5 or not change:
            change["v"] = self.rnd.randrange(100)
        self.rows[n].update(change)
        return self.item("update", n, change, old)

    def change(self, n):
        """The keys it touches, and the item."""
        what = self.rnd.random()
        if n not in self.rows:
            return [n], self.upsert(n)
        if what < 0.2:
            del self.rows[n]
            return [n], self.item("delete", n, {})
        if what < 0.4:
            new = self.new_key()
            self.rows[new] = self.rows.pop(n)
            return [n, new], (self.upsert if self.rnd.random() < 0.5 else self.update)(new, n)
        return [n], (self.upsert if what < 0.7 else self.update)(n)

    def circle(self, keys):
        """Rows that take each other's unique values."""
        values = [self.rows[n]["u"] for n in keys]
        for n, u in zip(keys, values[1:] + values[:1]):
            self.rows[n]["u"] = u
            yield [n], self.item(self.rnd.choice(["update", "upsert"]), n, {"u": u})

    def changes(self):
        """Of the rows that are there and some others; shuffled where each key comes once."""
        there = list(self.rows)
        self.rnd.shuffle(there)
        circles = [there[:4], there[4:6], there[6:9]][:self.rnd.randrange(4)]
        keys = there[9:] + [self.new_key() for _ in range(self.rnd.randrange(1, 20))]
        once = self.rnd.random() < 0.7
        self.once_only = not once and self.target != "sqlite"
        changes = [self.change(n) for n in (self.rnd.sample(keys, len(keys)) if once else self.rnd.choices(keys, k=200))]
        changes += [c for keys in circles for c in self.circle(keys)]
        touched = [k for keys, _ in changes for k in keys]
        if len(set(touched)) == len(touched):
            self.rnd.shuffle(changes)
        return [item for _, item in changes]

    def table(self):
        kind = self.rnd.choice([k for k in KEYS if self.target == "sqlite" or k not in OF_SQLITE])
        self.key = KEYS[kind][1]
        columns = [{"name": n, "kind": k} for n, k in KEYS[kind][0]]
        return {"name": "t0", "key": [c["name"] for c in columns], "keys": kind, "rowid": kind == "any" or self.rnd.random() < 0.7,
                "unique": self.rnd.random() < 0.2, "trigger": False,
                "columns": columns + [{"name": "u", "kind": "int", "unique": True, "notnull": self.rnd.random() < 0.5},
                                      {"name": "v", "kind": "int"}, {"name": "own", "kind": "text", "default": "dflt"}]}

    def case(self, seed):
        table = self.table()
        table["rowid"] = table["rowid"] or table["unique"]
        for _ in range(self.rnd.randrange(0, 30)):
            n = self.new_key()
            self.rows[n] = {"u": self.free(), "v": self.rnd.choice([None, 1, 2]), "own": "own%d" % n}
        rows = [{**self.key(n), **r} for n, r in self.rows.items()]
        items, mirror = self.changes(), self.rnd.random() < 0.3
        if mirror:      # what it all came to, instead of how
            items = [self.item("upsert", n, {"u": r["u"], "v": r["v"]}) for n, r in self.rows.items()]
            self.rnd.shuffle(items)
        options = {"max_delete": "100000", **({"mode": "mirror", "plain": True, "allow_empty": True} if mirror else {}),
                   **({"key": ",".join(table["key"])} if table["unique"] else {})}
        return {"target": self.target, "seed": seed, "tables": [table], "rows": {"t0": rows}, "options": options, "framed": False,
                "scope": "full" if mirror else "part", "cut": False, "items": items, "feasible": True, "once_only": self.once_only and not mirror}
