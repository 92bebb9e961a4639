#!/bin/sh
# promises.t: what the README says of all tools: digits stay, a broken pipe is noticed, output is checked to the last byte.
. "${0%/*}/lib.sh"
record='{"a":1.10,"b":12345678901234567890123456789}'
echo "$record" >in.ndjson
echo '{"a":1.10}' >other.ndjson
echo '{}' >any.json
run sync-extract --plain in.ndjson
out_is "$record" 'sync-extract keeps digits'
run sync-validate --plain --schema any.json in.ndjson
out_is "$record" 'sync-validate keeps digits'
run sync-transform --plain -e 'set: {c: 1}' -e 'drop: [c]' in.ndjson
out_is "$record" 'sync-transform keeps digits'
run sync-merge --plain --key a --prefer ours in.ndjson other.ndjson
out_is "$record" 'sync-merge keeps digits'
run sync-diff --plain --key a --stream s other.ndjson in.ndjson
out_has '"b":12345678901234567890123456789' 'sync-diff keeps digits'
run sh -c 'sync-extract in.ndjson | sync-load out.ndjson'
is "$(cat out.ndjson)" "$record" 'sync-load keeps digits'
run sh -c 'sync-extract in.ndjson | sync-load d.db t --key a && sync-extract --plain d.db t'
out_has '12345678901234567890123456789' 'SQLite keeps digits'

i=0
while [ "$i" -lt 30000 ]; do
	echo "{\"id\":$i,\"text\":\"some text that makes the line a little longer than it would be\"}"
	i=$((i + 1))
done >big.ndjson
run sh -c 'sync-extract big.ndjson | head -c 1000000 | sync-load cut.db t --key id'
status_is 3 'a cut stream fails at its end, under plain sh'
is "$(sqlite3 cut.db "select count(*) from sqlite_master where name = 't'")" 0 'and nothing is committed'
run sh -c 'sync-extract big.ndjson --state s.json | head -c 1000000 | sync-load cut.db t --key id --state s.json'
status_is 3 'also with a state'
run sh -c 'sync-extract big.ndjson --state s.json | sync-load cut.db t --key id --state s.json'
is "$status $(sqlite3 cut.db 'select count(*) from t')" '0 30000' 'and the next run has it all'
run sh -c 'sync-extract big.ndjson | false | sync-load gone.db t --key id'
status_is 3 'a stage that is gone before it has written anything'

for tool in 'sync-extract in.ndjson' 'sync-validate --schema any.json in.ndjson' 'sync-transform -e "drop: [x]" in.ndjson' \
	'sync-merge --key a --prefer ours in.ndjson other.ndjson' 'sync-diff --key a --stream s other.ndjson in.ndjson' \
	'sync-load --plain - <in.ndjson'; do
	run sh -c "$tool >/dev/full"
	status_is 3 "${tool%% *} notices a full disk"
	run sh -c "$tool >&-"
	status_is 3 "${tool%% *} notices a closed standard output"
	run sh -c "${tool%% *} --help >/dev/full"
	status_is 3 "${tool%% *} notices it for --help too"
done
for tool in sync-extract sync-validate sync-transform sync-merge sync-load sync-diff; do
	run "$tool" --nosuch
	status_is 2 "$tool refuses what it doesn't know"
	err_has "^$tool: error: unknown option '--nosuch'" 'and says so'
	run "$tool" --version
	out_has "^$tool \(Syncline\) [0-9]" 'its version'
	run sh -c "$tool --help | wc -l"
	ok 'its help fits a screen' test "$(cat out)" -le 50
done
finish
