#!/bin/sh
# capabilities.t: what connectors say that they can do, and that what they don't say is refused.
. "${0%/*}/../cli/lib.sh"
mkdir bin
cap() { jq -r "$1" out; }
where() {
	case $1 in
	file) echo "$T/x.ndjson" ;;
	sqlite) echo "$T/x.db" ;;
	postgresql) echo 'postgresql:///x?host=/nowhere' ;;
	redis) echo 'redis:///0?host=/nowhere' ;;
	mongodb) echo 'mongodb://localhost:1/x' ;;
	esac
}
echo '{"id":1}' >x.ndjson
sqlite3 x.db 'create table t(id integer primary key)'
echo '{"_sync":{"op":"begin","format":1,"run":"r","source":["x"],"scope":"full"}}
{"_sync":{"op":"end","count":{}}}' >nothing
for program in "$BUILD"/libexec/sync/sync-*; do
	name=${program##*/} scheme=${program##*-} tool=${name%-*} role=${name#sync-}
	role=${role%-*}
	run "$program" --capabilities
	status_is 0 "$name says what it can do, without an endpoint"
	silent 'and nothing else'
	is "$(wc -l <out)" 1 'on one line'
	is "$(cap '[.capabilities, .connector, .role, (.options | index("capabilities") != null)] | join(" ")')" "1 $scheme $role true" 'of this connector'
	cp out said
	at=$(where "$scheme")
	run "$tool" --capabilities "$at"
	ok "$tool passes the question on" cmp out said
	run "$program" --help
	is "$([ "$(wc -l <out)" -le 40 ] || wc -l <out)" '' 'its help fits a screen'
	# every option that the tool knows is either said, or refused in words
	run "$tool" --completion bash
	sed -n "s/.*compgen -W '\(.*\)' -- .*/\1/p" out | tail -n 1 | tr ' ' '\n' | sed -n 's/^--//p' | sort >known
	jq -r '.options[]' said | sort >served
	for option in $(comm -23 known served); do
		case $option in help | version | completion) continue ;; esac
		run "$program" "--$option" "$at"
		[ "$status" = 2 ] || run "$program" "--$option=1" "$at"
		[ "$status" = 2 ] || run "$program" "--$option=1/2" "$at"
		status_is 2 "--$option isn't said, and refused"
		ok 'in words' grep -q -e "--$option" err
	done
	if [ "$role" = extract ]; then
		is "$(jq 'has("snapshot") and has("delta") and has("shard") and has("jobs") and has("follow") and (.scopes | index("full") != null)' said)" true 'it says how it reads'
		is "$(jq '(.options | index("state") != null) == (.delta != []) and (.options | index("follow") != null) == .follow and
			(.options | index("shard") != null) == .shard and (.options | index("keys") != null) == (.scopes | index("keys") != null)' said)" true 'options and abilities agree'
		continue
	fi
	for mode in upsert append replace mirror patch; do
		run sh -c "'$program' --mode $mode '$at' <nothing"
		if jq -e --arg m $mode '.modes | index($m)' said >/dev/null; then
			is "$(grep -c "has no --mode" err)" 0 "mode $mode is there"
		else
			status_is 2 "mode $mode isn't said, and refused"
			err_has "has no --mode $mode" 'by name'
		fi
	done
	is "$(jq '(.atomic - .modes) == [] and (.state | IN("transaction", "after", "file")) and (.operations | index("upsert") != null)' said)" true 'it says how it writes'
done
# what is promised of single ones
for scheme in postgresql redis mongodb; do
	[ -x "$BUILD/libexec/sync/sync-extract-$scheme" ] || { skip 1 "$scheme isn't built"; continue; }
	run sync-extract --follow "$(where $scheme)"
	status_is 2 "$scheme: --follow is refused"
	err_has "follow.*can't be followed" 'in clear words'
done
if [ -x "$BUILD/libexec/sync/sync-extract-redis" ]; then
	run sync-extract --capabilities 'redis:///0?host=/nowhere'
	is "$(cap '[.snapshot, .delta] | tostring')" '[false,[]]' 'Redis claims neither a snapshot nor a delta'
	run sh -c "sync-load --newer at 'redis:///0?host=/nowhere' <nothing"
	status_is 2 'its loader refuses what it would not do'
fi
printf '#!/bin/sh\necho "$*"\n' >bin/sync-load-strange
chmod +x bin/sync-load-strange
run env "PATH=$T/bin:$PATH" sync-load --capabilities strange://x
out_is '--capabilities strange://x' "a stranger's connector is asked in the same way"
run sync-extract --capabilities
status_is 2 'of which connector, the tool must know'
run sh -c "'$BUILD/libexec/sync/sync-extract-file' --capabilities >/dev/full"
status_is 3 'a full disk is noticed'
finish
