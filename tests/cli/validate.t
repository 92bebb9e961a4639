#!/bin/sh
# sync-validate: what passes, what is set aside and how, what ends a run
. "$(dirname "$0")/lib.sh"

cat >person.yaml <<'E'
type: object
required: [id, name]
properties:
  id: {type: integer}
  name: {type: string, minLength: 1}
  age: {type: integer, maximum: 120}
E
cat >good.ndjson <<'E'
{"id":1,"name":"Ada","age":36}
{ "name" : "Bob\u0020", "id" : 1.0 , "more":[1.10,12345678901234567890123456789] }
E
cat >mixed.ndjson <<'E'
{"id":1,"name":"Ada"}
{"id":2,"age":130}
{"id":"3","name":""}
{"id":4,"name":"Dan","id":5}
not json
[1]
{"id":6,"name":"Eve"}
E

# ---- passing
run sync-validate --plain --schema person.yaml good.ndjson
status_is 0 'good records pass'
out_is "$(cat good.ndjson)" 'byte for byte'
silent 'without a word'
run sync-validate --schema person.yaml good.ndjson
is "$(sed -n '2,3p' out)" "$(cat good.ndjson)" 'framed: the same bytes between begin and end'
out_has '^\{"_sync":\{"op":"begin","format":1,' 'begin is made'
out_has '^\{"_sync":\{"op":"end","count":\{"":2\}\}\}$' 'end counts'
run sh -c 'sync-validate --plain --schema person.yaml <good.ndjson'
out_is "$(cat good.ndjson)" 'standard input'
run sync-validate --plain --schema person.yaml good.ndjson good.ndjson
is "$(wc -l <out)" 4 'two files'
printf '{"a":1.10,"b":12345678901234567890123456789}\n' >digits
echo true >any.json
run sync-validate --plain --schema any.json digits
out_is '{"a":1.10,"b":12345678901234567890123456789}' 'digits are kept'

# ---- set aside
run sync-validate --plain --schema person.yaml --rejects bad mixed.ndjson
status_is 1 'records were set aside'
is "$(jq -c .id out)" '1
6' 'the good ones pass'
is "$(wc -l <bad)" 5 'the others are in the file'
is "$(sed -n 1p bad | jq -c '._sync.error')" \
	'{"code":"maximum","by":"sync-validate","path":"/age","rule":"#/properties/age/maximum","message":"must be at most 120, is 130"}' 'a reason'
is "$(sed -n 1p bad | jq -c '[._sync.errors[]|[.code,.path,.rule]]')" \
	'[["maximum","/age","#/properties/age/maximum"],["required","","#/required"]]' 'all reasons'
is "$(sed -n 2p bad | jq -c '[._sync.errors[].message]')" \
	"[\"must be an integer, is '3'\",\"must have 1 characters or more, has 0\"]" 'every field that is wrong'
is "$(sed -n 3p bad | jq -r '._sync.error.code')" duplicate-name 'duplicate names'
is "$(sed -n 4p bad | jq -c '[._sync.error.code,._sync.raw]')" '["bad-json","not json"]' 'a line that is no JSON'
is "$(sed -n 5p bad | jq -c '[._sync.error.code,._sync.raw]')" '["bad-record","[1]"]' 'a line that is no object'
printf '{"id":2,"name":""}\n' >one
rm -f bad
run sync-validate --plain --schema person.yaml --rejects bad one
is "$(jq -c '._sync|keys' bad)" '["error"]' 'one reason has no list'

run sync-validate --plain --schema person.yaml mixed.ndjson
status_is 3 'without --rejects a bad record ends the run'
err_has "^sync-validate: error: mixed.ndjson:2: /age: must be at most 120, is 130 \(rule #/properties/age/maximum; --rejects FILE" 'line, field and rule are named'
is "$(cat out)" '{"id":1,"name":"Ada"}' 'what came before went on'
run sync-validate --schema person.yaml mixed.ndjson
is "$(tail -n 1 out | jq -c '._sync|[.op,.status]')" '["end",3]' 'those after it are told'

# ---- bounds on rejects
run sync-validate --plain --schema person.yaml --rejects bad --max-errors 2 mixed.ndjson
status_is 3 '--max-errors N'
err_has '3 records set aside, more than --max-errors 2' 'says so'
run sync-validate --plain --schema person.yaml --rejects bad --max-errors 80% mixed.ndjson
status_is 1 '--max-errors P%, within'
run sync-validate --plain --schema person.yaml --rejects bad --max-errors 50% mixed.ndjson
status_is 3 '--max-errors P%, beyond'
run sync-validate --schema person.yaml --max-errors many mixed.ndjson
status_is 2 '--max-errors wants a number'

# ---- repaired rejects
rm -f bad
sync-validate --plain --schema person.yaml --rejects bad mixed.ndjson >out
sed -n 1p bad | jq -c '.age=30|.name="Bea"' >repaired
run sync-validate --plain --schema person.yaml repaired
status_is 0 'a repaired reject passes'
is "$(jq -c '[._sync.error,._sync.errors,.id]' out)" '[null,null,2]' 'without what was said of it'
run sh -c 'sed -n 4p bad | sync-validate --plain --schema any.json --rejects bad2'
status_is 1 'a line that was no record is none yet'

# ---- schemas
run sync-validate --schema nosuch.json good.ndjson
status_is 2 'no such schema'
err_has "cannot open 'nosuch.json': No such file" 'says so'
printf 'type: object\nproperties:\n  a: {type: strin}\n' >wrong.yaml
run sync-validate --schema wrong.yaml good.ndjson
status_is 2 'a wrong schema'
err_has "^sync-validate: error: wrong.yaml:3:13: #/properties/a/type: unknown type 'strin'; is 'string' meant\?" 'with its place'
printf '{"properties": {\n  "a": {"$ref": "http://example.com/x.json"}}}' >remote.json
run sync-validate --schema remote.json good.ndjson
err_has '^sync-validate: error: remote.json:2:17: #/properties/a/\$ref: .http://example.com/x.json. is outside this document' 'remote references are refused'
printf '{"unevaluatedProperties": false}' >uneval.json
run sync-validate --schema uneval.json good.ndjson
status_is 2 'what is not supported is refused'
err_has 'uneval.json:1:2: #/unevaluatedProperties: is not supported' 'by name'
printf 'requierd: [id]\n' >typo.yaml
run sync-validate --plain --schema typo.yaml good.ndjson
status_is 0 'an unknown keyword is an annotation'
err_has "^sync-validate: warning: typo.yaml:1:1: #: unknown keyword 'requierd' checks nothing; is 'required' meant\?" 'and a probable mistake is told'
run sync-validate --plain good.ndjson
status_is 2 'no schema at all'
err_has 'the input has no schema: --schema FILE gives one' 'says what to do'
run sync-validate --schema person.yaml --schema any.json good.ndjson
status_is 2 'two schemas for all'

# ---- rules files
mkdir sub
cp person.yaml sub/
printf 'schema: person.yaml\n' >sub/people.rules.yaml
run sync-validate --plain --rules sub/people.rules.yaml one
status_is 3 'a rules file names its schema beside itself'
printf 'schema:\n  properties:\n    name: {minLength: 5}\n' >inplace.yaml
run sync-validate --plain --rules inplace.yaml good.ndjson
err_has "good.ndjson:1: /name: must have 5 characters or more, has 3 \(rule #/properties/name/minLength" 'or has it in place'
printf 'schema: true\nunique: [[id]]\n' >later.yaml
run sync-validate --rules later.yaml good.ndjson
status_is 2 'other rules'
err_has "later.yaml:2:1: 'unique' is not supported" 'are refused by name'
printf 'shema: true\n' >wrong.rules.yaml
run sync-validate --rules wrong.rules.yaml good.ndjson
err_has "wrong.rules.yaml:1:1: .*schema" 'the nearest right word'
printf '{}\n' >empty.rules.yaml
run sync-validate --rules empty.rules.yaml good.ndjson
status_is 2 'a rules file without a schema'

# ---- what is read is not written to
cp mixed.ndjson own.ndjson
for what in --rejects --stats --report; do
	run sync-validate --schema person.yaml $what own.ndjson own.ndjson
	status_is 2 "$what into the input"
	err_has "'own.ndjson' is read, and $what would write to it" "$what: is said"
done
run sh -c 'sync-validate --schema person.yaml own.ndjson --rejects bad >>own.ndjson'
status_is 2 'the stream into the input'
ok 'and nothing was written' cmp own.ndjson mixed.ndjson

# ---- what tools must do
run sync-validate --version
status_is 0 'version'
run sync-validate --help
out_has '^usage: sync-validate \[OPTION\.\.\.\] \[FILE\.\.\.\]$' 'help'
run sync-validate --shcema x
status_is 2 'an unknown option'
run sh -c 'sync-validate --schema any.json good.ndjson >/dev/full'
status_is 3 'a full disk is noticed'
run sync-validate --schema any.json nosuch.ndjson
status_is 3 'no such input'
: >nothing
run sync-validate --plain --schema any.json nothing
status_is 0 'an empty file is an empty source'
run sh -c ': | sync-validate --schema any.json'
status_is 3 'no byte from a pipe is a truncated stream'

finish
