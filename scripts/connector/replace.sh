# replace: the whole, or nothing of it.
if ! mode replace; then skip 'mode replace is not claimed'; else
	framed full <many | put --mode replace
	ok $? 'loaded'
	head -n 100 many >few
	framed part <few | put --mode replace
	fails 3 'a part does not replace the whole'
	framed full </dev/null | put --mode replace
	fails 3 'nor does an empty source'
	framed full <few | sed '$d' | put --mode replace
	fails 3 'nor does a stream without its end'
	holds many 'what was there still is'
	framed full <few | put --mode replace
	ok $? 'a full one does'
	holds few 'and nothing else is there'
	framed part <many | put --mode replace --accept-part
	ok $? 'a part does with --accept-part'
	holds many 'as the whole'
fi
