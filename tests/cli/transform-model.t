#!/bin/sh
# transform-model.t: random steps over random records, against a model; schemas and changes, against what rows say.
. "${0%/*}/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
for seed in 1 2 3; do
	ok "rows agree with the model, seed $seed" python3 "$ROOT/tests/cli/transform_model.py" $seed 3000
	ok "mapped records obey the mapped schema, seed $seed" python3 "$ROOT/tests/cli/transform_laws.py" schemas $seed 3000
	ok "mapped updates say what mapped rows say, seed $seed" python3 "$ROOT/tests/cli/transform_laws.py" updates $seed 1500
done
finish
