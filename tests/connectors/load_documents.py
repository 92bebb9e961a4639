"""load_documents: what a loader of a document store is to make of a stream, as load_model.py says it of tables."""
from fractions import Fraction

from exact_json import Num
from load_model import Fail, Model
from load_values import Bad

AT_ONCE = 1000      # rows of a batch


def value_of(v):
    """A value by which it is compared; numbers of a record are their digits."""
    if isinstance(v, dict):
        return {n: value_of(x) for n, x in v.items()}
    if isinstance(v, list):
        return [value_of(x) for x in v]
    if isinstance(v, (int, Num)) and not isinstance(v, bool):
        return Fraction(str(v))
    return Fraction(repr(v)) if isinstance(v, float) else v


def for_documents(case):
    """The same case for a store without columns: what only tables have is gone, and a unique field always has a value."""
    if case["options"].get("mode") == "mirror":
        case["options"].pop("memory", None)
    case["options"].pop("evolve", None)
    if not case["framed"]:
        case["options"]["key"] = ",".join(case["tables"][0]["key"])
    for t in case["tables"]:
        gone = [c["name"] for c in t["columns"] if c.get("generated")]
        t["columns"] = [{"name": c["name"], "kind": c["kind"], "unique": c.get("unique", False)} for c in t["columns"] if c["name"] not in gone]
        t["trigger"] = False
        for item in case["items"]:
            if "f" in item and case["tables"][item["s"]] is t:
                item["f"] = {n: v for n, v in item["f"].items() if n not in gone}
    items = []
    for n, item in enumerate(case["items"]):
        if "f" not in item or fit(case, item, n):
            items.append(item)
    case["items"] = items
    return case


def fit(case, item, n):
    t = case["tables"][item["s"]]
    unique = [c for c in t["columns"] if c["unique"]]
    if case["options"].get("mode") in ("append", "replace") and any(item["f"].get(k) is None for k in t["key"]):
        return False
    for c in unique:
        whole = item["op"] in ("upsert", "insert") or (item["op"] == "update" and case["options"].get("missing") == "insert")
        if item["f"].get(c["name"]) is None:
            item["f"].pop(c["name"], None)
            if whole:
                item["f"][c["name"]] = 10**6 + n if c["kind"] == "int" else "v%d" % n
        item["unset"] = [u for u in item.get("unset", []) if u != c["name"]]
    if not item.get("unset"):
        item.pop("unset", None)
    return True


class Documents(Model):
    def __init__(self, case, rows):
        super().__init__(case, rows)
        self.pending = []
        for t in self.tables:
            t.rows = {self.ident(t, r): {n: value_of(v) for n, v in r.items()} for r in t.rows.values()}
        self.committed = self.rows()

    def ident(self, t, row):
        return tuple(value_of(row[k]) for k in t.key)

    # ---- a record

    def look(self, t, item):
        """What is told before anything is written."""
        if item.get("dup"):
            raise Bad("duplicate-name")
        if self.only_added(t) or item.get("op") == "truncate":
            return
        if any(item["f"].get(k) is None for k in t.key) or ("key" in item and any(item["key"].get(k) is None for k in t.key)):
            raise Bad("no-key")
        item["ident"] = self.ident(t, item["f"])
        item["was"] = self.ident(t, item["key"]) if "key" in item else None
        if item["was"] == item["ident"]:
            item["was"] = None
        if self.mode == "mirror":
            t.seen.add(item["ident"])

    def item(self, item):
        if item.get("frame") == "checkpoint":
            if self.mode not in ("replace", "mirror"):
                self.commit()
            return
        t = self.tables[item["s"]]
        t.touched = True
        if item.get("frame") == "schema":
            return
        self.records += not item.get("dup")
        try:
            self.look(t, item)
            self.pending.append(item)
        except Bad as e:
            self.aside.append((item, str(e)))

    # ---- a batch

    def newer(self, old, new):
        n = self.o.get("newer")
        if not n or n not in new or old.get(n) is None:
            return True
        return new[n] is not None and new[n] >= old[n]

    def fold(self, t, now, item):
        """now: the documents, which it changes; a word for the counts."""
        op, ident, was = item.get("op", "upsert"), item["ident"], item["was"]
        if op == "delete":
            return "deleted" if now.pop(ident, None) is not None else None
        f = {n: value_of(v) for n, v in item["f"].items()}
        if was in now:
            if op == "update" and ident in now:
                raise Bad("duplicate-key")
            gone = now.pop(was)
            now.setdefault(ident, gone)
        base = now.get(ident)
        if op == "update" and base is None:
            missing = self.o.get("missing", "reject")
            if missing == "reject":
                raise Bad("missing-row")
            if missing == "skip":
                return None
        if base is not None and not self.newer(base, f):
            return "unchanged"
        row = f
        if op == "update":
            row = {n: v for n, v in {**(base or {}), **f}.items() if n not in item.get("unset", []) or n in f}
        now[ident] = row
        return "inserted" if base is None else "unchanged" if base == row else "updated"

    def unique_values(self, t, row):
        return [(c["name"], row.get(c["name"])) for c in t.spec["columns"] if c.get("unique")]

    def apply_units(self, t, now, units):
        """
        A unit is the keys that a write is about: the new one last. Deletes go first, then each that no other document stands in the
        way of, while there are any, and last the documents whose key others' got. Returns the units that are refused.
        """
        before = dict(t.rows)
        gone = [u for u in units if not any(i in now for i in u)]
        for u in gone:
            for i in u:
                t.rows.pop(i, None)
        holders = {v: i for i, row in t.rows.items() for v in self.unique_values(t, row)}
        last, waiting = [], [u for u in units if u not in gone]
        while waiting:
            rest = [u for u in waiting if not self.apply_unit(t, now, u, before, holders, last)]
            if len(rest) == len(waiting):
                break
            waiting = rest
        for i in last:
            t.rows.pop(i, None)
        return waiting

    def apply_unit(self, t, now, unit, before, holders, last):
        ident = unit[-1]
        own = {ident} if ident in before else set(unit)
        if any(holders.get(v, ident) not in own for v in self.unique_values(t, now[ident])):
            return False
        for i in own & t.rows.keys():
            for v in self.unique_values(t, t.rows.pop(i)):
                holders.pop(v, None)
        last += [i for i in unit if i not in own]
        t.rows[ident] = now[ident]
        holders.update({v: ident for v in self.unique_values(t, now[ident])})
        return True

    def some(self, t, items, alone=False):
        now, done, units = dict(t.rows), [], {}
        for item in items:
            try:
                did = self.fold(t, now, item)
            except Bad as e:
                self.aside.append((item, str(e)))
                continue
            units.setdefault(item["ident"], tuple(i for i in (item["was"], item["ident"]) if i is not None))
            done.append((item, did))
        refused = {u[-1] for u in self.apply_units(t, now, list(units.values()))}
        for item, did in done:
            if item["ident"] not in refused:
                if did:
                    self.counts[did] += 1
            elif alone:
                self.aside.append((item, "duplicate-key"))
        for item, _ in done:
            if item["ident"] in refused and not alone:
                self.some(t, [item], True)

    def batches(self, items):
        """A move shares its keys with no other row of a batch."""
        out, touched, moved = [], set(), set()
        for item in items:
            mine = {i for i in (item["was"], item["ident"]) if i is not None}
            if out and (mine & (touched if item["was"] is not None else moved)):
                yield out
                out, touched, moved = [], set(), set()
            out.append(item)
            touched |= mine
            moved |= mine if item["was"] is not None else set()
        if out:
            yield out

    def add(self, t, item):
        row = {n: value_of(v) for n, v in item["f"].items()}
        names = [c["name"] for c in t.spec["columns"] if c.get("unique")]
        ident = self.ident(t, row)
        if ident in t.rows or any(r.get(n) == row.get(n) for r in t.rows.values() for n in names):
            self.aside.append((item, "duplicate-key"))
            return
        t.rows[ident] = row
        t.added += 1
        self.counts["inserted"] += 1

    def write(self, t, items):
        if self.only_added(t):
            for item in items:
                self.add(t, item)
            return
        for at in range(0, len(items), AT_ONCE):
            for some in self.batches(items[at:at + AT_ONCE]):
                self.some(t, some)

    def write_all(self, items):
        for at, t in enumerate(self.tables):
            mine = []
            for item in items:
                if item["s"] != at:
                    continue
                if item.get("op") == "truncate":
                    self.write(t, mine)
                    mine = []
                    self.counts["deleted"] += len(t.rows)
                    t.rows = {}
                else:
                    mine.append(item)
            self.write(t, mine)

    # ---- commits

    def count_deletes(self, t, at):
        gone = set()
        for item in self.pending:
            if item["s"] != at:
                continue
            if item.get("op") == "truncate":
                t.count()
                t.deleted = t.at_start
                return
            if not self.only_added(t) and (item.get("op") == "delete" or item["was"] is not None) and item["ident"] in t.rows:
                gone.add(item["ident"])
        if gone:
            t.count()
            t.deleted += len(gone)

    def guard(self, t, deletes):
        most = self.o.get("max_delete", "50%")
        limit = float(most[:-1]) * t.at_start / 100 if most.endswith("%") else float(most)
        if deletes and deletes > limit and not (self.records == 0 and self.o.get("allow_empty")):
            raise Fail(3)

    def commit(self):
        for at, t in enumerate(self.tables):
            self.count_deletes(t, at)
            if t.deleted:
                self.guard(t, t.deleted)
        self.write_all(self.pending)
        self.pending = []
        self.committed = self.rows()

    def mirror(self):
        checked = not self.aside
        for t in self.tables:
            if checked and t.touched:
                t.count()
                self.whole(t)
                self.guard(t, len([i for i in t.rows if i not in t.seen]))
        self.write_all(self.pending)
        for t in self.tables:
            gone = [i for i in t.rows if i not in t.seen] if t.touched and not self.aside else []
            self.counts["deleted"] += len(gone)
            for i in gone:
                del t.rows[i]
        self.committed = self.rows()

    def replace(self):
        for t in self.tables:
            if t.touched:
                t.count()
                t.rows = {}
        self.write_all(self.pending)
        for t in self.tables:
            if t.touched:
                self.whole(t)
        self.committed = self.rows()

    def end(self):
        {"mirror": self.mirror, "replace": self.replace}.get(self.mode, self.commit)()
