# examples.sh: runs what a man page shows. Source it after lib.sh.
#
#   examples PAGE    every "$ command" in the literal displays of its EXAMPLES, in $T; what stands behind it up to the next
#                    command must be its output
examples() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$ROOT/man/$1" |
		awk '/^\.Bd/ { on = 1; next } /^\.Ed/ { on = 0; print "%%END"; next } on { gsub(/\\&/, ""); gsub(/\\-/, "-"); gsub(/\\e/, "\\"); print }' >examples.txt
	awk '/^%%END/ { on = 0; next } /^\$ / { on = 1; n++; print substr($0, 3) > ("example." n ".sh"); printf "" > ("example." n ".want"); next } on && NF { print > ("example." n ".want") }' examples.txt
	example=1
	while [ -e "example.$example.sh" ]; do
		# what a page shows of a file that isn't there yet is that file
		file=$(sed -n '1s/^cat \([^ ]*\)$/\1/p' "example.$example.sh")
		[ -z "$file" ] || [ -e "$file" ] || cp "example.$example.want" "$file"
		sh "example.$example.sh" >"example.$example.got" 2>&1
		is "$(cat "example.$example.got")" "$(cat "example.$example.want")" "$1: $(head -n 1 "example.$example.sh")"
		example=$((example + 1))
	done
	[ "$example" -gt 1 ] || fail "$1 has examples"
}
