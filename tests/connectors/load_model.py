"""
load_model: what a loader of a database is to make of a stream, record by record, in Python.

A case is plain data: tables with their rows, the options, and the items of the stream. `Model` applies the items one at a time
in their order; a record that another row stands in the way of waits, with those of its key behind it, and is tried again
before the commit, at last together with the others that wait, round in a circle. What comes out: the rows, what was set aside
and why, the counts, the exit status.
"""
import copy

from load_values import CELLS, Bad

LONG = 8        # texts of a checked column are shorter


class Wait(Exception):
    """Another row stands in its way."""


class Fail(Exception):
    """The run ends with this status."""


# ---- the model

class Table:
    def __init__(self, spec, rows):
        self.spec, self.name, self.key = spec, spec["name"], spec["key"]
        self.columns = {c["name"]: c for c in spec["columns"]}
        self.declared = None        # names, once a schema frame says them
        self.rows = {}
        self.seen, self.touched, self.heard = set(), False, False
        for r in rows:
            self.rows[self.ident(r)] = dict(r)
            for n in r:
                self.columns.setdefault(n, {"name": n, "kind": "any"})
        self.at_start, self.added, self.deleted = None, 0, 0

    def ident(self, row):
        """A key, as the table tells keys apart."""
        return tuple(row[k].lower() if self.columns[k]["kind"] == "ntext" else row[k] for k in self.key)

    def count(self):
        """Before the first delete."""
        if self.at_start is None:
            self.at_start = max(0, len(self.rows) - self.added)


class Model:
    def __init__(self, case, rows):
        self.case, self.target, self.o = case, case["target"], case["options"]
        self.mode = self.o.get("mode", "upsert")
        self.tables = [Table(t, rows[t["name"]]) for t in case["tables"]]
        self.waiting, self.aside = [], []
        self.counts = dict.fromkeys(["inserted", "updated", "unchanged", "deleted"], 0)
        self.records = self.commits = 0
        self.status, self.trial, self.last = 0, False, False
        self.committed = self.rows()

    def rows(self):
        return {t.name: [dict(r) for r in t.rows.values()] for t in self.tables}

    # ---- what is undone as one

    def save(self):
        return copy.deepcopy((self.counts, [(t.rows, t.added, t.deleted, t.at_start) for t in self.tables])), list(self.waiting), list(self.aside)

    def restore(self, saved):
        (self.counts, tables), self.waiting, self.aside = copy.deepcopy(saved[0]), list(saved[1]), list(saved[2])
        for t, (t.rows, t.added, t.deleted, t.at_start) in zip(self.tables, tables):
            pass

    # ---- rows

    def only_added(self, t):
        return self.mode in ("append", "replace") or not t.key

    def default(self, t):
        return {n: c.get("default") for n, c in t.columns.items() if not c.get("generated")}

    def check(self, t, row):
        for n, c in t.columns.items():
            v = row.get(n)
            if c.get("generated"):
                continue
            if v is None and (c.get("notnull") or n in t.key):
                raise Bad("constraint")
            if c.get("check") and v is not None and len(str(v)) >= LONG:
                raise Bad("constraint")
            if t.spec.get("trigger") and v == "boom":
                raise Bad("constraint")

    def check_others(self, t, row, own):
        for n, c in t.columns.items():
            if c.get("unique") and row.get(n) is not None:
                if any(r.get(n) == row[n] and i != own for i, r in t.rows.items()):
                    raise Wait()
            if c.get("parent") is not None and row.get(n) is not None and self.immediate(c):
                if (row[n],) not in self.tables[c["parent"]].rows:
                    raise Wait()

    def immediate(self, c):
        return self.target == "postgresql" and not c.get("deferred")

    def children(self, t, ident):
        """Rows that point to this one keep it."""
        at = self.tables.index(t)
        for child in self.tables:
            for n, c in child.columns.items():
                if c.get("parent") == at and self.immediate(c) and any((r[n],) == ident for r in child.rows.values()):
                    raise Wait()

    def write(self, t, own, row):
        """own: the row's key until now, or None."""
        self.check(t, row)
        ident = t.ident(row)
        if ident in t.rows and ident != own:
            raise Wait()
        self.check_others(t, row, own)
        if own is not None and ident != own:
            self.children(t, own)
            t.rows = {ident if i == own else i: row if i == own else r for i, r in t.rows.items()}
        t.rows[ident] = row
        t.added += own is None

    def newer(self, old, sets):
        n = self.o.get("newer")
        if not n or n not in sets or old.get(n) is None:
            return True
        return sets[n] is not None and sets[n] >= old[n]

    def change(self, t, own, base, sets):
        """What became of it, for the counts."""
        row = {**base, **sets}
        if not self.newer(base, sets) or row == base:
            return "unchanged"
        self.write(t, own, row)
        return "updated"

    # ---- a record's columns

    def cell(self, t, n, v):
        return CELLS[self.target](t.columns[n]["kind"], v)

    def sets(self, t, item, update):
        sets = {}
        if item.get("dup"):
            raise Bad("duplicate-name")
        for n, v in item["f"].items():
            if n not in t.columns:
                if not self.o.get("evolve"):
                    raise Bad("unknown-field")
                t.columns[n] = {"name": n, "kind": "any"}
                for r in t.rows.values():
                    r[n] = None
            if not t.columns[n].get("generated"):
                sets[n] = self.cell(t, n, v)
        sets.update({n: None for n in item.get("unset", []) if n in t.columns and n not in sets})
        if not update and t.declared is not None:
            sets.update({n: None for n in t.declared if n in t.columns and n not in sets and not t.columns[n].get("generated")})
        if not sets:
            raise Bad("bad-record")
        if (not self.only_added(t) or update) and any(sets.get(k) is None for k in t.key):
            raise Bad("no-key")
        return sets

    def old_key(self, t, item):
        """The old key's cells, where the record has one."""
        if "key" not in item or self.only_added(t):
            return None
        if any(item["key"].get(k) is None for k in t.key):
            raise Bad("no-key")
        return {k: self.cell(t, k, item["key"][k]) for k in t.key}

    # ---- operations

    def insert(self, t, sets):
        row = {**self.default(t), **sets}
        if len(t.key) == 1 and t.columns[t.key[0]]["kind"] == "int" and row.get(t.key[0]) is None and self.target == "sqlite" and t.spec.get("rowid"):
            row[t.key[0]] = max([r[t.key[0]] for r in t.rows.values()], default=0) + 1
        self.check(t, row)
        try:
            self.write(t, None, row)
        except Wait:
            if self.only_added(t) and not self.fk_only(t, row):
                raise Bad("constraint") from None
            raise
        return "inserted"

    def fk_only(self, t, row):
        """It waits for a row to point to, not for a unique value."""
        try:
            fk = [c for c in t.columns.values() if c.get("parent") is not None]
            for c in fk:
                c["parent"], c["was"] = None, c["parent"]
            self.check_others(t, row, None)
            return t.ident(row) not in t.rows
        except Wait:
            return False
        finally:
            for c in fk:
                c["parent"] = c.pop("was")

    def upsert(self, t, item):
        sets = self.sets(t, item, False)
        old = self.old_key(t, item)
        if self.only_added(t):
            return self.insert(t, sets)
        ident, was = t.ident(sets), old and t.ident(old)
        if self.mode == "mirror":
            t.count()
            t.seen.add(ident)
        moves = old is not None and any(old[k] != sets[k] for k in t.key)
        self.touch(t, item, [ident] + ([was] if moves else []))
        base = t.rows.get(ident)
        if moves and was in t.rows and (base is None or was == ident):
            return self.change(t, was, t.rows[was], sets)
        if moves and was in t.rows:
            self.children(t, was)
            t.count()
            gone = t.rows.pop(was)
            try:
                did = self.change(t, ident, base, sets)
            except (Bad, Wait):
                t.rows[was] = gone
                raise
            t.deleted += 1
            self.counts["deleted"] += 1
            return did
        return self.insert(t, sets) if base is None else self.change(t, ident, base, sets)

    def touch(self, t, item, idents):
        at = self.tables.index(t)
        item["idents"] = {(at, i) for i in idents}
        if any(item["idents"] & w["idents"] for w in self.waiting):
            raise Wait()

    def update(self, t, item):
        sets = self.sets(t, item, True)
        old = self.old_key(t, item)
        ident, was = t.ident(sets), old and t.ident(old)
        if self.mode == "mirror":
            t.seen.add(ident)
        moves = old is not None and any(old[k] != sets[k] for k in t.key)
        self.touch(t, item, [ident] + ([was] if moves else []))
        if moves and was in t.rows:
            if ident != was and ident in t.rows:
                raise Wait()
            base = t.rows[was]
            return self.change(t, was, base, sets)
        if ident in t.rows:
            return self.change(t, ident, t.rows[ident], sets)
        missing = self.o.get("missing", "reject")
        if missing == "reject":
            raise Bad("missing-row")
        return self.insert(t, self.sets(t, item, False)) if missing == "insert" else None

    def delete(self, t, item):
        t.count()
        if any(item["f"].get(k) is None for k in t.key):
            raise Bad("no-key")
        ident = t.ident({k: self.cell(t, k, item["f"][k]) for k in t.key})
        self.touch(t, item, [ident])
        if ident in t.rows:
            self.children(t, ident)
            del t.rows[ident]
            t.deleted += 1
            return "deleted"
        return None

    def truncate(self, t, item):
        self.settle()
        t.count()
        try:
            for ident in t.rows:
                self.children(t, ident)
        except Wait:
            raise Fail(3) from None
        t.deleted += len(t.rows)
        self.counts["deleted"] += len(t.rows)
        t.rows.clear()

    # ---- the stream

    def apply(self, item):
        t = self.tables[item["s"]]
        op = item.get("op", "upsert")
        try:
            if item.get("raw") is not None:
                raise Bad(item["code"])
            did = getattr(self, "upsert" if op == "insert" else op)(t, item)
        except Wait:
            item.setdefault("idents", set())
            if self.last or self.only_added(t) and self.target == "sqlite":
                self.aside.append((item, "constraint"))
            else:
                self.waiting.append(item)
                t.seen.update(i for _, i in item["idents"])     # a mirror keeps the row that it moves, too
            return
        except Bad as e:
            if self.trial and item.get("idents"):
                self.waiting.append(item)
                return
            self.aside.append((item, str(e)))
            return
        if did:
            self.counts[did] += 1

    def again(self, items):
        self.waiting = []
        for item in items:
            self.apply(item)

    def retry(self):
        while self.waiting:
            before = self.waiting
            self.again(before)
            if len(self.waiting) == len(before):
                return

    def circles(self):
        """Those that wait for each other: they give away their unique values first, and get them then."""
        trying = list(self.waiting)
        while trying and not self.o.get("newer"):
            saved = self.save()
            rest = [w for w in self.waiting if not any(w is x for x in trying)]
            self.waiting = []
            for item in trying:
                self.park(self.tables[item["s"]], item)
            self.trial = True
            self.again(trying)
            self.retry()
            self.trial = False
            failed = [id(w) for w in self.waiting]
            if not failed:
                self.waiting = rest
                return
            self.restore(saved)
            trying = [w for w in trying if id(w) not in failed]

    def park(self, t, item):
        """Its row, if it is there and only changes, gets unique values that no row has."""
        if t.spec.get("trigger") or item.get("op") == "delete" or len(item["idents"]) > 1:
            return
        row = t.rows.get(next(iter(item["idents"]))[1]) if item["idents"] else None
        sets = {**item["f"], **dict.fromkeys(item.get("unset", []))}
        for n in row or {}:
            if t.columns[n].get("unique") and n not in t.key and (n in sets or (t.declared and n in t.declared and item.get("op") != "update")):
                row[n] = object()

    def settle(self):
        self.retry()
        self.circles()
        self.last = True
        self.again(self.waiting)
        self.last = False

    def guard(self, t, deletes):
        most = self.o.get("max_delete", "50%")
        rows = t.at_start if t.at_start or self.mode == "mirror" else t.added
        limit = float(most[:-1]) * rows / 100 if most.endswith("%") else float(most)
        if deletes and deletes > limit and not (self.records == 0 and self.o.get("allow_empty")):
            raise Fail(3)

    def commit(self):
        if self.mode != "mirror":
            self.settle()
            for t in self.tables:
                self.guard(t, t.deleted)
        for t in self.tables:
            for n, c in t.columns.items():
                if c.get("parent") is not None and any(r[n] is not None and (r[n],) not in self.tables[c["parent"]].rows for r in t.rows.values()):
                    raise Fail(3)
        self.committed = self.rows()
        self.commits += 1

    def whole(self, t):
        """May what isn't in the stream go?"""
        if not t.at_start or (self.mode == "mirror" and self.aside):
            return
        if self.case["scope"] == "part" and not self.o.get("accept_part"):
            raise Fail(3)
        if self.aside and not self.o.get("accept_part"):
            raise Fail(3)
        if self.records == 0 and not self.o.get("allow_empty"):
            raise Fail(3)

    def delete_unseen(self):
        for t in self.tables:
            if not t.touched:
                continue
            t.count()
            self.whole(t)
            gone = [i for i in t.rows if i not in t.seen]
            self.guard(t, len(gone) + t.deleted)
            for i in gone:
                del t.rows[i]
            self.counts["deleted"] += len(gone)

    def mirror(self):
        if self.aside:
            self.settle()
            return
        saved = self.save()
        self.delete_unseen()
        self.retry()
        self.circles()
        if self.aside or self.waiting:
            self.restore(saved)
            self.settle()

    def touched(self, t):
        """The first that is heard of it: in replace mode what was there goes."""
        if self.mode == "replace" and not t.touched:
            t.count()
            t.rows.clear()
        t.touched = True

    def touched_together(self):
        """PostgreSQL empties tables that foreign keys bind by one statement, whatever comes first."""
        for item in self.case["items"]:
            if item.get("frame") != "checkpoint":
                self.touched(self.tables[item["s"]])
        for t in self.tables:
            for n, c in t.columns.items():
                if c.get("parent") is not None and self.immediate(c) and any(r[n] is not None and (r[n],) not in self.tables[c["parent"]].rows for r in t.rows.values()):
                    raise Fail(3)

    def item(self, item):
        if item.get("frame") == "checkpoint":
            if self.mode not in ("replace", "mirror"):
                self.commit()
            return
        t = self.tables[item["s"]]
        if item.get("frame") == "schema":
            if t.heard and t.declared != item["columns"]:
                self.settle()       # those that wait are taken by what was said when they came
            t.heard = True
            t.touched = t.touched or self.mode != "replace"
            self.schema(t, item)
            return
        self.records += item.get("raw") is None and not item.get("dup")
        self.touched(t)
        t.heard = True
        self.apply(item)

    def schema(self, t, item):
        t.declared = list(item["columns"])
        for n in t.declared:
            if n not in t.columns and self.o.get("evolve"):
                t.columns[n] = {"name": n, "kind": "int"}
                for r in t.rows.values():
                    r[n] = None

    def end(self):
        if self.mode == "mirror":
            self.mirror()
        if self.mode == "replace":
            for t in self.tables:
                if t.declared is not None:
                    self.touched(t)
            self.settle()
            for t in self.tables:
                if t.touched:
                    self.whole(t)
        self.commit()

    def run(self):
        try:
            if self.mode == "replace" and self.target == "postgresql":
                self.touched_together()
            for item in self.case["items"]:
                self.item(item)
            if self.case.get("cut"):
                raise Fail(3)
            self.end()
            self.status = 1 if self.aside else 0
        except Fail as e:
            self.status = e.args[0]
        return self
