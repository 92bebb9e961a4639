# lib.sh: TAP for shell tests. A test sources it, makes its assertions and ends with `finish`.
#
#   run CMD…               runs it with $T as the folder; $status, $T/out and $T/err are what came of it
#   ok DESC CMD…           passes if CMD exits 0
#   is GOT WANT DESC       compares two strings
#   status_is N DESC       of the last run
#   out_is WANT DESC       standard output of the last run, whole; WANT without the last line feed
#   out_has / err_has RE DESC   grep -E in standard output or error of the last run
#   silent DESC            standard error of the last run is empty
#   skip N WHY             counts N skipped tests
#   until_true SECONDS CMD…   polls, without sleeping for luck
#   free_port       a port of 127.0.0.1; nothing answers there when it is looked at, and whoever comes second tries again
#
# $T is a fresh folder, removed at the end; $ROOT the checkout; the programs of $SYNC_TEST_PROFILE (release) are on PATH.
set -u
LC_ALL=C.UTF-8
export LC_ALL
unset SYNC_SCAN TZ
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
DATA=$ROOT/tests/data
BUILD=$ROOT/build/${SYNC_TEST_PROFILE:-release}
PATH=$BUILD/bin:$PATH
T=$(mktemp -d "${TMPDIR:-/tmp}/sync-test.XXXXXX") || exit 99
trap 'rm -rf "$T"' EXIT
trap 'exit 99' INT TERM HUP
export ROOT DATA BUILD PATH T
# sanitizers end a program with their own status, which no test expects
ASAN_OPTIONS=exitcode=99:detect_leaks=1
UBSAN_OPTIONS=exitcode=99:print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
cd "$T" || exit 99
tests=0
failed=0
status=0

pass() { tests=$((tests + 1)); printf 'ok %d - %s\n' "$tests" "$1"; }

fail() {
	tests=$((tests + 1))
	failed=$((failed + 1))
	printf 'not ok %d - %s\n' "$tests" "$1"
	shift
	for line; do printf '%s\n' "$line" | head -c 3000 | sed 's/^/# /'; done
}

run() {
	status=0
	"$@" >"$T/out" 2>"$T/err" || status=$?
}

ok() {
	desc=$1
	shift
	if "$@" >"$T/ok.log" 2>&1; then pass "$desc"; else fail "$desc" "exit $? of: $*" "$(cat "$T/ok.log")"; fi
}

is() {
	if [ "$1" = "$2" ]; then pass "$3"; else fail "$3" "got:  $1" "want: $2"; fi
}

status_is() {
	if [ "$status" = "$1" ]; then pass "$2"; else fail "$2" "exit status $status, not $1" "$(head -c 2000 "$T/err")"; fi
}

out_is() { is "$(cat "$T/out")" "$1" "$2"; }

out_has() {
	if grep -Eq -e "$1" "$T/out"; then pass "$2"; else fail "$2" "no /$1/ in standard output:" "$(head -c 2000 "$T/out")"; fi
}

err_has() {
	if grep -Eq -e "$1" "$T/err"; then pass "$2"; else fail "$2" "no /$1/ in standard error:" "$(head -c 2000 "$T/err")"; fi
}

silent() {
	if [ -s "$T/err" ]; then fail "$1" "on standard error:" "$(head -c 2000 "$T/err")"; else pass "$1"; fi
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

skip() {
	i=0
	while [ "$i" -lt "$1" ]; do
		tests=$((tests + 1))
		i=$((i + 1))
		printf 'ok %d # SKIP %s\n' "$tests" "$2"
	done
}

until_true() {
	limit=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$limit" ] || return 1
		sleep 0.02
	done
}

finish() {
	printf '1..%d\n' "$tests"
	[ "$failed" = 0 ]
	exit
}
