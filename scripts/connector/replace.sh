# replace: the whole, or nothing of it.
# shellcheck disable=SC2086  # none, or two words
if ! mode replace; then skip 'mode replace is not claimed'; else
	given='--mode replace'
	loads '.options | index("mode")' || given=''
	framed full <many | put $given
	ok $? 'loaded'
	head -n 100 many >few
	framed part <few | put $given
	fails 3 'a part does not replace the whole'
	framed full </dev/null | put $given
	fails 3 'nor does an empty source'
	framed full <few | sed '$d' | put $given
	fails 3 'nor does a stream without its end'
	holds many 'what was there still is'
	framed full <few | put $given
	ok $? 'a full one does'
	holds few 'and nothing else is there'
	if ! loads '.options | index("accept-part")'; then skip '--accept-part is not claimed'; else
		framed part <many | put $given --accept-part
		ok $? 'a part does with --accept-part'
		holds many 'as the whole'
	fi
fi
