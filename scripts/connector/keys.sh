# keys: records are found again by keys of every kind that is claimed.
if ! mode upsert; then skip 'mode upsert is not claimed'; else
	plain_load=$load plain_extract=$extract
	for kind in integer text uuid time number composite; do
		case $kind in text | uuid | time) claim=string ;; *) claim=$kind ;; esac
		loads ".keys | index(\"$claim\")" || { skip "keys of kind $claim are not claimed"; continue; }
		[ $kind != composite ] || [ -z "$composite" ] || load=$composite extract=$composite
		key=$(cases key $kind) key_schema=$(cases schema-key $kind)
		empty
		cases keys $kind >keys
		framed part "$key_schema" "$key" <keys | put --mode upsert
		ok $? "$kind: loaded"
		holds keys "$kind: keys come back as they were"
		sed 's/"s":"[^"]*"/"s":"again"/' keys >again
		framed part "$key_schema" "$key" <again | put --mode upsert
		ok $? "$kind: loaded again"
		holds again "$kind: each row is found by its key"
		if ! loads '.operations | index("delete")'; then skip 'delete is not claimed'; continue; fi
		sed 's/^{/{"_sync":{"op":"delete","stream":"t"},/; s/,"s":"again"//' again | tail -n 2 | framed part "$key_schema" "$key" |
			put --mode upsert --max-delete 2
		ok $? "$kind: deleted"
		head -n -2 again >left
		holds left "$kind: just those"
	done
	load=$plain_load extract=$plain_extract
fi
