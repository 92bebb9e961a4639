#!/bin/sh
# sync-validate: framed streams, changes that keep their meaning, several streams, reports, text without types
. "$(dirname "$0")/lib.sh"

begin='{"_sync":{"op":"begin","format":1,"run":"01JF","scope":"full"}}'
schema='{"_sync":{"op":"schema","stream":"games","key":["id"],"schema":{"type":"object","required":["id","home"],"properties":{"id":{"type":"integer"},"home":{"type":"string"},"price":{"type":["number","null"]},"icon":{"type":"string","contentEncoding":"base64"}}}}}'
end() { printf '{"_sync":{"op":"end","count":{"games":%s}}}\n' "$1"; }

# ---- the stream's own schema
{
	printf '%s\n%s\n' "$begin" "$schema"
	printf '%s\n' '{"id":1,"home":"a","price":"NaN","icon":"AAAA"}' '{"id":2,"home":"b","icon":"???"}' '{"id":3,"home":null}'
	end 3
} >games
run sync-validate --rejects bad games
status_is 1 'a stream is judged by its schema frame'
is "$(sed -n 1,3p out)" "$(sed -n 1,3p games)" 'frames and good records pass as they are'
is "$(tail -n 1 out)" '{"_sync":{"op":"end","count":{"games":1},"aside":{"games":2}}}' 'the end counts what was written and set aside'
is "$(jq -c '[._sync.stream,._sync.error.code,._sync.error.path]' bad)" '["games","contentEncoding","/icon"]
["games","type","/home"]' 'rejects say which stream'
run sh -c 'head -n 3 games | sync-validate --rejects bad'
status_is 3 'a truncated stream is noticed'
{ sed -n 1p games; printf '{"_sync":{"op":"schema","stream":"games","schema":{"unevaluatedItems":false}}}\n'; end 0; } >odd
run sync-validate odd
status_is 3 'a schema frame that cannot be used'
err_has "schema frame of stream 'games': #/unevaluatedItems: is not supported" 'says so'
{ sed -n 1p games; printf '{"id":1}\n'; printf '{"_sync":{"op":"end","count":{"":1}}}\n'; } >bare
run sync-validate bare
status_is 2 'a stream without any schema'

# ---- changes
change() {
	rm -f bad
	{ printf '%s\n%s\n%s\n' "$begin" "$schema" "$1"; end 1; } >changes
	run sync-validate --rejects bad changes
	if [ -e bad ] && [ -s bad ]; then is "$(jq -r ._sync.error.code bad)" "$2" "$3"; else is pass "$2" "$3"; fi
}
change '{"_sync":{"op":"update"},"id":1,"price":3}' pass 'an update lacks what is unchanged'
change '{"_sync":{"op":"update"},"id":1,"price":"x"}' type 'what it has is judged'
change '{"_sync":{"op":"update","unset":["home"]},"id":1}' required 'what it unsets is missing'
change '{"_sync":{"op":"update"},"id":1,"home":null}' type 'null sets null'
change '{"_sync":{"op":"update","before":{"home":5},"key":{"id":"x"}},"id":1}' pass 'old values are not judged'
change '{"_sync":{"op":"update","unset":7},"id":1}' bad-sync 'unset is a list'
change '{"_sync":{"op":"insert"},"id":1}' required 'an insert is a whole row'
change '{"_sync":{"op":"delete"},"id":1}' pass 'of a delete the key is judged'
change '{"_sync":{"op":"delete"},"id":"1"}' type 'by its own rules'
change '{"_sync":{"op":"delete"},"id":1,"price":"x"}' pass 'and nothing else'
change '{"_sync":{"op":"truncate"}}' pass 'truncate passes'
printf 'dependentRequired: {from: [to]}\n' >dep.yaml
printf '%s\n' '{"_sync":{"op":"update"},"id":1,"from":2}' '{"_sync":{"op":"update"},"id":1,"from":2,"to":3}' >updates
rm -f bad
run sync-validate --plain --schema dep.yaml --rejects bad updates
is "$(jq -c '[._sync.error.code,._sync.error.rule,._sync.error.message]' bad)" \
	'["partial","#/dependentRequired","can'"'"'t be told without the field '"'"'to'"'"', which this update lacks"]' 'what cannot be told is partial'

# ---- several streams
cat >two <<'E'
{"_sync":{"op":"begin","format":1,"run":"01JF","scope":"full"}}
{"_sync":{"stream":"teams"},"id":"a"}
{"_sync":{"stream":"games"},"id":1}
{"_sync":{"op":"end","count":{"teams":1,"games":1}}}
E
printf 'properties: {id: {type: string}}\n' >teams.yaml
printf 'properties: {id: {type: integer}}\n' >games.yaml
run sync-validate --schema teams=teams.yaml --schema games=games.yaml two
status_is 0 'a schema for each stream'
out_is "$(cat two)" 'all passes'
run sync-validate --schema teams=teams.yaml --schema games.yaml two
status_is 0 'one for the rest'
run sync-validate --schema games.yaml two
status_is 3 'one for all'
run sync-validate --schema teams=teams.yaml two
status_is 2 'a stream that nothing rules'
err_has "stream 'games' has no schema: --schema NAME=FILE gives one" 'says so'
run sync-validate --schema games=games.yaml --schema games=teams.yaml two
status_is 2 'two schemas for one stream'
run sync-validate --schema teams.yaml --schema teams=teams.yaml --schema games=games.yaml --schema gmaes=games.yaml two
err_has "warning: no record of stream 'gmaes', which a schema was given for" 'a name that never comes'
cp games.yaml a=b.yaml
run sync-validate --plain --schema ./a=b.yaml updates
status_is 0 'a file whose name has an equals sign'

# ---- reports
cat >rows <<'E'
{"id":1,"name":"x","venue":{"city":"a"}}
{"id":"2","name":null,"venue":{}}
{"id":3,"extra":1}
{"id":4,"id":4}
oops
E
printf 'required: [name]\nproperties: {id: {type: integer}, name: {}, venue: {properties: {city: {type: string}}}, never: {}}\n' >row.yaml
run sync-validate --plain --schema row.yaml --rejects bad --report report.json rows
status_is 1 'a report'
is "$(jq -c '[.records,.valid,.invalid,.unjudged]' report.json)" '[5,1,4,2]' 'counts'
is "$(jq -c '.streams[""].rules' report.json)" '{"#/properties/id/type":1,"#/required":1}' 'by rule'
is "$(jq -c '.streams[""].codes' report.json)" '{"type":1,"required":1}' 'by code'
is "$(jq -c '.streams[""].completeness|map_values(.present)' report.json)" \
	'{"/id":3,"/name":1,"/venue":2,"/venue/city":1,"/never":0,"/extra":1}' 'fields that are there'
is "$(jq -c '.streams[""].completeness["/venue/city"].ratio' report.json)" 0.333333 'as a ratio'
run sync-validate --plain --schema row.yaml --report report.json rows
status_is 3 'a run that fails'
is "$(jq -c '[.valid,.invalid]' report.json)" '[1,1]' 'has a report too'
run sync-validate --plain --schema row.yaml --report nosuch/report.json rows
status_is 2 'a report that cannot be written'

# ---- text without types
cat >csv <<'E'
{"_sync":{"op":"begin","format":1,"run":"01JF","scope":"full"}}
{"_sync":{"op":"schema","stream":"v","schema":{"properties":{"id":{"type":"string","x-type":"untyped"},"cap":{"type":"string","x-type":"untyped"},"open":{"type":["string","null"],"x-type":"untyped"},"name":{"type":"string","x-type":"untyped"}}}}}
{"id":"007","cap":"45000","open":"true","name":"5"}
{"id":"1","cap":"45k","open":"yes","name":"x"}
{"id":"1","cap":"90000.0","open":null,"name":""}
{"_sync":{"op":"end","count":{"v":3}}}
E
printf 'properties: {id: {type: string}, cap: {type: integer, maximum: 80000}, open: {type: [boolean, "null"]}, name: {type: string}}\n' >venue.yaml
rm -f bad
run sync-validate --schema venue.yaml --rejects bad csv
status_is 1 'text is judged by the type that the schema wants'
is "$(sed -n 3p out)" '{"id":"007","cap":"45000","open":"true","name":"5"}' 'and passes as it is'
is "$(jq -c '[._sync.errors[]?.message] + [._sync.error.message]' bad)" \
	"[\"must be an integer, is '45k'\",\"must be a boolean or null, is 'yes'\",\"must be an integer, is '45k'\"]
[\"must be at most 80000, is 90000.0\"]" 'or is set aside'
run sync-validate csv
status_is 0 'by its own schema it is text'

# ---- a schema that changes on the way, and sections one after the other
two='{"_sync":{"op":"schema","stream":"games","key":["id"],"schema":{"properties":{"id":{"type":"string"}}}}}'
{ printf '%s\n%s\n%s\n%s\n%s\n' "$begin" "$schema" '{"id":1,"home":"a"}' "$two" '{"id":"x"}'; end 2; } >changing
run sync-validate changing
status_is 0 'a schema frame rules what comes behind it'
out_is "$(cat changing)" 'and passes'
{ cat changing; printf '%s\n%s\n%s\n' "$begin" "$schema" '{"id":"x","home":"a"}'; end 1; } >sections
run sync-validate sections
status_is 3 'a new section has schemas of its own'
err_has '^sync-validate: error: sections:9: /id: must be an integer' 'from its beginning'

# ---- work without end
printf 'properties: {a: {$ref: "#/$defs/x"}}\n$defs: {x: {type: array, allOf: [{items: {anyOf: [{$ref: "#/$defs/x"}]}}]}}\n' >deep.yaml
awk 'BEGIN { printf "{\"a\":"; for (i = 0; i < 3000; i++) printf "["; for (i = 0; i < 3000; i++) printf "]"; print "}" }' >deep
rm -f bad
run sync-validate --plain --max-depth 5000 --schema deep.yaml --rejects bad deep
status_is 1 'a record on which the rules do not end is set aside'
is "$(grep -o '"code":"rule-limit"' bad)" '"code":"rule-limit"' 'for that reason'

# nesting: what compares values has room for what --max-depth allows
nested() { printf '%9990s' '' | sed "s/ /$1/g"; }
{ printf '{"x":[%s1%s' "$(nested '{"a":')" "$(nested '}')"; printf ',[%d]' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; printf ']}\n'; } >nested
echo '{"properties":{"x":{"uniqueItems":true}}}' >unique.json
run sync-validate --plain --max-depth 10000 --schema unique.json nested
status_is 0 'the deepest nesting that can be asked for'
run sync-validate --plain --max-depth 10001 --schema unique.json nested
status_is 2 'no deeper'
err_has 'from 1 to 10000' 'with the bound'

printf 'properties: {a: {pattern: "^(a+)+$"}}\n' >slow.yaml
printf '{"a":"%s"}\n' aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab >slow
rm -f bad
run sync-validate --plain --schema slow.yaml --rejects bad slow
is "$(jq -r ._sync.error.code bad)" pattern-limit 'so is one on which a pattern does not end'
printf 'not: {properties: {a: {pattern: "^(a+)+$"}}}\n' >slow.yaml
rm -f bad
run sync-validate --plain --schema slow.yaml --rejects bad slow
is "$(jq -r ._sync.error.code bad)" pattern-limit 'also inside of not'

finish
