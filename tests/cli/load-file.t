#!/bin/sh
# load-file.t: files as targets of sync-load. What stands in them is read by Python, jq, gzip and zstd.
. "${0%/*}/lib.sh"

rows() { jq -c . "$@"; }
load() { run sync-load --plain "$@"; }
# what a folder holds, hidden files too
names() { ls -A "$1" | LC_ALL=C sort | tr '\n' ' '; }

# ---- a file for each value: names are safe, and two values never share one
long=$(printf '%0200d' 0)
cat >split.ndjson <<END
{"t":"a"}
{"t":""}
{"t":"."}
{"t":".."}
{"t":"a/b"}
{"t":"/"}
{"t":"a."}
{"t":"a "}
{"t":"-x"}
{"t":"%"}
{"t":"%25"}
{"t":"a\u0000b","n":1}
{"t":"x"}
{"t":"a\u0000b","n":2}
{"t":"a\nb"}
{"t":"é"}
{"t":"${long}a"}
{"t":"${long}b"}
{"t":"${long}a%"}
{"t":7}
{"t":null}
{"t":{"x":1}}
{"t":"A"}
{"t":"con:*?\"<>|\\\\"}
END
load names --split-by t <split.ndjson
status_is 0 'a file for each value'
cat >names.py <<'END'
import json, os, sys
rows = [json.loads(l) for l in open('split.ndjson')]
found = []
for name in os.listdir('names'):
    assert len(name.encode()) < 200 and not name.startswith(('.', '-')), name
    assert not any(c in name for c in '/\\:*?"<>|\0\n'), name
    stem, end = os.path.splitext(name)
    assert end == '.ndjson' and not stem.endswith(('.', ' ')), name
    these = [json.loads(l) for l in open(os.path.join('names', name))]
    assert len({json.dumps(r['t']) for r in these}) == 1, name
    found += these
key = lambda r: json.dumps(r)
assert sorted(found, key=key) == sorted(rows, key=key), found
END
ok 'has every record, each value in its own' python3 names.py
ok 'plain names stay plain' test -e names/a.ndjson -a -e names/é.ndjson -a -e names/7.ndjson -a -e names/null.ndjson
python3 - >wide.ndjson <<'END'
print('{"t":"%s"}' % ('?' * 100000))
print('{"t":"%s"}' % ('é' * 150))
print('{"t":"é%s"}' % ('é' * 150))
END
load wide --split-by t <wide.ndjson
status_is 0 'values that are too long for a name'
is "$(ls wide | wc -l) $(cat wide/* | wc -l)" '3 3' 'have names all the same'
ok 'of whole characters' python3 -c 'import os; [n.encode() for n in os.listdir("wide")]'
before=$(names wide)
load wide --split-by t <wide.ndjson
is "$(names wide)" "$before" 'and the same ones the next time'
load names --split-by nosuch <split.ndjson
status_is 3 'a record without the field'
err_has "no 'nosuch' to split by" 'is set aside or an error'
# two names of one file, as on a disk that doesn't tell A from a
mkdir one
echo '{"t":"old"}' >one/a.ndjson
ln -s a.ndjson one/b.ndjson
load one --split-by t <<'END'
{"t":"a"}
{"t":"b"}
END
status_is 3 'two names of one file'
err_has "'one/b.ndjson' is 'one/a.ndjson' by another name" 'are noticed'
is "$(cat one/a.ndjson)" '{"t":"old"}' 'and nothing is lost'
finish
