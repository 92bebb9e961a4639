#!/bin/sh
# merge.t: sync-merge: the cases of its table, policies, conflicts and their resolution, what is refused.
. "${0%/*}/lib.sh"

lines() { for l; do printf '%s\n' "$l"; done; }

lines '{"id":1,"home":"Leeds","kickoff":"15:00","tv":false}' '{"id":2,"home":"York","kickoff":"15:00","tv":false}' \
	'{"id":3,"home":"Hull","kickoff":"17:30","tv":false}' >base.ndjson
lines '{"id":1,"home":"Leeds","kickoff":"15:00","tv":true}' '{"id":2,"home":"York","kickoff":"12:30","tv":false}' >ours.ndjson
lines '{"id":1,"home":"Leeds","kickoff":"20:00","tv":false}' '{"id":2,"home":"York","kickoff":"14:00","tv":false}' \
	'{"id":3,"home":"Hull","kickoff":"17:30","tv":false}' '{"id":4,"home":"Goole","kickoff":"15:00"}' >theirs.ndjson
lines '{"id":7,"price":12.50,"changed":"2026-03-01T09:00:00Z"}' >erp.ndjson
lines '{"id":7,"price":11.90,"changed":"2026-03-02T09:00:00Z"}' >shop.ndjson

# ---- frames
run sync-merge -k id -b base.ndjson --conflicts c.ndjson --changes theirs=t.ndjson ours.ndjson theirs.ndjson
status_is 1 'a conflict is left'
silent 'and written down'
is "$(jq -r 'select(._sync.op=="begin")._sync.scope' out t.ndjson | tr '\n' ' ')" 'part part ' 'the scope is part'
is "$(jq -c 'select(._sync.op=="schema")._sync.key' out)" '["id"]' 'the schema names the key'
is "$(jq -c 'select(._sync.op=="end")._sync.count' t.ndjson)" '{"ours":2}' 'the end frame counts'
run sync-merge -k id -b base.ndjson ours.ndjson theirs.ndjson
status_is 1 'without --conflicts'
err_has 'warning: 1 rows are in conflict \(--conflicts FILE writes them down\)' 'conflicts are said'
run sync-merge -k id -b base.ndjson --prefer ours ours.ndjson theirs.ndjson --conflicts c.ndjson
status_is 0 'nothing is left'
is "$(jq -r 'select(._sync.op=="begin")._sync.scope' out)" full 'the scope is full'
is "$(cat c.ndjson)" '' 'the file of conflicts is empty'

# ---- the table of cases: one key, what base, ours and theirs have of it
case_is() { # base ours theirs want description [options]
	for v in base:"$1" ours:"$2" theirs:"$3"; do
		if [ "${v#*:}" = - ]; then : >"${v%%:*}.ndjson"; else printf '{"k":1%s}\n' "${v#*:}" >"${v%%:*}.ndjson"; fi
	done
	want=$4 desc=$5
	shift 5
	run sync-merge --plain -k k -b base.ndjson --conflicts c.ndjson "$@" ours.ndjson theirs.ndjson
	is "$(cat out)$(jq -r '" " + .why + " " + (.fields | join(","))' c.ndjson)" "$want" "$desc"
}
case_is ',"a":1' ',"a":1' ',"a":1' '{"k":1,"a":1}' 'unchanged'
case_is ',"a":1' ',"a":2' ',"a":2.0' '{"k":1,"a":2}' 'equal edits'
case_is ',"a":1,"b":1' ',"a":2,"b":1' ',"a":1,"b":2' '{"k":1,"a":2,"b":2}' 'edits of different fields'
case_is ',"a":1' ',"a":2' ',"a":3' '{"k":1,"a":1} edit-edit a' 'different edits of one field'
case_is ',"a":1,"b":1' ',"a":2,"b":2' ',"a":3,"b":1' '{"k":1,"a":1,"b":1} edit-edit a' 'a row in conflict keeps its base whole'
case_is ',"a":1' '' ',"a":1' '{"k":1}' 'a field removed'
case_is ',"a":1' '' ',"a":3' '{"k":1,"a":1} edit-edit a' 'a field removed and edited'
case_is ',"a":1' '-' ',"a":1' '' 'a row deleted'
case_is ',"a":1' '-' '-' '' 'a row deleted on both sides'
case_is ',"a":1' '-' ',"a":2' '{"k":1,"a":1} delete-edit ' 'deleted and edited'
case_is '-' ',"a":1' '-' '{"k":1,"a":1}' 'created on one side'
case_is '-' ',"a":1' ',"a":1' '{"k":1,"a":1}' 'created equal'
case_is '-' ',"a":1,"b":1' ',"a":1,"c":1' '{"k":1,"a":1,"b":1,"c":1}' 'created with different fields'
case_is '-' ',"a":1' ',"a":2' ' create-create a' 'created differently: absent'
case_is ',"a":{"x":1,"y":1}' ',"a":{"x":2,"y":1}' ',"a":{"x":1,"y":2}' '{"k":1,"a":{"x":1,"y":1}} edit-edit a' 'nested values are whole values'
case_is ',"a":1' ',"a":1,"n":null' ',"a":2' '{"k":1,"a":2,"n":null}' 'a null that is new'
case_is ',"a":1' '-' ',"a":2' '' 'deletes: by preference' --prefer ours
case_is ',"a":1' '-' ',"a":2' '{"k":1,"a":2}' 'the other way' --prefer theirs

# ---- policies
policy() { printf '%s\n' "$1" >policy.yaml; }
policy 'deletes: keep'
case_is ',"a":1' '-' ',"a":2' '{"k":1,"a":2}' 'deletes: keep' --policy policy.yaml
policy 'deletes: delete'
case_is ',"a":1' '-' ',"a":2' '' 'deletes: delete' --policy policy.yaml
policy '{default: newest, clock: at}'
case_is ',"a":1,"at":"2026-01-01T00:00:00Z"' ',"a":2,"at":"2026-01-01T10:00:00+02:00"' ',"a":3,"at":"2026-01-01T09:00:00Z"' \
	'{"k":1,"a":3,"at":"2026-01-01T09:00:00Z"}' 'newest' --policy policy.yaml
case_is ',"a":1,"at":1' ',"a":2,"at":3' ',"a":3,"at":2' '{"k":1,"a":2,"at":3}' 'newest by number' --policy policy.yaml
case_is ',"a":1,"at":1' ',"a":2,"at":3' ',"a":3,"at":"noon"' '{"k":1,"a":1,"at":1} edit-edit a,at' 'clocks that do not compare' --policy policy.yaml
case_is ',"a":1,"at":1' ',"a":2' ',"a":3,"at":4' '{"k":1,"a":1,"at":1} edit-edit a' 'a clock that is missing' --policy policy.yaml
policy '{default: newest, clock: at, skew: PT5S}'
case_is ',"a":1' ',"a":2,"at":"2026-01-01T00:00:00Z"' ',"a":3,"at":"2026-01-01T00:00:05Z"' '{"k":1,"a":1} edit-edit a' 'within the skew' --policy policy.yaml
case_is ',"a":1' ',"a":2,"at":"2026-01-01T00:00:00Z"' ',"a":3,"at":"2026-01-01T00:00:05.001Z"' '{"k":1,"a":3,"at":"2026-01-01T00:00:05.001Z"}' 'beyond it' \
	--policy policy.yaml
policy 'fields: {t: union, n: counter, m: max}'
case_is ',"t":["x","y"],"n":10,"m":1' ',"t":["x","y","z"],"n":11,"m":7' ',"t":["w","y"],"n":13.5,"m":3' '{"k":1,"t":["y","z","w"],"n":14.5,"m":7}' \
	'union, counter, max' --policy policy.yaml
case_is ',"n":0.1' ',"n":0.3' ',"n":0.2' '{"k":1,"n":0.4}' 'counters are exact' --policy policy.yaml
case_is ',"n":12345678901234567890' ',"n":12345678901234567891' ',"n":12345678901234567891' '{"k":1,"n":12345678901234567892}' 'and count equal edits twice' \
	--policy policy.yaml
case_is '' ',"n":3' ',"n":-5' '{"k":1,"n":-2}' 'from nothing' --policy policy.yaml
case_is ',"n":1' ',"n":2' ',"n":"x"' '{"k":1,"n":1} edit-edit n' 'what does not count is a conflict' --policy policy.yaml
case_is ',"n":1' ',"n":1e5000' ',"n":2' '{"k":1,"n":1} edit-edit n' 'nor what is too long' --policy policy.yaml
refuse_policy() {
	policy "$1"
	run sync-merge --policy policy.yaml ours.ndjson theirs.ndjson
	status_is 2 "refused: $1"
	err_has "$2" "because $2"
}
refuse_policy 'default: newst' "policy.yaml:1:10: default: 'newst' is not known, did you mean 'newest'\?"
refuse_policy 'clok: at' "'clok' is not known, did you mean 'clock'"
refuse_policy 'default: newest' 'newest and oldest need a clock'
refuse_policy 'fields: {a: {rule: "ours.a + 1"}}' 'fields.a: rules in CEL are not in this version'
refuse_policy 'check: rules.yaml' 'check: rules for the merged row are not in this version'
refuse_policy 'fields: {n: counter}' 'a counter needs --base'
refuse_policy 'skew: soon' "'soon' is no duration"
refuse_policy 'key: [a, "b[0]"]' "names fields, not elements"

# ---- without a base
lines '{"k":1,"a":1}' '{"k":2,"a":1}' '{"k":3,"a":1,"t":[1]}' >a.ndjson
lines '{"k":2.0,"a":1}' '{"k":3,"a":2,"t":[2]}' '{"k":4}' >b.ndjson
lines '{"k":3,"a":3}' >d.ndjson
policy 'fields: {t: union}'
run sync-merge --plain -k k --policy policy.yaml --conflicts c.ndjson x=a.ndjson y=b.ndjson
out_is '{"k":1,"a":1}
{"k":2,"a":1}
{"k":4}' 'without a base nothing is deleted'
is "$(jq -c '[.why,.fields,.x.a,.y.a,has("base")]' c.ndjson)" '["differ",["a"],1,2,false]' 'and what differs is in conflict'
run sync-merge --plain -k k --prefer z --conflicts c.ndjson x=a.ndjson y=b.ndjson z=d.ndjson
out_is '{"k":1,"a":1}
{"k":2,"a":1}
{"k":3,"a":3}
{"k":4}' 'three sides, one preferred'

# ---- resolutions
lines '{"id":1,"a":1}' '{"id":2,"a":1}' '{"id":3,"a":1}' '{"id":4,"a":1}' '{"id":5,"a":1}' >base.ndjson
lines '{"id":1,"a":2}' '{"id":2,"a":2}' '{"id":4,"a":2}' '{"id":5,"a":2}' >ours.ndjson
lines '{"id":1,"a":3}' '{"id":2,"a":3}' '{"id":3,"a":3}' '{"id":4,"a":3}' '{"id":5,"a":3}' >theirs.ndjson
run sync-merge --plain -k id -b base.ndjson --conflicts c.ndjson ours.ndjson theirs.ndjson
is "$(wc -l <c.ndjson)" 5 'five conflicts'
jq -c 'if .key.id == 1 then .take = "theirs" elif .key.id == 2 then .take = {"a":9,"note":"by hand"} elif .key.id == 3 then .take = "ours"
	elif .key.id == 4 then .take = "base" else . end' c.ndjson >r.ndjson
cp r.ndjson both.ndjson
run sync-merge --plain -k id -b base.ndjson --resolved r.ndjson --conflicts left.ndjson --changes theirs=t.ndjson --plain ours.ndjson theirs.ndjson
status_is 1 'one is left'
out_is '{"id":1,"a":3}
{"id":2,"a":9,"note":"by hand"}
{"id":4,"a":1}
{"id":5,"a":1}' 'a version, values, a deletion, the base'
is "$(jq -c .key.id left.ndjson)" 5 'the one that was left empty'
is "$(cat t.ndjson)" '{"_sync":{"op":"delete","stream":"ours"},"id":3}
{"_sync":{"op":"update","stream":"ours"},"id":2,"a":9,"note":"by hand"}
{"_sync":{"op":"update","stream":"ours"},"id":4,"a":1}' 'changes have what was decided'
sed -i 's/"id":1,"a":3/"id":1,"a":4/' theirs.ndjson
run sync-merge --plain -k id -b base.ndjson --resolved r.ndjson --conflicts left.ndjson ours.ndjson theirs.ndjson
is "$(jq -c .key.id left.ndjson | tr '\n' ' ')" '1 5 ' 'a resolution is for the versions it was made for'
err_has "1 resolutions in 'r.ndjson' were made for other versions" 'which is said'
refuse_take() {
	jq -c "select(.key.id == 2) | .take = $1" c.ndjson >r.ndjson
	run sync-merge --plain -k id -b base.ndjson --resolved r.ndjson ours.ndjson theirs.ndjson
	status_is 3 "take $1"
	err_has "$2" "$2"
}
refuse_take '"mine"' "take is the name of a version or an object, not \"mine\""
refuse_take '7' 'take is the name of a version or an object, not 7'
refuse_take '{"b":1}' "take lacks the field 'a'"
refuse_take '{"a":1,"id":8}' 'take makes a row of another key: 8'

# ---- operands
run sync-merge ours.ndjson
status_is 2 'one operand'
run sync-merge -k id a=ours.ndjson theirs.ndjson
status_is 2 'a name for one of two'
run sync-merge -k id a=ours.ndjson a=theirs.ndjson
status_is 2 'a name twice'
run sync-merge -k id base=ours.ndjson b=theirs.ndjson
status_is 2 'a name that means something'
run sync-merge -k id --changes mine=x ours.ndjson theirs.ndjson
status_is 2 'changes of a side that is not there'
echo keep >one.out
ln -s one.out link.out
for other in one.out ./one.out "$PWD/one.out" link.out; do
	run sync-merge -k id --changes ours=one.out --changes "theirs=$other" ours.ndjson theirs.ndjson
	status_is 2 "changes of two sides into one file, $other"
	run sync-merge -k id --changes ours=one.out --conflicts "$other" ours.ndjson theirs.ndjson
	status_is 2 'changes and conflicts too'
done
err_has "'link.out' is the same file as 'one.out'" 'which is said'
run sync-merge -k id --changes ours=new.out --conflicts ./new.out ours.ndjson theirs.ndjson
status_is 2 'of a file that is not there yet, too'
is "$(cat one.out; ls -A | grep -c 'one.out\|new.out')" 'keep
1' 'and nothing is written'
cp ours.ndjson kept.ndjson
ln kept.ndjson other-name
for other in kept.ndjson other-name; do
	run sync-merge -k id --prefer theirs --changes "ours=$other" ours=kept.ndjson theirs=theirs.ndjson
	status_is 2 "changes into the operand itself, $other"
	run sync-merge -k id --prefer ours --conflicts "$other" -b kept.ndjson ours.ndjson theirs.ndjson
	status_is 2 'conflicts into the base'
done
err_has "'other-name' would replace the operand 'kept.ndjson'" 'which is said'
sqlite3 kept.db 'create table ours (id integer primary key)'
run sync-merge -k id --prefer ours --changes theirs=kept.db ours=sqlite:///$PWD/kept.db theirs=theirs.ndjson
status_is 2 'a database likewise'
is "$(cmp ours.ndjson kept.ndjson && sqlite3 kept.db 'select count(*) from ours')" 0 'and they stay as they were'
run sync-merge -k id --prefer ours --changes ours=/dev/null --changes theirs=/dev/null ours.ndjson theirs.ndjson
status_is 0 'what is no regular file takes both'
run sync-merge ours.ndjson theirs.ndjson
status_is 2 'no key'
err_has "nothing says what the key of stream 'ours' is" 'which is said'
run sync-merge -k id ours.ndjson nosuch.ndjson
status_is 3 'a side that is not there'
echo keep >c.ndjson
run sync-merge -k id --conflicts c.ndjson ours.ndjson nosuch.ndjson
is "$(cat c.ndjson)" keep 'a failed merge leaves the old file of conflicts'
is "$(ls -A | grep -c tmp)" 0 'and nothing beside it'
run sh -c 'cat ours.ndjson | sync-merge -k id - theirs.ndjson'
status_is 3 'input without frames may be cut off'
run sh -c 'sync-extract ours.ndjson | sync-merge --plain -k id --prefer ours ours=- theirs=theirs.ndjson | wc -l'
is "$(tr -d ' ' <out)" 5 'a stream on standard input'
lines '{"id":1}' '{"id":1.0}' 'x' '{"a":1}' >bad.ndjson
run sync-merge -k id ours.ndjson bad.ndjson
status_is 3 'a bad line without --rejects'
err_has 'bad.ndjson:3: ' 'is named with its line'
run sync-merge -k id --plain -b base.ndjson --prefer theirs --rejects rejects ours.ndjson bad.ndjson
status_is 1 'rows set aside'
is "$(jq -r ._sync.error.code rejects | tr '\n' ' ')" 'bad-json no-key duplicate-key ' 'each with its reason'
is "$(grep -c . out)" 4 'and nothing counts as deleted on that side'
lines '{"id":1}' '{"id":2}' '{"id":2}' >bad.ndjson
run sync-merge -k id ours.ndjson bad.ndjson
status_is 3 'a key twice'
err_has 'bad.ndjson:3: key 2 was there before' 'is named with its line'

run sync-merge -k id -b - ours.ndjson - </dev/null
status_is 2 'standard input twice'

# ---- text without types
lines 'id,n,on,note' '1,2.50,true,' '2,7,false,x' >x.csv
lines '{"id":1,"n":2.5,"on":true}' '{"id":2,"n":7,"on":true,"note":"x"}' >b.ndjson
lines '{"id":1,"n":2.5,"on":true}' '{"id":2,"n":8,"on":true,"note":"x"}' '{"id":3,"n":1}' >t.ndjson
run sync-merge --plain -k id -b b.ndjson --changes csv=ch.ndjson csv=x.csv db=t.ndjson
out_is '{"id":1,"n":2.50,"on":true,"note":null}
{"id":2,"n":8,"on":false,"note":"x"}
{"id":3,"n":1}' 'CSV gets the types of the others'
is "$(cat ch.ndjson)" '{"_sync":{"op":"update","stream":"x"},"id":2,"n":8}
{"_sync":{"op":"insert","stream":"x"},"id":3,"n":1}' 'and so do its changes'

# ---- streams
framed() { lines '{"_sync":{"op":"begin","format":1,"scope":"full"}}' '{"_sync":{"op":"schema","stream":"a","key":["id"],"schema":{}}}' \
	'{"_sync":{"op":"schema","stream":"b","key":["no"],"schema":{"properties":{"'"$1"'":{"type":"integer"}},"required":["'"$1"'"]}}}' \
	'{"_sync":{"stream":"a"},"id":1}' '{"_sync":{"stream":"b"}, "no":1,"'"$1"'":1}' '{"_sync":{"op":"end","count":{"a":1,"b":1}}}'; }
framed v >one.ndjson
framed w >two.ndjson
run sync-merge -b one.ndjson one.ndjson two.ndjson
is "$(jq -c 'del(._sync.run) | select(._sync.op != "begin" and ._sync.op != "end")' out)" \
	'{"_sync":{"op":"schema","stream":"a","key":["id"],"schema":{}}}
{"_sync":{"op":"schema","stream":"b","key":["no"],"schema":{"properties":{"v":{"type":"integer"},"w":{"type":"integer"}}}}}
{"_sync":{"stream":"a"},"id":1}
{"_sync":{"stream":"b"},"no":1,"w":1}' 'several streams, and their schemas made one'

# ---- the last byte, pipes, statistics
run sh -c 'sync-merge -k id ours.ndjson theirs.ndjson --prefer ours >/dev/full'
status_is 3 'a full disk is noticed'
echo old >c.ndjson
run sh -c 'sync-merge -k id ours.ndjson theirs.ndjson --conflicts c.ndjson >/dev/full'
is "$(cat c.ndjson)" old 'and nothing is replaced then'
run sh -c 'sync-merge -k id ours.ndjson theirs.ndjson --prefer ours --changes theirs=/dev/full'
status_is 3 'of changes too'
mkfifo fifo
cat fifo >piped &
run sync-merge -k id --prefer ours --changes theirs=fifo ours.ndjson theirs.ndjson
wait
is "$(jq -c 'select(._sync.op=="end")._sync.count' piped)" '{"ours":4}' 'changes into a pipe'
run sh -c 'sync-merge -k id -b base.ndjson ours.ndjson theirs.ndjson --conflicts c.ndjson --stats stats >/dev/null; jq -c "[.rows,.equal,.gone,.conflicts,.resolved]" stats'
out_is '[5,0,0,5,0]' 'statistics'
printf '{"a":1.10,"b":12345678901234567890123456789}\n' >x.ndjson
printf '{"a":1.1,"c":1}\n' >y.ndjson
run sync-merge --plain -k a --prefer ours -b x.ndjson x.ndjson y.ndjson
out_is '{"a":1.10,"c":1}' 'digits are kept'

# ---- killed: the spill file and what was to be replaced leave no trace
mkdir spill killed
mkfifo killed.fifo
echo old >killed/c.ndjson
exec 9<>killed.fifo
lines '{"_sync":{"op":"begin","format":1,"scope":"full"}}' '{"_sync":{"op":"schema","stream":"s","key":["id"],"schema":{}}}' >&9
TMPDIR=$T/spill sync-merge -k id --memory 1M --conflicts killed/c.ndjson ours.ndjson - <killed.fifo >/dev/null 2>&1 9>&- &
pid=$!
awk 'BEGIN { for (i = 2; i < 40000; i++) printf "{\"id\":%d,\"text\":\"a row that is sorted in the spill file\"}\n", i }' >&9
is "$(ls -A spill)" '' 'the spill file has no name'
kill -9 "$pid"
wait "$pid" 2>/dev/null
exec 9>&-
alone() { [ "$(ls -A killed)" = c.ndjson ]; }
ok 'nothing is left beside the file of conflicts' until_true 20 alone
is "$(cat killed/c.ndjson)" old 'which is as it was'
is "$(ls -A spill)" '' 'and no spill file'

# ---- against a model
export PYTHONDONTWRITEBYTECODE=1
mkdir model
ok 'random documents agree with the model' sh -c 'cd model && python3 "$ROOT/tests/cli/merge_model.py" 1 60'
ok 'in memory, spilled and in any order it is the same' sh -c 'cd model && TMPDIR=$T/spill python3 "$ROOT/tests/cli/merge_model.py" 1 spill'
ok 'changes bring each side to the merged rows' sh -c 'cd model && python3 "$ROOT/tests/cli/merge_model.py" 1 apply 20'
is "$(ls -A spill)" '' 'no spill file is left'
finish
