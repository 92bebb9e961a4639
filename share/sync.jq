# sync.jq: Syncline streams in jq. rec(f) applies f to records and passes frames as they are:
#
#   sync-extract games.csv | jq -c -L /usr/local/share/sync 'include "sync"; rec(.home |= ascii_upcase)' | sync-load out.ndjson
#
# f must give one record for one record; where it drops or adds some, the next tool wants --uncounted.
def is_frame: (._sync.op? // "") as $op | any("begin", "schema", "checkpoint", "end"; . == $op);
def rec(f): if is_frame then . else f end;
