# changes: updates, deletes, new rows, their order, and records that can't be taken.
if ! mode upsert; then skip 'mode upsert is not claimed'; else
	framed full <many | put
	op() { loads ".operations | index(\"$1\")"; }
	cp many expected
	: >changes
	if op update; then
		echo '{"_sync":{"op":"update","stream":"t"},"id":1,"s":"changed"}' >>changes
		sed -i 's/"s":"row 1"/"s":"changed"/' expected
	else skip 'update is not claimed'; fi
	if op delete; then
		echo '{"_sync":{"op":"delete","stream":"t"},"id":2}
{"_sync":{"op":"delete","stream":"t"},"id":999999}' >>changes
		sed -i '/"id":2,/d' expected
	else skip 'delete is not claimed'; fi
	echo '{"_sync":{"op":"insert","stream":"t"},"id":1001,"v":1001,"s":"new","n":1}' >>changes
	echo '{"id":1001,"v":1001,"s":"new","n":1}' >>expected
	framed part <changes | put --mode upsert
	ok $? 'changes are applied'
	holds expected 'each by its key'
	framed part <changes | put --mode upsert
	ok $? 'and once more'
	holds expected 'without any change'
	if op update && op delete; then
		printf '%s\n' '{"_sync":{"op":"delete","stream":"t"},"id":3}' '{"id":3,"v":3,"s":"again"}' '{"_sync":{"op":"update"},"id":3,"s":"twice"}' \
			'{"id":4,"v":4,"s":"gone"}' '{"_sync":{"op":"delete","stream":"t"},"id":4}' | framed part | put --mode upsert
		ok $? 'several operations on one key'
		sed -i '/"id":4,/d; s/^{"id":3,.*/{"id":3,"v":3,"s":"twice"}/' expected
		holds expected 'are applied in their order'
		echo '{"_sync":{"op":"update","stream":"t"},"id":999999,"s":"x"}' | framed part | put --mode upsert --rejects missing
		[ $? = 1 ] && jq -e '._sync.error.code and ._sync.error.message' missing >why
		ok $? 'an update of a row that is not there is set aside'
	fi
	printf '%s\n' '{"s":"no key"}' '{"id":4000,"v":1,"s":"good"}' '{"id":null,"s":"null key"}' '{"id":4001,"v":1,"s":"good"}' >bad
	framed part <bad | put --mode upsert --rejects rejects
	[ $? = 1 ] && [ "$(wc -l <rejects)" = 2 ] && jq -e '._sync.error.code and ._sync.error.message' rejects >why
	ok $? 'a record without its key is set aside with the reason'
	sed -n '/"good"/p' bad >>expected
	holds expected 'and the others of its batch are loaded'
	framed part <bad | put --mode upsert
	fails 3 'without --rejects it ends the run'
	if op delete; then
		sed 's/^{"id":\([0-9]*\),.*/{"_sync":{"op":"delete","stream":"t"},"id":\1}/' many | framed part | put --mode upsert
		fails 3 'more deletes than --max-delete are refused'
		holds expected 'and none is done'
	fi
	if op truncate; then
		{ echo '{"_sync":{"op":"truncate","stream":"t"}}'; echo '{"id":1,"v":1,"s":"only"}'; } | framed part | put --mode upsert --max-delete 100%
		ok $? 'a truncate'
		echo '{"id":1,"v":1,"s":"only"}' >expected
		holds expected 'leaves what comes behind it'
	else skip 'truncate is not claimed'; fi
fi
