"""data: what the pipelines read, and digests of what they leave."""
import hashlib, random, re, sqlite3


def rows(n, start=0):
    """NDJSON lines of schedule records, some with nested values and large numbers."""
    out = []
    for i in range(start, start + n):
        out.append('{"id":%d,"home":"team %d","away":"team %d","kickoff":"2024-%02d-%02dT15:00:00Z",'
                   '"price":%d.%02d,"score":{"ft":[%d,%d]},"note":%s}\n' % (
                       i, i % 20, (i * 7 + 1) % 20, i % 12 + 1, i % 28 + 1, i % 90, i % 100, i % 5, i % 3,
                       'null' if i % 3 else '"%s"' % ('x' * (i % 200))))
    return ''.join(out)


def edited(text, way):
    """The same rows with some edited, some gone and, shuffled, in another order."""
    out = []
    for i, line in enumerate(text.splitlines(True)):
        if i % 97 != way:
            out.append(line.replace('"home":"team', '"home":"side', 1) if i % 31 == way else
                       line.replace('"away":"team', '"away":"side %d' % way, 1) if i % 41 == 0 else line)
    random.Random(way).shuffle(out)
    return ''.join(out)


def write(path, text):
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)


def make_sqlite(path, n):
    db = sqlite3.connect(path)
    db.execute('create table games (id integer primary key, home text not null, price real, note text)')
    db.executemany('insert into games values (?,?,?,?)',
                   ((i, 'team %d' % (i % 20), i / 4, None if i % 3 else 'x' * (i % 150)) for i in range(n)))
    db.commit()
    db.close()


def file_digest(path):
    with open(path, 'rb') as f:
        return hashlib.sha256(f.read()).hexdigest()


def merged_digest(path):
    """Digest without what names the run."""
    with open(path, encoding='utf-8') as f:
        return hashlib.sha256(re.sub('"run":"[^"]*"', '', f.read()).encode()).hexdigest()


def table_digest(path, table='games'):
    db = sqlite3.connect(path)
    if db.execute('pragma integrity_check').fetchone()[0] != 'ok':
        return 'damaged'
    h = hashlib.sha256()
    for row in db.execute('select * from "%s" order by id' % table):
        h.update(repr(row).encode())
    db.close()
    return h.hexdigest()
