#!/bin/sh
# roundtrip.t: what sync-diff says, sync-load does: afterwards there is no difference, by the tools and by a model.
. "${0%/*}/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
for kind in ndjson csv sqlite; do
	for seed in 1 2; do
		ok "$kind, seed $seed" python3 "$ROOT/tests/cli/roundtrip_model.py" $kind $seed 15
	done
done
finish
