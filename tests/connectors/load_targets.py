"""load_targets: databases that loaders are tried on: tables made and filled for a case, and their rows as the model has them."""
import json
import os
import sqlite3
import subprocess
from fractions import Fraction

from load_documents import value_of
from mongo_client import B, Client, decode


def quoted(v):
    if v is None:
        return "NULL"
    if isinstance(v, bool):
        return str(v).upper()
    return str(v) if isinstance(v, (int, float)) else "'%s'" % v.replace("'", "''")


class Target:
    def columns(self, spec):
        for c in spec["columns"]:
            words = [c["name"], self.types[c["kind"]]]
            if c.get("generated"):
                words.append("generated always as (%s) stored" % c["generated"])
            if c.get("notnull") or c["name"] in spec["key"]:
                words.append("not null")
            if c.get("unique"):
                words.append("unique")
            if c.get("check"):
                words.append("check(length(%s) < 8)" % c["name"])
            if c.get("default") is not None:
                words.append("default " + quoted(c["default"]))
            yield " ".join(words)

    def tables(self, case, rows):
        """SQL that makes the case's tables; foreign keys come behind the rows where the dialect can."""
        for t in case["tables"]:
            key = "%s(%s)" % ("unique" if t.get("unique") else "primary key", ", ".join(t["key"]))
            yield "create table %s(%s)%s" % (t["name"], ", ".join([*self.columns(t), key, *self.references(case, t)]), self.tail(t))
            for r in rows[t["name"]]:
                names = [c["name"] for c in t["columns"] if not c.get("generated")]
                yield "insert into %s(%s) values(%s)" % (t["name"], ", ".join(names), ", ".join(quoted(r.get(n)) for n in names))
            if t.get("trigger"):
                yield from self.triggers(t)

    def references(self, case, t):
        for c in t["columns"]:
            if c.get("parent") is not None:
                parent = case["tables"][c["parent"]]
                yield "foreign key(%s) references %s(%s)%s" % (c["name"], parent["name"], parent["key"][0],
                                                               " deferrable initially deferred" if c.get("deferred") else "")

    def tail(self, t):
        return ""


class Sqlite(Target):
    name = "sqlite"
    types = {"int": "integer", "text": "text", "real": "real", "num": "", "bool": "boolean", "ntext": "text collate nocase", "any": ""}

    def setup(self, case, rows):
        for name in ("target.db", "target.db-journal"):
            if os.path.exists(name):
                os.unlink(name)
        db = sqlite3.connect("target.db")
        for sql in self.tables(case, rows):
            db.execute(sql)
        db.commit()
        db.close()
        return "target.db"

    def generation(self):
        db = sqlite3.connect("target.db")
        there = db.execute("select 1 from sqlite_master where name='_sync_state'").fetchone()
        got = there and db.execute("select generation from _sync_state").fetchone()
        db.close()
        return str(got[0]) if got else "0"

    def tail(self, t):
        return "" if t.get("rowid") else " without rowid"

    def triggers(self, t):
        texts = [c["name"] for c in t["columns"] if c["kind"] == "text"]
        for event in ("insert", "update"):
            yield "create trigger %s_%s before %s on %s when 'boom' in (%s) begin select raise(abort, 'boom'); end" % (
                t["name"], event, event, t["name"], ", ".join("new." + n for n in texts))

    def rows(self, table):
        db = sqlite3.connect("target.db")
        got = db.execute("select * from %s" % table)
        names = [d[0] for d in got.description]
        rows = [dict(zip(names, r)) for r in got]
        db.close()
        return rows


class Postgresql(Target):
    name = "postgresql"
    types = {"int": "bigint", "text": "text", "real": "double precision", "num": "numeric(10,2)", "bool": "boolean"}

    def __init__(self):
        self.psql = subprocess.Popen(["psql", "-XAtq"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.ask("set client_min_messages = error; create or replace function boom() returns trigger language plpgsql as $$ begin "
                 "if to_jsonb(new)::text like '%\"boom\"%' then raise exception 'boom'; end if; return new; end $$")

    def ask(self, sql):
        self.psql.stdin.write(sql + ";\n\\echo --\n")
        self.psql.stdin.flush()
        lines = []
        while True:
            line = self.psql.stdout.readline()
            if not line or line == "--\n":
                break
            lines.append(line)
        text = "".join(lines)
        if "ERROR" in text:
            raise RuntimeError(text)
        return text

    def setup(self, case, rows):
        self.ask("drop table if exists t0, t1, t2, _sync_state cascade")
        self.ask("begin; %s; commit" % "; ".join(self.tables(case, rows)))
        return os.environ["PGURI"]

    def generation(self):
        there = self.ask("select to_regclass('_sync_state')").strip()
        return (there and self.ask("select generation from _sync_state").strip()) or "0"

    def triggers(self, t):
        yield "create trigger boom before insert or update on %s for each row execute function boom()" % t["name"]

    def rows(self, table):
        got = self.ask("select row_to_json(x) from %s x" % table).splitlines()
        return [json.loads(l, parse_float=Fraction) for l in got]


def decimal128(raw):
    """IEEE 754-2008's decimal128, of the encoding that BSON has."""
    bits = int.from_bytes(raw, "little")
    digits, exponent = bits & (1 << 113) - 1, (bits >> 113 & 0x3fff) - 6176
    return Fraction(digits) * Fraction(10) ** exponent * (-1 if bits >> 127 else 1)


def plain(v):
    if isinstance(v, B) and v.type == 0x13:
        return decimal128(v.raw)
    if isinstance(v, dict):
        return {n: plain(x) for n, x in v.items()}
    return [plain(x) for x in v] if isinstance(v, list) else value_of(v)


class Mongodb(Target):
    """MONGODB_AT and MONGODB say where; MONGODB_KIND is the server's kind, as mongodb.sh has it."""
    name = "mongodb"

    def __init__(self):
        self.client = Client(os.environ["MONGODB_AT"], "app")
        self.reorders = os.environ.get("MONGODB_KIND") == "java"    # fields of a document that is replaced stay in the old one's order

    def tables(self, case, rows):
        for t in case["tables"]:
            keys = [t["key"]] + [[c["name"]] for c in t["columns"] if c.get("unique")]
            indexes = [{"key": {n: 1 for n in k}, "name": "_".join(k) + "_1", "unique": True} for k in keys]
            yield repr({"createIndexes": t["name"], "indexes": indexes})
            for at in range(0, len(rows[t["name"]]), 1000):
                some = [{"_id": "%d" % i, **{n: v if not isinstance(v, Fraction) else int(v) if v.denominator == 1 else float(v) for n, v in r.items()}}
                        for i, r in enumerate(rows[t["name"]][at:at + 1000], at)]
                yield repr({"insert": t["name"], "documents": some})

    def setup(self, case, rows):
        for name in ("t0", "t1", "t2", "_sync_state"):
            try:
                self.client.run({"drop": name})
            except RuntimeError:
                pass
        for command in self.tables(case, rows):
            self.client.run(eval(command))
        return os.environ["MONGODB"]

    def generation(self):
        got = self.client.documents("_sync_state")
        return decode(got[0])["generation"] if got else "0"

    def rows(self, table):
        got = [plain(decode(d)) for d in self.client.documents(table)]
        return [{n: v for n, v in r.items() if n != "_id"} for r in got]


TARGETS = {"sqlite": Sqlite, "postgresql": Postgresql, "mongodb": Mongodb}
