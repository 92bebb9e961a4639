#!/bin/sh
# transform-changes.t: what the steps of sync-transform do to schema frames, keys, old values and removals of changes.
. "${0%/*}/lib.sh"

begin='{"_sync":{"op":"begin","format":1,"run":"1","scope":"full"}}'
games='{"type":"object","required":["id","home"],"properties":{"id":{"type":"integer"},"home":{"type":"string","maxLength":9},"price":{"type":["number","null"],"title":"P"},"venue":{"type":"object","required":["city"],"properties":{"city":{"type":"string"},"geo":{"type":"object","properties":{"lat":{"type":"number"}}}}},"goals":{"type":"array","minItems":1,"items":{"type":"object","properties":{"min":{"type":"integer"}}}},"when":{"type":"string"}}}'

# shape JQ WANT DESC SCHEMA KEY STEP…: what a step makes of a schema frame
shape() {
	jq=$1 want=$2 desc=$3 schema=$4 key=$5
	shift 5
	n=$#
	while [ "$n" -gt 0 ]; do set -- "$@" -e "$1"; shift; n=$((n - 1)); done
	printf '%s\n{"_sync":{"op":"schema","stream":"g","key":%s,"schema":%s}}\n{"_sync":{"op":"end","count":{}}}\n' "$begin" "$key" "$schema" >frames
	run sync-transform "$@" frames
	is "$status $(sed -n 2p out | jq -c "._sync|[.key,(.schema|$jq)]")" "0 $want" "$desc"
}
p='.properties'
shape "[.required,($p|keys_unsorted)]" '[["nr"],[["nr","host"],["nr","host","price","venue","goals","when"]]]' 'rename: names, required, key' \
	"$games" '["id"]' 'rename: {id: nr, home: host}'
shape "[$p.city,$p.venue]" '[["id"],[{"type":"string"},{"type":"object","properties":{"geo":{"type":"object","properties":{"lat":{"type":"number"}}}}}]]' \
	'rename out of an object' "$games" '["id"]' 'rename: {venue.city: city}'
shape "$p.venue.properties.home" '[["/venue/home"],{"type":"string","maxLength":9}]' 'a key that moves into an object' "$games" '["home"]' 'rename: {home: venue.home}'
shape "[$p.a,$p.b,.required]" '[["b"],[{"type":"string"},{"type":"integer"},["b"]]]' 'names that swap' \
	'{"required":["a"],"properties":{"a":{"type":"integer"},"b":{"type":"string"}}}' '["a"]' 'rename: {a: b, b: a}'
shape "[.required,($p|keys_unsorted),$p.venue,$p.goals.items]" \
	'[null,[["home"],["home","venue","goals"],{"type":"object","properties":{"geo":{"type":"object","properties":{"lat":{"type":"number"}}}}},{"type":"object","properties":{"min":{"type":"integer"}}}]]' \
	'keep; a key of which a part goes is no key' "$games" '["id","home"]' 'keep: [home, venue.geo, "goals[*].min"]'
shape '.required' '[["a"],["a"]]' 'keep of what is not declared' '{"required":["a","b"]}' '["a"]' 'keep: [a]'
shape '.' '[["a"],{"type":"object"}]' 'and what schemas say of several fields' '{"type":"object","allOf":[{"required":["b"]}],"minProperties":2}' '["a"]' 'keep: [a]'
shape "[.required,$p.venue.properties.geo,$p.goals.minItems]" '[["id"],[["id"],null,null]]' 'drop' "$games" '["id"]' 'drop: [home, venue.geo, "goals[0]"]'
shape "[$p.season,$p.venue.properties.x,$p.price,$p.o.properties.p]" \
	'[["id"],[{"type":"integer"},{"type":"string"},{"type":"null"},{"type":"boolean"}]]' 'set' "$games" '["id"]' 'set: {season: 2024, venue.x: y, price: null, o.p: true}'
shape "[$p.id,$p.price,$p.goals.items.properties.min]" '[["id"],[{"type":"string"},{"type":["string","null"],"title":"P"},{"type":"number"}]]' \
	'cast: null stays possible, limits go' "$games" '["id"]' 'cast: {id: string, price: string, "goals[*].min": number}'
shape "$p.when" '[["id"],{"type":"string","format":"date-time"}]' 'time' "$games" '["id"]' 'time: {field: when, from: "%d/%m/%Y", zone: UTC}'
shape "$p.when" '[["id"],{"type":"string","format":"date"}]' 'to a date' "$games" '["id"]' 'time: {field: when, from: "%d/%m/%Y", to: "%F"}'
shape "[$p.when,$p.at]" '[["id"],[null,{"type":"integer"}]]' 'to epoch, into another field' "$games" '["id"]' 'time: {field: when, to-field: at, to: epoch}'
shape "$p.home" '[["id"],{"type":["string","integer"]}]' 'map: the types of the table' "$games" '["id"]' 'map: {field: home, using: {A: 1, B: x}}'
shape "$p.home" '[["id"],{}]' 'map that keeps: anything' "$games" '["id"]' 'map: {field: home, using: {A: 1}, unmapped: keep}'
shape "[$p.host,.required]" '[["host"],[{"type":["integer"]},["id"]]]' 'map into another field' "$games" '["home"]' \
	'map: {field: home, to-field: host, unmapped: drop, using: {A: 1}}'
shape "[$p.venue,$p[\"venue.city\"],$p[\"venue.geo.lat\"]]" '[["venue.city"],[null,{"type":"string"},{"type":"number"}]]' 'flatten' "$games" '["/venue/city"]' 'flatten: venue'
shape "$p.venue" '[["/venue/city"],{"type":"object","properties":{"city":{"type":"string"},"geo":{"type":"object","properties":{"lat":{"type":"number"}}}}}]' \
	'and nest' "$games" '["/venue/city"]' 'flatten: venue' 'nest: venue'
shape "[$p.goals,$p.goal,$p.n]" '[["id","n"],[null,{"type":"object","properties":{"min":{"type":"integer"}}},{"type":"integer"}]]' \
	'explode: the place in the array is a part of the key' "$games" '["id"]' 'explode: {field: goals, as: goal, index: n}'
shape "$p.goals" '[null,{"type":"object","properties":{"min":{"type":"integer"}}}]' 'without it there is none' "$games" '["id"]' 'explode: goals'
shape "$p.home" '[["id"],{"type":"string"}]' 'clean' "$games" '["id"]' 'clean: {field: home, with: trim}'

# what it can't follow it takes out: the schema says less, never something wrong
shape '.' '[["b"],{"additionalProperties":false,"properties":{"b":{}},"$defs":{"x":{}}}]' 'references and combined schemas' \
	'{"$ref":"#/$defs/x","allOf":[{"required":["a"]}],"additionalProperties":false,"properties":{"a":{"enum":["x"]}},"$defs":{"x":{}}}' '["a"]' \
	'rename: {a: b}' 'clean: {field: b, with: upper}'
shape '.' '[["a"],{"properties":{"a":{"type":"string"}}}]' 'names that a pattern allowed' \
	'{"additionalProperties":false,"patternProperties":{"^x":{}},"properties":{"a":{"type":"string"}}}' '["a"]' 'rename: {xa: b}'
shape '.' '[["a"],{"properties":{"a":{"type":"object"}}}]' 'a field that an object may have held' \
	'{"additionalProperties":false,"properties":{"a":{"type":"object"}}}' '["a"]' 'rename: {a.x: b}'
shape '.' '[["a"],{"additionalProperties":false,"properties":{"a":{"type":"string"}}}]' 'a field that can not be there' \
	'{"additionalProperties":false,"properties":{"a":{"type":"string"}}}' '["a"]' 'rename: {b: c}' 'cast: {d: string}'
shape '.' '[["a"],{"properties":{"a":{"type":"integer"}}}]' 'a field that is not declared gets another type' \
	'{"additionalProperties":{"type":"integer"},"properties":{"a":{"type":"integer"}}}' '["a"]' 'cast: {x: string}'
shape '.' '[["a"],{}]' 'a field beside others that are not declared' '{"additionalProperties":{"type":"integer"}}' '["a"]' 'set: {x: s}'
shape "$p.b" '[["id"],{}]' 'one of two fields, which may be of two types' '{"properties":{"a":{"type":"string"},"b":{"type":"integer"}}}' '["id"]' 'rename: {a: b}'
shape "$p.b" '[["id"],{"type":"string"}]' 'the only one that can be there' '{"required":["a"],"properties":{"a":{"type":"string"},"b":{"type":"integer"}}}' '["id"]' 'rename: {a: b}'
shape '.' '[["id"],{"properties":{"id":{}}}]' 'objects that are made' '{"properties":{"id":{}},"additionalProperties":{"type":"string"}}' '["id"]' 'nest: {}'
printf '%s\n{"_sync":{"op":"schema","stream":"g","key":7,"schema":{}}}\n{"_sync":{"op":"end","count":{}}}\n' "$begin" >frames
run sync-transform -e 'drop: [a]' frames
status_is 3 'a schema frame whose key is none'

# ---- changes
flat='{"type":"object","properties":{"id":{"type":"integer"},"home":{"type":"string"},"when":{"type":"string"},"d":{"type":"string"},"t":{"type":"string"},"venue":{"type":"object","properties":{"city":{"type":"string"},"seats":{"type":"integer"}},"additionalProperties":false}},"additionalProperties":false}'

# to WANT DESC RECORD STEP…: what becomes of a change; WANT "code path" if it is set aside
to() {
	want=$1 desc=$2 record=$3
	shift 3
	n=$#
	while [ "$n" -gt 0 ]; do set -- "$@" -e "$1"; shift; n=$((n - 1)); done
	printf '%s\n{"_sync":{"op":"schema","stream":"g","key":["id"],"schema":%s}}\n%s\n{"_sync":{"op":"end","count":{"g":1}}}\n' "$begin" "$flat" "$record" >changes
	rm -f bad
	run sync-transform --rejects bad "$@" changes
	if [ -s bad ]; then got=$(jq -r '._sync.error|"\(.code) \(.path)"' bad); else got=$(sed '1,2d;$d' out); fi
	is "$got" "$want" "$desc"
}
u() { printf '{"_sync":{"op":"update"%s},"id":7%s}' "$1" "$2"; }
to '{"_sync":{"op":"update","before":{"host":"x"},"key":{"nr":6},"unset":["at"]},"nr":7,"host":"y"}' 'rename: fields, key, old values, removals' \
	"$(u ',"before":{"home":"x"},"key":{"id":6},"unset":["when"]' ',"home":"y"')" 'rename: {id: nr, home: host, when: at}'
to "$(u ',"key":{"id":6}' '')" 'drop' "$(u ',"before":{"home":"x"},"key":{"id":6},"unset":["when"]' ',"home":"y"')" 'drop: [when, home]'
to "$(u ',"key":{"id":6}' '')" 'keep' "$(u ',"before":{"home":"x"},"key":{"id":6},"unset":["when"]' ',"home":"y"')" 'keep: [id]'
to "$(u ',"unset":["venue"]' '')" 'keep of what has no such part any more' "$(u '' ',"venue":"x"')" 'keep: [id, venue.city]'
to "$(u ',"unset":["venue"]' '')" 'also null' "$(u '' ',"venue":null')" 'keep: [id, venue.city]'
to "$(u '' ',"venue":{}')" 'or is an object without it' "$(u '' ',"venue":{"seats":1}')" 'keep: [id, venue.city]'
to "$(u ',"before":{"d":"1"}' ',"home":5' | sed 's/7/"7"/')" 'cast, and old values that can not be' "$(u ',"before":{"home":"x","d":1}' ',"home":"5"')" \
	'cast: {id: string, home: integer, d: string}'
to 'bad-cast /home' 'but new values must' "$(u '' ',"home":"x"')" 'cast: {home: integer}'
to 'bad-cast /id' 'and keys' "$(u ',"key":{"id":"x"}' '')" 'cast: {id: integer}'
to "$(u '' ',"when":"x"')" 'set: what is set is not removed; of an object that is not there, nothing' "$(u ',"unset":["when"]' '')" 'set: {when: x, venue.city: y}'
to "$(u '' ',"venue":{"city":"y"}')" 'an object that is removed is made again' "$(u ',"unset":["venue"]' '')" 'set: {venue.city: y}'
to '{"_sync":{"op":"delete"},"id":5}' 'a delete keeps to its key' '{"_sync":{"op":"delete"},"id":7}' 'set: {x: 1, id: 5}'
to 'partial /t' 'a time of two fields, of which one changed' "$(u '' ',"d":"01/02/2024"')" 'time: {fields: [d, t], from: "%d/%m/%Y %R", zone: UTC, to-field: at}'
to "$(u '' '')" 'of which none changed' "$(u '' '')" 'time: {fields: [d, t], from: "%d/%m/%Y %R", zone: UTC, to-field: at}'
to "$(u ',"unset":["at"]' '')" 'of which both are removed' "$(u ',"unset":["d","t"]' '')" 'time: {fields: [d, t], from: "%d/%m/%Y %R", zone: UTC, to-field: at}'
to "$(u '' '')" 'of which one old value is known' "$(u ',"before":{"d":"x"}' '')" 'time: {fields: [d, t], from: "%d/%m/%Y %R", zone: UTC, to-field: at}'
to "$(u '' ',"when":"2024-02-01T00:00:00Z"')" 'old values that can not be are removed' "$(u ',"before":{"when":"bad","home":"old"}' ',"when":"01/02/2024"')" \
	'time: {field: when, from: "%d/%m/%Y", zone: UTC}' 'map: {field: home, using: {new: NEW}}'
to "$(u '' ',"host":"NEW"')" 'also of another name' "$(u ',"before":{"host":"bad","home":"old"}' ',"home":"new"')" 'map: {field: home, to-field: host, using: {new: NEW}}'
to "$(u '' ',"host":"NEW"')" 'or where two would meet' "$(u ',"before":{"host":"bad","home":"new"}' ',"home":"new"')" 'map: {field: home, to-field: host, using: {new: NEW}}'
to "$(u '' ',"a":"new"')" 'also by rename' "$(u ',"before":{"a":1,"home":"old"}' ',"home":"new"')" 'rename: {home: a}'
to "$(u ',"unset":["home"]' '')" 'map that drops removes' "$(u '' ',"home":"zz"')" 'map: {field: home, using: {a: b}, unmapped: drop}'
to "$(u ',"unset":["x"]' '')" 'also of another name' "$(u '' ',"home":"zz"')" 'map: {field: home, to-field: x, using: {a: b}, unmapped: drop}'
to 'partial /home' 'a field that becomes a part of an object' "$(u '' ',"home":"x"')" 'rename: {home: venue.home}'
to 'partial /home' 'an object that a field becomes a part of' "$(u '' ',"venue":{}')" 'rename: {home: venue.home}'
to "$(u '' ',"t":"x"')" 'neither' "$(u ',"before":{"home":"x","venue":{"city":"y"}}' ',"t":"x"')" 'rename: {home: venue.home}'
to "$(u '' ',"venue":{},"city":"x"')" 'a part of an object becomes a field' "$(u '' ',"venue":{"city":"x"}')" 'rename: {venue.city: city}'
to "$(u ',"unset":["city"]' ',"venue":{"seats":5}')" 'which it has no more' "$(u '' ',"venue":{"seats":5}')" 'rename: {venue.city: city}'
to "$(u ',"unset":["venue","city"]' '')" 'nor the object' "$(u ',"unset":["venue"]' '')" 'rename: {venue.city: city}'
to "$(u ',"before":{"venue":{}}' ',"venue":{"seats":5}')" 'which it never had' "$(u ',"before":{"venue":{}}' ',"venue":{"seats":5}')" 'rename: {venue.city: home}'
to 'partial /venue/city' 'of which nothing is known' "$(u '' ',"venue":{"seats":5}')" 'rename: {venue.city: home}'
to "$(u ',"unset":["at"]' ',"venue":{"seats":5}')" 'also by other steps' "$(u '' ',"venue":{"seats":5}')" 'time: {field: venue.city, to-field: at}'
to 'partial /home' 'which may be a field of its own' "$(u '' ',"venue":{"seats":5}')" 'time: {field: venue.city, to-field: home}'
to "$(u ',"unset":["venue.city"]' ',"venue.seats":5')" 'flatten: what the object has no more is removed' "$(u '' ',"venue":{"seats":5}')" 'flatten: venue'
to "$(u ',"unset":["venue.city","venue.seats"]' ',"venue":null')" 'or has never had' "$(u '' ',"venue":null')" 'flatten: venue'
to "$(u ',"before":{"venue.x":1},"unset":["venue.x"]' ',"venue.seats":5')" 'old values say it better' "$(u ',"before":{"venue":{"x":1}}' ',"venue":{"seats":5}')" 'flatten: venue'
to 'partial null' 'an object that nothing is known of, or not all' "$(u '' ',"other":{"x":5}')" 'flatten: other'
to 'partial /venue.city' 'nest: a part says nothing of the whole' "$(u '' ',"venue.city":"x"')" 'nest: venue'
to '{"_sync":{"op":"delete"},"o":{"k":1},"id":7}' 'but a key is whole' '{"_sync":{"op":"delete"},"o.k":1,"id":7}' 'nest: o'
to 'partial /a' 'an update can not be exploded' "$(u '' ',"a":[1]')" 'explode: a'
to 'partial /a' 'nor a delete' '{"_sync":{"op":"delete"},"id":7}' 'explode: a'
to '{"_sync":{"op":"insert","ts":"2024-01-01T00:00:00Z"},"id":7,"a":1}
{"_sync":{"op":"insert","ts":"2024-01-01T00:00:00Z"},"id":7,"a":2}' 'an insert can' '{"_sync":{"op":"insert","ts":"2024-01-01T00:00:00Z"},"id":7,"a":[1,2]}' 'explode: a'
to 'no-key null' 'a delete whose key goes' '{"_sync":{"op":"delete"},"id":7}' 'drop: [id]'
to '{"_sync":{"op":"truncate"}}' 'truncate' '{"_sync":{"op":"truncate"}}' 'set: {x: 1}' 'explode: a'
to "$(u ',"before":{"home":"É"},"unset":["ü\n"]' ',"home":"É"')" 'names and texts of any kind' "$(u ',"before":{"home":"É"},"unset":["x"]' ',"home":"é"')" \
	'rename: {x: "[\"ü\\n\"]"}' 'clean: {field: home, with: upper}' 'map: {field: home, using: {É: É}, unmapped: keep}'

run sh -c 'printf "%s\n" "{\"_sync\":{\"op\":\"delete\"},\"id\":7}" | sync-transform --plain -e "drop: [id]" --rejects none'
is "$status $(jq -r ._sync.error.code none)" '1 no-key' 'also where no schema says what the key is'
rm -f none
run sh -c 'printf "%s\n" "{\"_sync\":{\"op\":\"update\",\"key\":{\"id\":6}},\"id\":7,\"a\":1}" | sync-transform --plain -e "keep: [a]" --rejects none'
is "$status $(jq -r ._sync.error.code none)" '1 no-key' 'an update whose old key goes'

# ---- scope keys
printf '{"_sync":{"op":"begin","format":1,"run":"1","scope":"keys"}}\n{"id":7}\n{"_sync":{"op":"end","count":{"":1}}}\n' >keys
run sync-transform -e 'set: {x: 1}' -e 'cast: {id: string}' -e 'rename: {id: nr}' keys
is "$(sed -n 2p out)" '{"nr":"7"}' 'of a stream of keys, the keys are mapped'
run sync-transform -e 'explode: a' keys
status_is 3 'and nothing is exploded'

finish
