# state: checkpoints and what is resumed from them, with the state in a file and at the target.
# the file says no types
states() { sync-extract in.ndjson --stream t --key id --state "$1" 2>err.extract | sed "2s/\"schema\":{}/\"schema\":$schema/"; }
job() { states "$2" | put --mode "$1" --state "$2"; } # MODE WHERE
# the records of many, up to the Nth
upto() { head -n "$1" many >in.ndjson; cp in.ndjson sofar; }
check_state() { # MODE WHERE
	empty
	upto 20
	job "$1" "$2"
	ok $? "$1, the state $3: the first run"
	holds sofar 'all is there'
	upto 30
	job "$1" "$2"
	ok $? 'the next brings what came since'
	holds sofar 'each record once'
	job "$1" "$2"
	ok $? 'a run for nothing'
	holds sofar 'changes nothing'
	# a stream that is cut behind a checkpoint
	upto 40
	states "$2" >stream
	{ sed '$d' stream; sed -n '41,45p' many; } | put --mode "$1" --state "$2"
	fails 3 'a stream that is cut behind a checkpoint'
	get | sync-load - 2>err >got
	[ "$(wc -l <got)" -ge 30 ]
	ok $? 'loses nothing'
	upto 60
	job "$1" "$2"
	ok $? 'the next run goes on'
	holds sofar 'and each record is there once'
	# two runs that start from one state
	upto 70
	states "$2" >stream
	job "$1" "$2"
	ok $? 'one of two runs'
	put --mode "$1" --state "$2" <stream
	fails 75 'the other finds that the state has moved'
	holds sofar 'and changes nothing'
	put --mode "$1" <stream
	fails 2 'a stream that starts at a state wants --state'
	framed full <sofar | put --mode "$1" --state "$2"
	fails 2 'and one that starts at none wants none'
}
if ! loads '.options | index("state")'; then skip '--state is not claimed'; else
	for m in upsert append; do
		mode $m || { skip "mode $m is not claimed"; continue; }
		rm -f state.json
		check_state $m state.json 'in a file'
		case $(jq -r .state load.json) in
		transaction | after) check_state $m "$uri#check-$m" 'at the target' ;;
		*) skip 'a state at the target is not claimed' ;;
		esac
	done
fi
