# mirror: deletes what the source doesn't have, behind its guards.
if ! mode mirror; then skip 'mode mirror is not claimed'; else
	framed full <many | put --mode mirror
	ok $? 'loaded'
	head -n 700 many >most
	head -n 300 many >few
	framed part <most | put --mode mirror
	fails 3 'a part deletes nothing'
	holds many 'all is there'
	framed full </dev/null | put --mode mirror
	fails 3 'nor does an empty source'
	framed full <most | sed '$d' | put --mode mirror
	fails 3 'nor does a stream without its end'
	framed full <few | put --mode mirror
	fails 3 'nor one that would delete more than half'
	framed full <most | put --mode mirror --max-delete 10
	fails 3 'or more than --max-delete'
	holds many 'all is there still'
	{ cat most; echo '{"s":"no key"}'; } | framed full | put --mode mirror --rejects rejects
	[ $? = 1 ]
	ok $? 'one with a record set aside'
	holds many 'deletes nothing'
	framed full <most | put --mode mirror
	ok $? 'a full one'
	holds most 'deletes what it did not bring'
	framed full <few | put --mode mirror --max-delete 100%
	ok $? 'more of it with --max-delete'
	holds few 'that much'
	tail -n 100 few | framed keys | put --mode mirror --max-delete 100%
	ok $? 'a stream of keys'
	tail -n 100 few >left
	holds left 'deletes the others and writes nothing'
	framed full </dev/null | put --mode mirror --allow-empty
	ok $? 'an empty one with --allow-empty'
	: >none
	holds none 'deletes all'
fi
