#!/bin/sh
# shell.t: connectors in shell, by the contract of sync-connector.7: ten lines that read, and a pair that check-connector tries.
. "${0%/*}/../cli/lib.sh"
mkdir bin store
cat >bin/sync-extract-folder <<'END'
#!/bin/sh
# sync-extract-folder: each file of folder:///PATH is a record
dir=${1#folder://} n=0
[ -d "$dir" ] || { echo "sync-extract-folder: error: no folder '$dir'" >&2; exit 3; }
echo '{"_sync":{"op":"begin","format":1,"run":"1","source":["folder"],"scope":"full"}}'
echo '{"_sync":{"op":"schema","stream":"files","key":["name"],"schema":{}}}'
for f in "$dir"/*; do
	[ -e "$f" ] || continue
	jq -nc --arg n "$(basename "$f")" --rawfile t "$f" '{name: $n, text: $t}'; n=$((n + 1))
done
echo '{"_sync":{"op":"end","count":{"files":'$n'}}}'
END
chmod +x bin/*
PATH=$T/bin:$PATH
printf 'one\n' >store/a.txt
printf 'zwei "2"\n' >store/b.txt
run sync-extract "folder://$T/store"
status_is 0 'a connector on PATH is found by its scheme'
out_has '"name":"a.txt","text":"one' 'and runs'
run sh -c "sync-extract 'folder://$T/store' | sync-load files.db"
status_is 0 'its stream loads into SQLite'
is "$(sqlite3 files.db 'select count(*), max(name) from files')" '2|b.txt' 'with its key and name'
run sh -c "sync-extract 'folder://$T/nosuch' | sync-load files.db"
status_is 3 'a connector that fails fails the pipe'
run sync-extract nosuch://x
status_is 2 'a scheme without a connector'
err_has "no connector 'sync-extract-nosuch'" 'is named'
run sh -c "cd bin && PATH=.:/usr/bin:/bin $BUILD/bin/sync-extract folder://x"
status_is 2 'relative entries of PATH are ignored'
run sync-extract 'folder://me:secret@host/x'
status_is 2 'a password in an operand is refused'
is "$(grep -c secret err)" 0 'and not repeated'
for arg in 'folder://host/x?a=b&password=secret' 'folder://host/x?sslpassword=secret' 'folder://me:se/secret@host' \
		--state=folder://me:secret@host '--proxy=http://me:secret@host'; do
	run sync-extract folder://x "$arg"
	status_is 2 "${arg%secret*}… is refused"
	is "$(grep -c secret err)" 0 'and not repeated'
	run sync-load folder://x "$arg"
	status_is 2 'by sync-load too'
done
printf 'shelf folder://%s/store\n' "$T" >endpoints
run env SYNC_ENDPOINTS="$T/endpoints" sync-extract @shelf
status_is 2 'an endpoints file that others may read is refused'
chmod 600 endpoints
run env SYNC_ENDPOINTS="$T/endpoints" sync-extract @shelf
status_is 0 'a name from the endpoints file'
cat >bin/sync-extract-show <<'END'
#!/bin/sh
echo "$1 $SYNC_PASSWORD" >&2
exit 3
END
chmod +x bin/sync-extract-show
echo 'secret show://me:s%40:c@host:1/x?y=u:v@w' >>endpoints
run env SYNC_ENDPOINTS="$T/endpoints" sync-extract @secret
err_has '^show://me@host:1/x[?]y=u:v@w s%40:c$' 'a password of the endpoints file is in the environment, not among the arguments'
# ---- arguments
cat >bin/sync-extract-args <<'END'
#!/bin/sh
for a; do printf '[%s]' "$a"; done >&2
exit 3
END
cp bin/sync-extract-args bin/sync-load-args
chmod +x bin/*
run sync-extract --key a,b --stream=x --own=value 'args://h/p#games' teams -v
err_has '^\[--key\]\[a,b\]\[--stream=x\]\[--own=value\]\[-v\]\[args://h/p\]\[games\]\[teams\]$' 'options as they were given, the endpoint, the stream of its fragment, the others'
run sync-extract --plain -- 'args://h/p' -- '-x y'
err_has '^\[--plain\]\[--\]\[args://h/p\]\[--\]\[-x y\]$' 'and what stands behind --'
run sh -c ': | sync-load --mode mirror "args://h/p#a" --own=1'
err_has '^\[--mode\]\[mirror\]\[--own=1\]\[args://h/p\]\[a\]$' 'sync-load too'
run sync-extract --own value args://h/p
status_is 2 'an unknown option of another form'
run sync-extract --own=value store/a.txt
status_is 2 'a connector refuses options that it does not know'
run sync-extract --query 'SELECT 1' store/a.txt
status_is 2 'or does not serve'
for name in file sqlite; do
	printf '#!/bin/sh\necho own >&2; exit 3\n' >bin/sync-extract-$name
	chmod +x bin/sync-extract-$name
	run sync-extract --version
	run sync-extract files.db#files --plain
	status_is 0 "a program on PATH stands behind the tools' own: $name"
	rm bin/sync-extract-$name
done
for bad in 'args' 'args:/x' 'Args://x' '1args://x' 'args :// x'; do
	run sync-extract "$bad"
	status_is 3 "no address: $bad"
	err_has "cannot open '$bad'" 'but a file'
done
cat >bin/sync-extract-show <<'END'
#!/bin/sh
echo "$* $SYNC_PASSWORD $SYNC_SECRETS" >&2
exit 3
END
echo 'query show://h/x?a=1&token=t&password=p%26&sslpassword=s&b=2' >>endpoints
run env SYNC_ENDPOINTS="$T/endpoints" sync-extract @query
err_has '^show://h/x[?]a=1&b=2 p%26 token=t&sslpassword=s$' 'nor are those of its query'
run env SYNC_ENDPOINTS="$T/endpoints" sync-diff @query @query
err_has '^.*show://h/x[?]a=1&b=2 p%26 token=t&sslpassword=s$' 'nor where sync-diff reads it'
run env SYNC_ENDPOINTS="$T/nosuch" sync-extract @query
status_is 2 'no endpoints file'
run env SYNC_ENDPOINTS="$T/endpoints" sync-extract @nowhere
err_has "no endpoint 'nowhere'" 'a name that is not there'
# ---- the connector of shelf/, which is the page's
. "$ROOT/tests/cli/examples.sh"
. "$ROOT/tests/connectors/check.sh"
PATH=$ROOT/tests/connectors/shelf:$PATH
check shelf "shelf://$T/shelf.ndjson" --fresh "rm -f $T/shelf.ndjson"
run sh -c "sync-extract files.db files | sync-load 'shelf://$T/files' && sync-extract 'shelf://$T/files' | sync-load again.db files"
status_is 0 'between our connectors and it'
ok 'nothing is changed' sync-diff files.db#files again.db#files --key name
# ---- what is wrong is found
mutant() { # WHAT PART CHECK PROGRAM SED-EXPRESSION
	rm -rf mutant
	cp -r "$ROOT/tests/connectors/shelf" mutant
	sed -i "$5" "mutant/$4"
	ok "$1: it is another program" sh -c "! cmp -s mutant/$4 '$ROOT/tests/connectors/shelf/$4'"
	run env "PATH=$T/mutant:$PATH" "$ROOT/scripts/check-connector" "shelf://$T/m.ndjson" --fresh "rm -f $T/m.ndjson" --only "$2"
	status_is 1 "$1: check-connector fails"
	out_has "^not ok [0-9]+ - .*$3" 'and says what'
}
mutant 'a loader that counts nothing' broken 'one that counts fewer' sync-load-shelf '/counts other records/d'
mutant 'a loader that takes parts' replace 'a part does not replace' sync-load-shelf '/by a part or by nothing/d'
mutant 'a loader that keeps underscores' values 'comes back as it was' sync-load-shelf 's/ | with_entries.*)]/]/'
mutant 'a loader that needs no end' broken 'without its end' sync-load-shelf 's/^elif .end == null then .*/elif .end == null then .rows[]/'
mutant 'a loader with its own statuses' broken 'cut within a line' sync-load-shelf 's/stop(3;/stop(1;/'
mutant 'an extractor without an end' values 'ends with an end frame' sync-extract-shelf '/"op":"end"/d; s/"$file" &&$/"$file"/'
mutant 'an extractor that miscounts' values 'order and its counts' sync-extract-shelf 's/wc -l/wc -c/'
mutant 'an extractor that shows off' delta 'all shards are the whole' sync-extract-shelf 's/"shard":false/"shard":true/'
mutant 'an extractor that lets data pass for control' values 'comes back as it was' sync-extract-shelf 's/"_\\(.name)"/.name/'
mutant 'an extractor that ignores options' replace 'refuses an option' sync-extract-shelf 's/^-\*).*/-*) shift ;;/'
mkdir "$T/page" && cd "$T/page" || exit 99
examples sync-connector.7
ok "the page's loader is that one" cmp sync-load-shelf "$ROOT/tests/connectors/shelf/sync-load-shelf"
finish
