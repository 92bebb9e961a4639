# check.sh: scripts/check-connector as part of a test that sources cli/lib.sh.
#
#   check NAME ARGUMENT…    each of its checks is one of the test's
check() {
	name=$1
	shift
	"$ROOT/scripts/check-connector" "$@" >"$T/tap" 2>"$T/tap.err"
	why=''
	while IFS= read -r line; do
		case $line in
		'#'*) why="$why${line#\#}
" ; continue ;;
		esac
		[ -z "$what" ] || fail "$name - $what" "$why"
		what='' why=''
		case $line in
		'ok '*' # SKIP '*) skip 1 "$name: ${line#*# SKIP }" ;;
		'ok '*) pass "$name - ${line#* - }" ;;
		'not ok '*) what=${line#* - } ;;
		esac
	done <"$T/tap"
	case $(tail -n 1 "$T/tap") in 1..*) ;; *) fail "$name: the checks ran to their end" "$(cat "$T/tap.err")" ;; esac
}
what=''
