#!/bin/sh
# number.t: numbers by their digits, against Python's decimal and float.
. "${0%/*}/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
for seed in 1 2 3; do
	ok "numbers agree with decimal, seed $seed" python3 "$ROOT/tests/cli/number_model.py" "$BUILD/tests/drive_number" $seed 20000
done
finish
