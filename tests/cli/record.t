#!/bin/sh
# record.t: random edits of records, against a model.
. "${0%/*}/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
for seed in 1 2 3 4 5; do
	ok "edits agree with the model, seed $seed" python3 "$ROOT/tests/cli/record_model.py" "$BUILD/tests/drive_record" $seed 2000
done
finish
