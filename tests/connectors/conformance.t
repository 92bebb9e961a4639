#!/bin/sh
# conformance.t: files and SQLite keep the contract, by scripts/check-connector.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/check.sh"
gone="rm -f $T/c.* $T/.c.*"	# what stands beside them while they are written, too
check sqlite "$T/c.db" --stream t --fresh "$gone"
check ndjson "$T/c.ndjson" --fresh "$gone"
check csv "$T/c.csv" --text --fresh "$gone"
check json "$T/c.json" --fresh "$gone" --without append --without position --only values --only changes --only replace
check zstd "$T/c.ndjson.zst" --fresh "$gone" --without append --without position --only values --only replace --only broken
finish
