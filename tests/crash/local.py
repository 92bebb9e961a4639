"""local: pipelines over files and SQLite."""
import hashlib, os, shutil, subprocess

from data import edited, file_digest, make_sqlite, merged_digest, rows, table_digest, write
from rounds import Pipeline

N = 12000


def write_versions():
    """A base, two versions of it, and files of an earlier merge that are to be replaced."""
    base = rows(N)
    write('base.ndjson', base)
    write('ours.ndjson', edited(base, 1))
    write('theirs.ndjson', edited(base, 2))
    write('open.ndjson', '')
    write('to-ours.ndjson', '')


PIPELINES = [
    Pipeline('file to file, replaced',
             lambda: write('in.ndjson', rows(N)),
             'sync-extract in.ndjson | sync-load out.ndjson', lambda: file_digest('out.ndjson')),
    Pipeline('file to compressed CSV',
             lambda: write('in.ndjson', rows(N)),
             'sync-extract in.ndjson | sync-load out.csv.gz --fields id,home,price,score,note',
             lambda: hashlib.sha256(subprocess.run(['gzip', '-dc', 'out.csv.gz'], capture_output=True, check=True).stdout).hexdigest()),
    Pipeline('file appended to file by state',
             lambda: write('in.ndjson', rows(N)),
             'sync-extract in.ndjson --state s.json | sync-load out.ndjson --mode append --state s.json',
             lambda: file_digest('out.ndjson'),
             steps=[lambda: open('in.ndjson', 'a').write(rows(500, N))]),
    Pipeline('folder appended to by state',
             lambda: write('in.ndjson', rows(N)),
             'sync-extract in.ndjson --state s.json | sync-load out/ --split-by home --mode append --state s.json',
             lambda: [(f, file_digest('out/' + f)) for f in sorted(os.listdir('out'))],
             steps=[lambda: open('in.ndjson', 'a').write(rows(500, N))]),
    Pipeline('file upserted by a change stream',
             lambda: (write('old.ndjson', rows(N)), write('out.ndjson', rows(N)),
                      write('new.ndjson', rows(N // 2) + rows(N // 2, N // 2 + 100).replace('"price":', '"cost":'))),
             'sync-diff --key id old.ndjson new.ndjson | sync-load out.ndjson --mode upsert',
             lambda: file_digest('out.ndjson')),
    Pipeline('CSV upserted by state',
             lambda: write('in.ndjson', rows(N)),
             'sync-extract in.ndjson --state s.json | sync-load out.csv --mode upsert --key id --fields id,home,price,score,note --state s.json',
             lambda: file_digest('out.csv'),
             steps=[lambda: open('in.ndjson', 'a').write(rows(400, N - 200).replace('"home":"team', '"home":"TEAM'))]),
    Pipeline('file to SQLite by state',
             lambda: write('in.ndjson', rows(N)),
             'sync-extract in.ndjson --state out.db | sync-load out.db games --key id --state out.db',
             lambda: table_digest('out.db'),
             steps=[lambda: open('in.ndjson', 'a').write(rows(500, N))]),
    Pipeline('file appended to SQLite by state',
             lambda: write('in.ndjson', rows(N)),
             'sync-extract in.ndjson --state out.db | sync-load out.db games --mode append --state out.db',
             lambda: table_digest('out.db'),
             steps=[lambda: open('in.ndjson', 'a').write(rows(500, N))]),
    Pipeline('file through stages to SQLite',
             lambda: write('in.ndjson', rows(N)),
             "sync-extract in.ndjson | sync-validate --schema schema.json | sync-transform -e 'rename: {home: host}' | "
             'sync-load out.db games --key id --mode replace',
             lambda: table_digest('out.db')),
    Pipeline('SQLite to file',
             lambda: make_sqlite('in.db', N),
             'sync-extract in.db games | sync-load out.ndjson', lambda: file_digest('out.ndjson')),
    Pipeline('SQLite to SQLite, mirrored',
             lambda: (make_sqlite('in.db', N), make_sqlite('out.db', N + 50)),
             'sync-extract in.db games | sync-load out.db --mode mirror', lambda: table_digest('out.db')),
    Pipeline('three versions merged, to file', write_versions,
             'sync-merge -k id -b base.ndjson --memory 1M --conflicts open.ndjson --changes ours=to-ours.ndjson '
             'ours.ndjson theirs.ndjson | sync-load out.ndjson --accept-part',
             lambda: [merged_digest(f) for f in ('out.ndjson', 'open.ndjson', 'to-ours.ndjson')]),
    Pipeline('difference of two files, loaded',
             lambda: (write_versions(), shutil.copy('ours.ndjson', 'out.ndjson')),
             'sync-diff -k id --memory 1M ours.ndjson theirs.ndjson | '
             'sync-load out.ndjson --mode upsert --max-delete 100% --accept-part',
             lambda: file_digest('out.ndjson')),
]
