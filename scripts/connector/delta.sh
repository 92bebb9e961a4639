# delta: what came since the last run, no row skipped and none twice; shards and --jobs; scopes.
pull() { # OPTIONS: a run into an append target, where every row that comes is seen
	# shellcheck disable=SC2086
	sync-extract "$uri" $stream $extract "$@" --state pull.json 2>err.extract | sync-load pulled.ndjson --mode append --state pull.json 2>err
}
# until WANT have come: a delta may stay behind the present
pull_until() { # WHAT OPTIONS
	what=$1
	shift
	for try in 1 2 3 4 5 6 7 8 9 10; do
		pull "$@" || break
		[ "$(wc -l <pulled.ndjson)" -lt "$(wc -l <wanted)" ] || [ "$try" = 1 ] || break
		[ "$(wc -l <pulled.ndjson)" = "$(wc -l <wanted)" ] || sleep 0.3
	done
	cat err.extract >>err
	same wanted pulled.ndjson
	ok $? "$what"
}
check_delta() {
	empty
	rm -f pull.json pulled.ndjson
	head -n 400 many >wanted
	framed full <wanted | put
	pull_until "${*:-by position}: the first run reads all" "$@"
	if mode append; then add=append; else add=upsert; fi
	sed -n 401,600p many | framed part | put --mode $add
	sed -n 401,600p many >>wanted
	pull_until 'the next reads what is new' "$@"
	pull "$@"
	pull_until 'nothing is read twice' "$@"
	sed -n 601,700p many | framed part | put --mode $add
	sed -n 601,700p many >>wanted
	# shellcheck disable=SC2086
	sync-extract "$uri" $stream $extract "$@" --state pull.json 2>err.extract | head -n 50 | sync-load pulled.ndjson --mode append --state pull.json 2>err
	ok $(($? != 3)) 'a run that is cut fails'
	pull_until 'and the next one makes it good' "$@"
	if mode upsert && reads '.delta | index("position") | not'; then
		sed -n '1,9s/"v":/"v":900/p' many >changed
		framed part <changed | put --mode upsert
		cat changed >>wanted
		pull_until 'rows that changed come again' "$@"
	fi
}
if reads '.delta == []'; then
	skip 'no delta is claimed'
	if ! reads '.options | index("state")'; then
		sync-extract "$uri" --state pull.json >got 2>err
		fails 2 '--state is refused'
	fi
elif [ -n "$delta" ]; then
	# shellcheck disable=SC2086
	check_delta $delta
else
	! reads '.delta | index("position")' || check_delta
	trust=--trust-cursor
	reads '.options | index("trust-cursor")' || trust=''
	# shellcheck disable=SC2086
	! reads '.delta | index("cursor")' || check_delta --cursor=v $trust
	! reads '.delta | index("xmin")' || check_delta --cursor=xmin
fi
empty
framed full <many | put
if ! reads .shard; then skip 'shards are not claimed'; else
	for i in 1 2 3; do get --shard $i/3 >"part.$i" || echo "shard $i" >why; done
	head -n 1 part.1 | jq -e '._sync.scope == "part"' >/dev/null
	ok $? 'a shard says that it is a part'
	same many part.1 part.2 part.3
	ok $? 'all shards are the whole, and none overlap'
fi
if ! reads .jobs; then skip '--jobs is not claimed'; else
	get --jobs 3 >got && same many got
	ok $? 'several jobs read the same'
fi
if ! reads '.scopes | index("keys")'; then skip 'streams of keys are not claimed'; else
	get --keys >got
	head -n 1 got | jq -e '._sync.scope == "keys"' >/dev/null
	ok $? 'a stream of keys says so'
	jq -c '{id}' many >keys
	same keys got
	ok $? 'and is every key and nothing else'
fi
if reads .follow; then skip 'what follows is not tried here'; else
	sync-extract "$uri" --follow >got 2>err
	fails 2 '--follow is refused'
fi
