"""
load_run: random streams into a database, against a model of what is to become of them. Prints what differs, as small as it can
be made; exits 1 then.

    load_run.py TARGET FIRST COUNT      seeds FIRST and on; TARGET: sqlite, postgresql (PGURI, and psql's variables say where),
                                        mongodb (MONGODB and MONGODB_AT)
    load_run.py TARGET FILE             a case that an earlier run has printed
"""
import copy
import json
import math
import os
import random
import re
import subprocess
import sys
import time
from fractions import Fraction

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import exact_json
from load_cases import Maker
from load_documents import Documents, for_documents, value_of
from load_model import Model
from load_targets import TARGETS

CODES = {"bad-value": "server", "lossy": "lossy", "constraint": "constraint", "no-key": "no-key"}


# ---- a case as lines

PROPERTIES = {"int": '{"type":["integer","null"]}', "text": '{"type":["string","null"]}', "real": '{"type":["number","null"]}',
              "num": '{"type":["number","null"]}', "bool": '{"type":["boolean","null"]}', "ntext": '{"type":["string","null"]}', "any": "{}"}


def schema_line(case, item):
    t = case["tables"][item["s"]]
    kinds = {c["name"]: c["kind"] for c in t["columns"]}
    properties = ",".join('"%s":%s' % (n, PROPERTIES[kinds.get(n, "int")]) for n in item["columns"])
    return '{"_sync":{"op":"schema","stream":"%s","key":%s,"schema":{"type":"object","properties":{%s}}}}' % (
        t["name"], json.dumps(t["key"]), properties)


def record_line(case, item):
    sync = {"op": item["op"]} if item["op"] != "upsert" else {}
    if case["framed"]:
        sync["stream"] = case["tables"][item["s"]]["name"]
    sync.update({k: item[k] for k in ("key", "unset") if k in item})
    line = exact_json.dumps({**({"_sync": sync} if sync else {}), **item["f"]})
    return line[:-1] + ',"s":"again","s":"again"}' if item.get("dup") else line


def lines_of(case, generation):
    out, count, seq = [], {}, 0
    if case["framed"]:
        begin = {"op": "begin", "format": 1, "run": "r", "scope": case["scope"]}
        if "state" in case["options"]:
            begin["from"] = {"generation": generation, "connector": "test", "source": "s", "selection": "x"}
        out.append(json.dumps({"_sync": begin}))
    for item in case["items"]:
        if item.get("frame") == "schema":
            out.append(schema_line(case, item))
        elif item.get("frame") == "checkpoint":
            seq += 1
            out.append(json.dumps({"_sync": {"op": "checkpoint", "seq": seq, "state": {"at": str(seq)}, "count": count}}))
        else:
            name = case["tables"][item["s"]]["name"]
            count[name] = count.get(name, 0) + 1
            out.append(record_line(case, item))
    if case["framed"] and not case.get("cut"):
        out.append(json.dumps({"_sync": {"op": "end", "count": count}}))
    return "".join(l + "\n" for l in out)


def command_of(case, where):
    o, command = case["options"], ["sync-load", where, "-v", "--rejects", "rejects"]
    if not case["framed"]:
        command.append(case["tables"][0]["name"])
    for name in ("mode", "missing", "newer", "max_delete", "memory", "key"):
        if name in o:
            command.append("--%s=%s" % (name.replace("_", "-"), o[name]))
    command += ["--" + name.replace("_", "-") for name in ("evolve", "accept_part", "allow_empty", "plain") if o.get(name)]
    if "state" in o:
        command.append("--state=" + ("state.json" if o["state"] == "file" else where))
    return command


# ---- running it, and what came of it

def generation_of(case, target):
    """That the next run goes on from."""
    where = case["options"].get("state")
    if where == "target":
        return target.generation()
    if not os.path.exists("state.json"):
        return "0"
    with open("state.json") as f:
        return json.load(f)["jobs"]["default"]["generation"]


def plain(record):
    """A record as it came, without the reason for which it was set aside."""
    record = dict(record)
    sync = {k: v for k, v in record.pop("_sync", {}).items() if k not in ("error", "stream", "op")}
    return exact_json.dumps({"_sync": sync, **dict(sorted(record.items()))})


def rejects():
    if not os.path.exists("rejects"):
        return []
    with open("rejects", encoding="utf-8") as f:
        got = [exact_json.loads(l) for l in f]
    return sorted((plain(r), r["_sync"]["error"]["code"]) for r in got if r["_sync"].get("op") not in ("begin", "end"))


def wanted_rejects(case, model):
    return sorted((plain(exact_json.loads(record_line(case, item))), code) for item, code in model.aside)


def run(case, target, where):
    for name in ("rejects",):
        if os.path.exists(name):
            os.unlink(name)
    text = lines_of(case, generation_of(case, target) if "state" in case["options"] else "0")
    got = subprocess.run(command_of(case, where), input=text, text=True, capture_output=True, timeout=120)
    said = re.search(r"(\d+) inserted, (\d+) updated, (\d+) unchanged, (\d+) deleted, (\d+) set aside", got.stderr)
    return got, said and [int(n) for n in said.groups()]


def by_value(v):
    if isinstance(v, float):
        return Fraction(repr(v)) if math.isfinite(v) else v
    return Fraction(v) if isinstance(v, int) else v


def normal(t, rows):
    names = [c["name"] for c in t["columns"] if not c.get("generated")]
    extra = sorted({n for r in rows for n in r} - {c["name"] for c in t["columns"]})
    return sorted(repr([(n, by_value(r.get(n))) for n in names + extra if n in names or r.get(n) is not None]) for r in rows)


def normal_documents(_, documents):
    return sorted(repr(sorted((n, repr(value_of(v))) for n, v in d.items())) for d in documents)


def same_code(want, got, target):
    if want == got:
        return True
    if (want, got) == ("bad-record", "no-key"):    # a record without members has no key either
        return True
    return target == "postgresql" and want in ("server", "constraint", "lossy", "missing-row") and got not in ("no-key", "unknown-field", "duplicate-name")


def key_text(case, item, key):
    return json.dumps([item["s"], {k: key.get(k) for k in case["tables"][item["s"]]["key"]}])


def compare(case, model, target, got, said):
    problems = []
    if got.returncode != model.status:
        problems.append("exit %d, not %d: %s" % (got.returncode, model.status, got.stderr.strip()[-300:]))
    same = normal_documents if target.name == "mongodb" else normal
    for t in case["tables"]:
        want, have = same(t, model.committed[t["name"]]), same(t, target.rows(t["name"]))
        if want != have:
            problems.append("rows of %s differ: got %s, not %s" % (t["name"], sorted(set(have) - set(want))[:3], sorted(set(want) - set(have))[:3]))
    if model.status == 3:
        return problems
    want, have = wanted_rejects(case, model), rejects()
    if [w for w, _ in want] != [h for h, _ in have]:
        problems.append("rejects differ: got %s, not %s" % ([h for h in have if h[0] not in [w[0] for w in want]][:3],
                                                            [w for w in want if w[0] not in [h[0] for h in have]][:3]))
    elif not all(same_code(w, h, target.name) for (_, w), (_, h) in zip(want, have)):
        problems.append("codes differ: %s" % [(w, h) for w, h in zip(want, have) if not same_code(w[1], h[1], target.name)][:3])
    counts = [model.counts[k] for k in ("inserted", "updated", "unchanged", "deleted")] + [len(model.aside)]
    if target.name == "mongodb" and target.reorders and said:
        counts, said = ([n[0], n[1] + n[2], *n[3:]] for n in (counts, said))
    if said != counts and counted(case, target):
        problems.append("counts: %s, not %s" % (said, counts))
    return problems


def counted(case, target):
    """Where operations on a key are folded, counts are of what became of each key."""
    if target.name == "sqlite":
        return True
    keys = [key_text(case, i, i["f"]) for i in case["items"] if "f" in i]
    return len(set(keys)) == len(keys) and not any("key" in i or i.get("op") == "truncate" for i in case["items"])


def problems_of(case, target):
    """Runs it twice."""
    for name in ("state.json", "rejects"):
        if os.path.exists(name):
            os.unlink(name)
    rows = case["rows"]
    where = target.setup(case, rows)
    case = copy.deepcopy(case)
    for turn in ("", "again: "):
        model = (Documents if target.name == "mongodb" else Model)(copy.deepcopy(case), rows).run()
        got, said = run(case, target, where)
        if case.get("feasible") and model.aside and not turn and target.name != "mongodb":     # values that go round in a circle
            return ["the model sets something aside"]
        problems = compare(case, model, target, got, said)
        if problems:
            return [turn + p for p in problems]
        if case.get("once_only"):
            break
        rows = model.committed
    return []


# ---- smaller

LONGEST_SHRINK, MOST_SHRUNK = 30, int(os.environ.get("LOAD_SHRINKS", 5))     # seconds; cases
shrinking_ends = 0


def without(case, what, keep):
    small = dict(case)
    if what == "items":
        small["items"] = keep
    else:
        small["rows"] = {**case["rows"], what: keep}
    return small


def kind_of(problems):
    return sorted({re.sub(r"(exit \d+, not \d+|[a-z]+).*", r"\1", p.replace("again: ", "")) for p in problems})


def keys_are_said(case):
    """A document store's collections don't say their keys themselves."""
    said = {i["s"] for i in case["items"] if i.get("frame") == "schema"}
    return "key" in case["options"] or len(said) == len(case["tables"])


def fails(case, target, kind):
    if time.monotonic() > shrinking_ends:
        return False
    if not case["framed"] and not case["items"]:
        return False
    if target.name == "mongodb" and not keys_are_said(case):
        return False
    try:
        got = problems_of(case, target)
    except Exception:
        return False
    return bool(set(kind_of(got)) & set(kind))


def shrink_list(case, what, target, kind):
    """Drops halves, quarters, … single ones, while it still fails."""
    items = case["items"] if what == "items" else case["rows"][what]
    size = max(1, len(items) // 2)
    while True:
        at = 0
        while at < len(items):
            keep = items[:at] + items[at + size:]
            if fails(without(case, what, keep), target, kind):
                items = keep
            else:
                at += size
        if size == 1:
            return without(case, what, items)
        size //= 2


def shrink(case, target, problems):
    global shrinking_ends
    shrinking_ends = time.monotonic() + LONGEST_SHRINK
    kind = kind_of(problems)
    for _ in range(2):
        case = shrink_list(case, "items", target, kind)
        for t in case["tables"]:
            case = shrink_list(case, t["name"], target, kind)
    for name in list(case["options"]):
        small = {**case, "options": {k: v for k, v in case["options"].items() if k != name}}
        if fails(small, target, kind):
            case = small
    for i, item in enumerate(case["items"]):
        for n in list(item.get("f", {})):
            items = copy.deepcopy(case["items"])
            del items[i]["f"][n]
            if fails({**case, "items": items}, target, kind):
                case = {**case, "items": items}
    return case


def show(case, target, problems):
    print("# seed %s of %s: %s" % (case["seed"], target.name, "; ".join(problems)))
    for sql in target.tables(case, case["rows"]):
        print("#   " + sql)
    print("#   " + " ".join(command_of(case, "TARGET")))
    for line in lines_of(case, "0").splitlines():
        print("#   " + line)
    with open("case-%s.json" % case["seed"], "w") as f:
        f.write(exact_json.dumps(case))


def main(target, first, count=None):
    target = TARGETS[target]()
    if count is None:
        with open(first) as f:
            cases = [exact_json.loads(f.read())]
    else:
        cases = (Maker(random.Random(seed), target.name).case(seed) for seed in range(int(first), int(first) + int(count)))
        if target.name == "mongodb":
            cases = (for_documents(case) for case in cases)
    bad = 0
    for case in cases:
        problems = problems_of(case, target)
        if problems:
            bad += 1
            if bad > MOST_SHRUNK:
                print("# seed %s of %s: %s" % (case["seed"], target.name, "; ".join(problems)))
                continue
            case = shrink(case, target, problems)
            show(case, target, problems_of(case, target))
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
