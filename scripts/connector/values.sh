# values: full load and full read, every kind of value, and once more.
framed full "$odd" <values | put
ok $? 'a stream is loaded'
holds values 'every value comes back as it was'
head -n 1 got | jq -e '._sync.op == "begin" and ._sync.format == 1 and ._sync.scope == "full" and (._sync.source | type) == "array"' >/dev/null
ok $? 'what is read begins with a begin frame, of scope full'
tail -n 1 got | jq -e '._sync.op == "end" and ._sync.status == null' >/dev/null
ok $? 'and ends with an end frame'
jq -es '[.[] | select(._sync.op? == "schema")] | length > 0 and all(.[]; ._sync.key == ["id"] or ._sync.key == null)' got >/dev/null
ok $? 'a schema frame says the key, if there is one'
sync-load - <got >plain 2>err
ok $? 'its order and its counts are right'
! grep -q '"_sync":{"op":"\(begin\|schema\|end\)' plain && [ "$(wc -l <plain)" = "$(wc -l <values)" ]
ok $? 'and it is as many records as were loaded'
grep -q '"__sync":' got
ok $? 'a field called _sync travels with one more underscore'
if [ -n "$text" ] || ! loads '.values | index("decimal")'; then skip 'decimal is not claimed'; else
	grep -q 1234567890123456789012345678.901234 got
	ok $? 'numbers keep their digits'
fi
again=''
! mode upsert || ! loads '.options | index("mode")' || again='--mode upsert'
! loads '.options | index("stats")' || again="$again --stats stats"
# shellcheck disable=SC2086
framed full "$odd" <values | put $again
ok $? 'it is loaded again'
holds values 'and nothing is doubled'
if ! mode upsert || ! loads '.options | index("stats")'; then skip 'upsert with --stats is not claimed'; else
	jq -e --argjson n "$(wc -l <values)" '.inserted == 0 and .updated == 0 and .unchanged == $n and .deleted == 0' stats >why
	ok $? 'a rerun writes nothing and says so'
fi
empty
framed full "$odd" </dev/null | put
ok $? 'an empty source is loaded'
get >got
ok $? 'an empty one is read'
! grep -vq '^{"_sync":{"op":"' got && tail -n 1 got | jq -e '._sync.op == "end"' >/dev/null
ok $? 'as a stream without records'
