#!/bin/sh
# transform.t: every step of sync-transform: what it makes of rows, what it sets aside and how it says so.
. "${0%/*}/lib.sh"

# to WANT DESC INPUT STEP…: what becomes of plain input
to() {
	want=$1 desc=$2 input=$3
	shift 3
	n=$#
	while [ "$n" -gt 0 ]; do set -- "$@" -e "$1"; shift; n=$((n - 1)); done
	run sh -c 'printf "%s\n" "$0" | sync-transform --plain "$@"' "$input" "$@"
	is "$status $(cat out err)" "0 $want" "$desc"
}

# no "CODE PATH RULE" DESC INPUT STEP…: the record is set aside, as it came
no() {
	want=$1 desc=$2 input=$3
	shift 3
	n=$#
	while [ "$n" -gt 0 ]; do set -- "$@" -e "$1"; shift; n=$((n - 1)); done
	rm -f bad
	run sh -c 'printf "%s\n" "$0" | sync-transform --plain --rejects bad "$@"' "$input" "$@"
	is "$status $(jq -r '._sync.error|"\(.code) \(.path) \(.rule) \(.by)"' bad) $(sed 's/^{"_sync":{"error":{[^}]*}},\{0,1\}/{/' bad)" \
		"1 $want sync-transform $input" "$desc"
}

# ---- rename
to '{"b":1,"c":2}' 'rename keeps the place' '{"a":1,"c":2}' 'rename: {a: b}'
to '{"b":1,"a":2}' 'two names swap' '{"a":1,"b":2}' 'rename: {a: b, b: a}'
to '{"b":1,"c":2,"a":3}' 'three go round' '{"a":1,"b":2,"c":3}' 'rename: {a: b, b: c, c: a}'
to '{"b":1,"c":2}' 'a chain moves up' '{"a":1,"b":2}' 'rename: {a: b, b: c}'
to '{"a":2}' 'a swap with one of them missing' '{"b":2}' 'rename: {a: b, b: a}'
to '{"c":2}' 'what is absent has no name' '{"c":2}' 'rename: {a: b}'
to '{"x":{"z":1},"w":2}' 'inside an object' '{"x":{"y":1},"w":2}' 'rename: {x.y: x.z}'
to '{"x":{},"w":2,"y":1}' 'out of an object' '{"x":{"y":1},"w":2}' 'rename: {x.y: y}'
to '{"x":{"k":0,"w":2}}' 'into an object' '{"x":{"k":0},"w":2}' 'rename: {w: x.w}'
to '{"x":{"w":{"v":2}}}' 'into objects that are made' '{"w":2}' 'rename: {w: x.w.v}'
to '{"g":[{"b":1},{"c":2},3]}' 'in every element' '{"g":[{"a":1},{"c":2},3]}' 'rename: {"g[*].a": "g[*].b"}'
to '{"a.b":1,"é\n":2}' 'to any name' '{"x":1,"y":2}' 'rename: {x: "[\"a.b\"]", y: "[\"é\\n\"]"}'
to '{"b":1.10}' 'of any spelling' '{"\u0061":1.10}' 'rename: {a: b}'
no 'name-exists /a step 1 rename' 'onto a name that exists' '{"a":1,"b":2}' 'rename: {a: b}'
no 'name-exists /x/y step 2 rename' 'also by moving' '{"x":{"y":1},"y":2}' 'set: {k: 1}' 'rename: {x.y: y}'
no 'name-exists /g/*/a step 1 rename' 'also in one element' '{"g":[{"a":1},{"a":1,"b":2}]}' 'rename: {"g[*].a": "g[*].b"}'
no 'not-a-container /x/w step 1 rename' 'into what is no object' '{"x":5,"w":2}' 'rename: {w: x.w}'

# ---- keep and drop
to '{"b":2,"a":1}' 'keep keeps the order of the record' '{"b":2,"c":3,"a":1}' 'keep: [a, b]'
to '{"v":{"city":"L"},"g":[{"m":1},{}]}' 'keep below objects and arrays' \
	'{"v":{"city":"L","x":1},"g":[{"m":1,"n":2},{"n":2},3],"w":0}' 'keep: [v.city, "g[*].m"]'
to '{"v":{"x":1},"g":[{"n":2},3]}' 'what is kept whole is kept whole' \
	'{"v":{"x":1},"g":[{"n":2},3],"w":0}' 'keep: [v.city, v, "g[*].m", "g[*]"]'
to '{"g":[{"m":1},{}]}' 'of elements, a part' '{"g":[{"m":1,"n":2},{"n":2}],"w":0}' 'keep: ["g[*].m"]'
to '{"g":[{"m":1,"n":2},{"m":3}]}' 'of each and of one' '{"g":[{"m":1,"n":2,"o":3},{"m":3,"n":4}]}' 'keep: ["g[*].m", "g[0].n"]'
to '{"v":{}}' 'an object of which nothing is kept is empty' '{"v":{"x":1}}' 'keep: [v.city]'
to '{}' 'what holds no fields holds none to keep' '{"v":5,"w":null}' 'keep: [v.city, w.x]'
to '{}' 'nothing there to keep' '{"a":1}' 'keep: [b]'
to '{"_sync":{"ts":"2024-01-01T00:00:00Z"},"b":1}' 'what is said of a record stays' '{"_sync":{"ts":"2024-01-01T00:00:00Z"},"a":2,"b":1}' 'keep: [b]'
to '{"c":3}' 'drop' '{"a":1,"b":2,"c":3}' 'drop: [a, b, d]'
to '{"c":3}' 'drop of one' '{"a":1,"c":3}' 'drop: a'
to '{"v":{"x":1},"g":[{"b":1},{"b":2}]}' 'drop inside' '{"v":{"x":1,"y":2},"g":[{"a":1,"b":1},{"b":2}]}' 'drop: [v.y, "g[*].a"]'
to '{"g":[2,4]}' 'elements by what they were before the step' '{"g":[1,2,3,4]}' 'drop: ["g[0]", "g[2]"]'
to '{"g":[{"x":1},{"y":2}]}' 'inside elements and elements' '{"g":[{"z":0},{"x":1},{"x":2,"y":2}]}' 'drop: ["g[0]", "g[2].x"]'
to '{"g":[[2],[3]]}' 'of each and of one' '{"g":[[0,1,2],[0,3]]}' 'drop: ["g[*][0]", "g[0][1]"]'
to '{"x":1}' 'a parent and what is in it' '{"v":{"y":2},"x":1}' 'drop: [v.y, v]'
to '{"a/b":{"~":1}}' 'a JSON Pointer' '{"a/b":{"~":1,"c":2}}' 'drop: [/a~1b/c]'

# ---- set
to '{"a":1.10,"b":[1,{"x":null}],"c":true}' 'set' '{"a":0}' 'set: {a: 1.10, b: [1, {x: null}], c: true}'
to '{"a":12345678901234567890123456789012345678901234567890.00}' 'numbers keep their digits' '{}' \
	'set: {a: 12345678901234567890123456789012345678901234567890.00}'
to '{"a":{"b":{"c":1}}}' 'objects are made for missing parents' '{}' 'set: {a.b.c: 1}'
to '{"a":[9,9]}' 'every element' '{"a":[1,2]}' 'set: {"a[*]": 9}'
to '{"a":[{"x":1},{"y":2,"x":1}]}' 'in every element' '{"a":[{"x":0},{"y":2}]}' 'set: {"a[*].x": 1}'
to '{"a":[1,7]}' 'behind the last element' '{"a":[1]}' 'set: {"a[1]": 7}'
to '{"b":1}' 'elements of an array that is not there' '{"b":1}' 'set: {"a[*]": 9}'
no 'no-parent /a/2 step 1 set' 'far behind the last element' '{"a":[1]}' 'set: {"a[2]": 7}'
no 'not-a-container /a/b step 1 set' 'inside what is no object' '{"a":"x"}' 'set: {a.b: 7}'
no 'not-a-container /a/b step 1 set' 'or null' '{"a":null}' 'set: {a.b: 7}'

# ---- cast
to '{"a":7,"b":-7,"c":100,"d":0,"e":1,"f":null}' 'to integers' '{"a":"007","b":"-7.0","c":1e2,"d":"-0","e":true,"f":null}' \
	'cast: {a: integer, b: integer, c: integer, d: integer, e: integer, f: integer, g: integer}'
to '{"a":12345678901234567890123456789012345678901234567890}' 'of any length' '{"a":"12345678901234567890123456789012345678901234567890"}' 'cast: {a: integer}'
to '{"a":1.50,"b":0.5,"c":"NaN","d":1e400,"e":0}' 'to numbers' '{"a":"01.50","b":".5","c":"NaN","d":"1e400","e":false}' \
	'cast: {a: number, b: number, c: number, d: number, e: number}'
to '{"a":"1.50","b":"true","c":"{\"x\":[1,\"q\\\"\"]}","d":"t"}' 'to strings' '{"a":1.50,"b":true,"c":{"x":[1,"q\""]},"d":"t"}' \
	'cast: {a: string, b: string, c: string, d: string}'
to '{"a":true,"b":false,"c":true,"d":false,"e":true}' 'to booleans' '{"a":"Yes","b":"off","c":1.0,"d":0,"e":true}' \
	'cast: {a: boolean, b: boolean, c: boolean, d: boolean, e: boolean}'
to '{"a":["1","2"],"b":{"c":3}}' 'inside' '{"a":[1,2],"b":{"c":"3"}}' 'cast: {"a[*]": string, b.c: integer}'
for bad in '"1.5"' 1.5 '""' '" 1"' '"0x10"' '"1e"' '"NaN"' '[]' '{"x":1}' '"１"' 1e2000; do
	no 'bad-cast /a step 1 cast' "no integer: $bad" "{\"a\":$bad}" 'cast: {a: integer}'
done
for bad in '"one"' '"1,5"' '"1 000"' '"nan"' '[]' '"-"' '"."'; do
	no 'bad-cast /a step 1 cast' "no number: $bad" "{\"a\":$bad}" 'cast: {a: number}'
done
for bad in '"maybe"' 2 '""' '[]'; do
	no 'bad-cast /a step 1 cast' "no boolean: $bad" "{\"a\":$bad}" 'cast: {a: boolean}'
done

# ---- time
to '{"a":"2024-08-03T14:00:00Z"}' 'local time to UTC' '{"a":"03/08/2024 15:00"}' 'time: {field: a, from: "%d/%m/%Y %H:%M", zone: Europe/London}'
to '{"a":1722693600,"b":null}' 'to epoch' '{"a":"2024-08-03T15:00:00+01:00","b":null}' 'time: {fields: [a], to: epoch}' 'time: {field: b}'
to '{"a":"2024-08-03T15:00:00.123+01:00"}' 'to a zone' '{"a":1722693600123}' 'time: {field: a, from: epoch-ms, to: {zone: Europe/London}}'
to '{"at":"2024-08-03T14:00:00Z","x":1}' 'of two fields into one, which takes the first place' '{"d":"2024-08-03","x":1,"t":"15:00"}' \
	'time: {fields: [d, t], from: "%Y-%m-%d %H:%M", zone: Europe/London, to-field: at}'
to '{"d":"2024-08-03","t":"15:00","at":"2024-08-03T14:00:00Z"}' 'the others stay with keep' '{"d":"2024-08-03","t":"15:00"}' \
	'time: {fields: [d, t], from: "%Y-%m-%d %H:%M", zone: Europe/London, to-field: at, keep: true}'
to '{"at":null}' 'of nothing, nothing' '{"d":null,"t":null}' 'time: {fields: [d, t], from: "%F %R", zone: UTC, to-field: at}'
to '{"a":"03.08.2024"}' 'to a format' '{"a":"2024-08-03"}' 'time: {field: a, from: "%F", to: "%d.%m.%Y"}'
to '{"a":["2024-08-03T14:00:00Z","2024-08-03T00:00:00Z"]}' 'the first form that fits' '{"a":["2024-08-03T14:00:00Z","03/08/2024"]}' \
	'time: {field: "a[*]", from: [rfc3339, "%d/%m/%Y"], zone: UTC}'
no 'bad-time /a step 1 time' 'no such day' '{"a":"30/02/2024 15:00"}' 'time: {field: a, from: "%d/%m/%Y %H:%M", zone: Europe/London}'
no 'time-gap /a step 1 time' 'a time that clocks skip' '{"a":"2024-03-31 01:30"}' 'time: {field: a, from: "%F %R", zone: Europe/London}'
no 'time-overlap /a step 1 time' 'a time that clocks show twice' '{"a":"2024-10-27 01:30"}' 'time: {field: a, from: "%F %R", zone: Europe/London}'
no 'lossy /a step 1 time' 'a fraction that would be cut' '{"a":"2024-10-27T01:30:00.5Z"}' 'time: {field: a, to: epoch}'
no 'bad-time /d step 1 time' 'one of two fields is missing' '{"d":"2024-08-03"}' 'time: {fields: [d, t], from: "%Y-%m-%d %H:%M", zone: UTC, to-field: at}'
no 'name-exists /at step 1 time' 'the result would stand on another' '{"d":"2024-08-03","at":1}' 'time: {field: d, from: "%F", zone: UTC, to-field: at}'

# ---- map
printf 'id,name\nars,Arsenal FC\n7,Elsewhere\n' >teams.csv
to '{"a":"ars","b":"7","c":null}' 'map by a file' '{"a":"Arsenal FC","b":"Elsewhere","c":null}' 'map: {fields: [a, b, c, d], using: teams.csv, from: name, to: id}'
to '{"a":["ars","X"]}' 'unmapped: keep' '{"a":["Arsenal FC","X"]}' 'map: {field: "a[*]", using: teams.csv, from: name, to: id, unmapped: keep}'
to '{"a":null,"b":1}' 'unmapped: null' '{"a":"X","b":1}' 'map: {field: a, using: teams.csv, from: name, to: id, unmapped: null}'
to '{"a":["ars"]}' 'unmapped: drop, of several elements' '{"a":["X","Y","Arsenal FC"]}' 'map: {fields: ["a[0]", "a[1]", "a[2]"], using: teams.csv, from: name, to: id, unmapped: drop}'
to '{"b":1}' 'unmapped: drop' '{"a":"X","b":1}' 'map: {field: a, using: teams.csv, from: name, to: id, unmapped: drop}'
to '{"a":{"n":0.10},"b":1}' 'unmapped: a default' '{"a":"X","b":1}' 'map: {field: a, using: teams.csv, from: name, to: id, unmapped: {default: {n: 0.10}}}'
to '{"a":"x","b":"one","c":"yes","d":"one"}' 'a table in place' '{"a":"A","b":1,"c":true,"d":"1"}' 'map: {fields: [a, b, c, d], using: {A: x, 1: one, true: yes}}'
to '{"id":"ars","x":1}' 'to another field, in its place' '{"home":"Arsenal FC","x":1}' 'map: {field: home, to-field: id, using: teams.csv, from: name, to: id}'
to '{"home":"Arsenal FC","id":"ars"}' 'beside it with keep' '{"home":"Arsenal FC"}' 'map: {field: home, to-field: id, keep: true, using: teams.csv, from: name, to: id}'
no 'unmapped /a step 1 map' 'what is not in the table' '{"a":"X"}' 'map: {field: a, using: teams.csv, from: name, to: id}'
no 'name-exists /id step 1 map' 'the result would stand on another' '{"home":"Arsenal FC","id":1}' 'map: {field: home, to-field: id, using: teams.csv, from: name, to: id}'
sqlite3 teams.db 'create table t (id integer primary key, name text); insert into t values (1, "Arsenal FC"), (2, "Elsewhere")'
to '{"a":1}' 'map by a database' '{"a":"Arsenal FC"}' 'map: {field: a, using: "teams.db#t", from: name, to: id}'
mkdir maps
mv teams.csv maps/
printf -- '- map: {field: a, using: teams.csv, from: name, to: id}\n' >maps/map.yaml
run sh -c 'echo "{\"a\":\"Elsewhere\"}" | sync-transform --plain -f maps/map.yaml'
out_is '{"a":"7"}' 'a file is found beside the map'
printf '{"k":1,"v":"a"}\n{"k":1.0,"v":"b"}\n' >twice.ndjson
run sync-transform --plain -e 'map: {field: a, using: twice.ndjson, from: k, to: v}' /dev/null
status_is 3 'a table that says two things of one value'
err_has "twice.ndjson: row 2: '1.0' stands there twice, with different values" 'names it'
run sync-transform --plain -e 'map: {field: a, using: twice.ndjson, from: key, to: v}' /dev/null
status_is 2 'a field that the table lacks'
err_has "'twice.ndjson' has no field 'key'" 'is named'
many=$(i=0; while [ $i -lt 300 ]; do printf '{map: {field: a, using: {A: %d}, unmapped: keep}}, ' $i; i=$((i + 1)); done)
to '{"a":0}' 'many small tables take little memory' '{"a":"A"}' "[$many]"
run sync-transform --plain -e 'map: {field: a, using: nosuch.csv, from: k, to: v}' /dev/null
status_is 3 'a table that is not there'

# ---- flatten and nest
to '{"venue.city":"L","venue.geo.lat":1,"venue.t":[{"a":1}],"venue.e":{},"x":1}' 'flatten' \
	'{"venue":{"city":"L","geo":{"lat":1},"t":[{"a":1}],"e":{}},"x":1}' 'flatten: venue'
to '{"x":1,"venue.city":"L","y":2}' 'in their place' '{"x":1,"venue":{"city":"L"},"y":2}' 'flatten: venue'
to '{"a_b":1,"c_d":2,"e":3}' 'all, by another separator' '{"a":{"b":1},"c":{"d":2},"e":3}' 'flatten: {separator: _}'
to '{"a":{"b.c":1,"x":{"y":2}}}' 'inside an object' '{"a":{"b":{"c":1},"x":{"y":2}}}' 'flatten: a.b'
to '{"venue":5,"w":[1]}' 'what is no object stays' '{"venue":5,"w":[1]}' 'flatten: [venue, w]'
to '{"_sync":{"ts":"2024-01-01T00:00:00Z"},"a.b":1}' 'not what is said of the record' '{"_sync":{"ts":"2024-01-01T00:00:00Z"},"a":{"b":1}}' 'flatten: {}'
no 'name-exists null step 1 flatten' 'onto a name that exists' '{"venue":{"city":1},"venue.city":2}' 'flatten: venue'
to '{"venue":{"city":"L","geo":{"lat":1,"lon":2}},"x":1}' 'nest' '{"venue.city":"L","venue.geo.lat":1,"x":1,"venue.geo.lon":2}' 'nest: venue'
to '{"a":{"b":1},"c.d":2}' 'all, by another separator' '{"a_b":1,"c.d":2}' 'nest: {separator: _}'
to '{"o":{"a":{"b":1},"c.d":2}}' 'inside an object' '{"o":{"a.b":1,"c.d":2}}' 'nest: o.a'
no 'name-exists null step 1 nest' 'onto a name that exists' '{"venue.city":1,"venue":2}' 'nest: venue'
no 'name-exists null step 1 nest' 'an object and a value of one name' '{"venue.a":1,"venue.a.b":2}' 'nest: venue'
to '{"a":{"b":{"c":[1,{"d":2}]},"e":1.0}}' 'there and back' '{"a":{"b":{"c":[1,{"d":2}]},"e":1.0}}' 'flatten: {}' 'nest: {}'

# ---- explode
to '{"id":1,"g":{"m":4},"n":0}
{"id":1,"g":{"m":80},"n":1}' 'explode' '{"id":1,"goals":[{"m":4},{"m":80}]}' 'explode: {field: goals, as: g, index: n}'
to '{"g":1,"id":5}
{"g":2,"id":5}' 'in place' '{"g":[1,2],"id":5}' 'explode: g'
to '{"a":1,"b":"x","k":1}
{"a":1,"b":"y","k":1}
{"a":2,"b":"x","k":1}
{"a":2,"b":"y","k":1}' 'twice' '{"a":[1,2],"b":["x","y"]}' 'explode: a' 'explode: b' 'set: {k: 1}'
to '{"o":{"a":1}}
{"o":{"a":2}}' 'inside' '{"o":{"a":[1,2]}}' 'explode: o.a'
to '' 'without elements, nothing comes out' '{"id":1,"g":[]}' 'explode: g'
to '{"id":1,"g":null,"n":null}' 'unless it is kept' '{"id":1,"g":[]}' 'explode: {field: g, index: n, empty: keep}'
to '{"id":1,"g":null}' 'also where there is no field' '{"id":1}' 'explode: {field: g, empty: keep}'
no 'no-elements /g step 1 explode' 'or refused' '{"id":1}' 'explode: {field: g, empty: reject}'
no 'not-an-array /g step 1 explode' 'no array' '{"id":1,"g":7}' 'explode: g'
no 'name-exists /n step 1 explode' 'onto a name that exists' '{"n":1,"g":[7]}' 'explode: {field: g, index: n}'
no 'bad-cast /g step 2 cast' 'when one of its records fails, so does the record' '{"id":1,"g":[1,"x"]}' 'explode: g' 'cast: {g: integer}'
awk 'BEGIN { printf "{\"t\":\""; for (i = 0; i < 4000; i++) printf "x"; printf "\",\"g\":[0"; for (i = 0; i < 4000; i++) printf ",0"; print "]}" }' >wide
rm -f bad
run sync-transform --plain --memory 1M --rejects bad -e 'set: {k: 1}' -e 'explode: g' wide
is "$status $(jq -r '._sync.error|"\(.code) \(.rule)"' bad)" '1 too-large step 2 explode' 'what one record becomes is bounded by --memory'

# ---- clean
to '{"a":"x y","b":" x ","c":5}' 'trim and squeeze' '{"a":"\t x \u00a0\n y ","b":" x ","c":5}' 'clean: {fields: [a, c], with: [trim, squeeze]}'
to '{"a":"é","b":"àé","c":"ÀÉSS","d":"strasse","e":"ﬁ"}' 'normal form and case' '{"a":"e\u0301","b":"ÀÉ","c":"àéss","d":"Straße","e":"ﬁ"}' \
	'clean: {fields: [a, e], with: nfc}' 'clean: {field: b, with: lower}' 'clean: {field: c, with: [upper]}' 'clean: {field: d, with: [fold]}'
to '{"a":"STRAßE","b":"ﬁ"}' 'letters without a simple upper case' '{"a":"straße","b":"ﬁ"}' 'clean: {fields: [a, b], with: upper}'
to '{"a":""}' 'nothing but white space' '{"a":" \u2003 "}' 'clean: {field: a, with: [trim]}'
to '{"a":" x"}' 'in their order' '{"a":"  X"}' 'clean: {field: a, with: [squeeze, lower]}'

# ---- steps compose
to '{"y":3}' 'rename, set on the new name, set inside the set value, drop the parent' '{"a":1,"y":3}' \
	'rename: {a: b}' 'set: {b: {k: 0}}' 'set: {b.x: 2}' 'drop: [b]'
to '{"b":{"k":0,"x":2},"y":3}' 'and before it is dropped' '{"a":1,"y":3}' 'rename: {a: b}' 'set: {b: {k: 0}}' 'set: {b.x: 2}'
to '{"b":1,"a":"1"}' 'in their order' '{"a":1}' 'cast: {a: string}' 'rename: {a: b}' 'cast: {b: integer}' 'set: {a: "1"}' 'keep: [a, b]' \
	'rename: {a: c}' 'rename: {c: x, b: y}' 'rename: {x: b, y: a}' 'rename: {a: b, b: a}'
to '{"v":{"c":"x"}}' 'flatten, rename, nest' '{"w":{"b":" x"}}' 'flatten: w' 'clean: {field: "[\"w.b\"]", with: trim}' 'rename: {"[\"w.b\"]": "[\"v.c\"]"}' 'nest: v'
to '{"a":1.10,"b":12345678901234567890123456789,"c":"\u00e9"}' 'what no step touches is written as it was' \
	'{"a":1.10,"b":12345678901234567890123456789,"c":"\u00e9","d":1}' 'drop: [d]'

# ---- files of steps
printf -- '- set: {a: file}\n' >one.yaml
printf '[{"set": {"b": "json"}}]' >two.json
run sh -c 'echo "{}" | sync-transform --plain -e "set: {a: e, c: e}" -f one.yaml -e "rename: {c: d}" -f two.json'
out_is '{"a":"e","b":"json","d":"e"}' 'those of -e come behind those of -f'
printf '{}\n' >in.ndjson
run sync-transform --plain -e '[{set: {a: 1}}, {set: {b: 2}}]' in.ndjson
out_is '{"a":1,"b":2}' '-e takes a list too'
cat >streams.yaml <<'E'
streams:
  games: [{set: {k: game}}, {cast: {id: string}}]
  teams: [{rename: {id: nr}}]
  never: [{drop: [id]}]
E
cat >two.ndjson <<'E'
{"_sync":{"op":"begin","format":1,"run":"1","scope":"full"}}
{"_sync":{"stream":"teams"},"id":1}
{"_sync":{"stream":"games"},"id":2}
{"_sync":{"stream":"other"},"id":3}
{"_sync":{"op":"end","count":{"teams":1,"games":1,"other":1}}}
E
run sync-transform --verbose -f streams.yaml -e 'set: {z: 0}' two.ndjson
is "$(sed '1d;$d' out)" '{"_sync":{"stream":"teams"},"nr":1,"z":0}
{"_sync":{"stream":"games"},"id":"2","k":"game","z":0}
{"_sync":{"stream":"other"},"id":3,"z":0}' 'steps by stream, and for all'
err_has "note: there are steps for stream 'never', but it never came by" 'a stream that never comes'

# ---- mistakes
wrong() {
	run sync-transform --plain "$3" "$4" in.ndjson
	is "$status $(cat err)" "2 sync-transform: error: $1" "$2"
}
cat >bad.yaml <<'E'
- rename: {a: b}
- kepe: [a]
E
wrong "bad.yaml:2:3: there is no step 'kepe', did you mean 'keep'?" 'a step that is none' -f bad.yaml
wrong "-e 1:1:1: step 'compute' is not built into this version" 'a step of later versions' -e 'compute: {a: b}'
wrong "-e 1:1:1: there is no step 'stream', did you mean 'streams'?" 'a map of streams misspelt' -e 'stream: {a: [{drop: b}]}'
wrong "-e 1:1:9: rename: 'a' and 'c' meet: make two steps of it" 'two fields of one new name' -e 'rename: {a: b, c: b}'
wrong "-e 1:1:13: rename: 'a' would stand inside itself" 'a field inside itself' -e 'rename: {a: a.b}'
wrong "-e 1:1:7: keep: no field is named" 'keep of nothing' -e 'keep: []'
wrong "-e 1:1:11: cast: the type: 'integr' is not known, did you mean 'integer'?" 'a type misspelt' -e 'cast: {a: integr}'
wrong "-e 1:1:11: cast: the type: 'int' is not known: one of integer, number, string, boolean" 'a type that is none' -e 'cast: {a: int}'
wrong "-e 1:1:18: time: 'zoen' is not known, did you mean 'zone'?" 'a word misspelt' -e 'time: {field: a, zoen: UTC}'
wrong "-e 1:1:25: time: '%Q': no conversion '%Q'; a '%' itself is written '%%'" 'a conversion that is none' -e 'time: {field: a, from: "%Q"}'
wrong "-e 1:1:7: time: 'zone' is missing: '%d/%m/%Y' says no offset" 'a zone that is missing' -e 'time: {field: a, from: "%d/%m/%Y"}'
wrong "-e 1:1:7: time: '%H:%M' says no year" 'a year that is missing' -e 'time: {field: a, from: "%H:%M", zone: UTC}'
wrong "-e 1:1:24: time: no time zone 'Europe/Londn' in the system's zoneinfo (the package tzdata has them)" 'a zone that is none' \
	-e 'time: {field: a, zone: Europe/Londn}'
wrong "-e 1:1:26: clean: with: 'trm' is not known, did you mean 'trim'?" 'a cleaning misspelt' -e 'clean: {field: a, with: [trm]}'
wrong "-e 1:1:42: map: unmapped (a value is '{default: VALUE}'): 'keeep' is not known, did you mean 'keep'?" 'a policy misspelt' \
	-e 'map: {field: a, using: {A: 1}, unmapped: keeep}'
wrong "-e 1:1:6: map: 'using' is missing: a table, or the file or endpoint that holds it" 'a table that is missing' -e 'map: {field: a}'
wrong "-e 1:1:8: drop: '_sync' is no field" 'what is no field' -e 'drop: [_sync.op]'
wrong "-e 1:1:8: set: '[0]': a record has fields, no elements" 'an element of the record' -e 'set: {"[0]": 1}'
wrong "-e 1:1:1: a step is one word and what belongs to it, as in 'rename: {old: new}'" 'two words in one step' -e '{rename: {a: b}, drop: [c]}'
wrong "-e 1:1:14: mismatched flow mapping end" 'no YAML' -e 'set: {a: [1, }'
wrong "cannot open 'nosuch.yaml': No such file or directory" 'a file that is not there' -f nosuch.yaml
run sync-transform --plain in.ndjson
status_is 2 'no steps at all'
err_has 'no steps: -f FILE or -e STEP says what to do' 'says so'

# ---- input that is no record, or ends too early
no 'duplicate-name null null' 'two members of one name' '{"a":1,"a":2}' 'set: {b: 1}'
no 'duplicate-name null null' 'at any depth, of any spelling' '{"x":[{"a":1,"\u0061":2}]}' 'set: {b: 1}'
run sh -c 'printf "[1]\n{\"a\":1}\n{\"a\":\n" | sync-transform --plain -e "set: {b: 1}" --rejects none'
is "$status $(cat out) $(jq -c '[._sync.error.code,._sync.raw]' none)" '1 {"a":1,"b":1} ["bad-record","[1]"]
["bad-json","{\"a\":"]' 'lines that are no records'
run sh -c 'printf "[1]\n" | sync-transform --plain -e "set: {b: 1}"'
status_is 3 'without --rejects they end the run'
run sh -c 'echo "{\"a\":\"x\"}" | sync-transform --plain -e "cast: {a: integer}"'
status_is 3 'as does what a step cannot take'
err_has "^sync-transform: error: standard input:1: /a: step 1 \(cast\): 'x' is no integer" 'with line and step'
run sh -c 'printf "{\"_sync\":{\"op\":\"begin\",\"format\":1,\"run\":\"1\",\"scope\":\"full\"}}\n{\"a\":1}\n" | sync-transform -e "set: {b: 1}"'
status_is 3 'a truncated stream'
is "$(sed -n '2p;$p' out | jq -c '[.b,._sync.op,._sync.status]')" '[1,null,null]
[null,"end",3]' 'is said to those behind'
run sh -c ': | sync-transform -e "set: {b: 1}"'
status_is 3 'no input at all'
run sh -c ': | sync-transform --plain -e "set: {b: 1}"'
is "$status$(cat out err)" 0 'is meant with --plain'
: >empty
run sync-transform -e 'set: {b: 1}' empty
is "$status $(jq -c ._sync.op out | tr '\n' ' ')" '0 "begin" "end" ' 'an empty file is an empty source'
run sh -c 'sync-transform -e "set: {b: 1}" in.ndjson >/dev/full'
status_is 3 'a full disk'
printf '{"a":"x"}\n' >reject.ndjson
run sync-transform -e 'cast: {a: integer}' --rejects /dev/full reject.ndjson
status_is 3 'rejects that cannot be written'
run sync-transform --plain -e 'cast: {a: integer}' --rejects bad --max-errors 0 reject.ndjson
status_is 3 'more rejects than --max-errors allows'

# ---- rejects can be fed back
rm -f bad
printf '{"id":"7","a":"x"}\n{"id":"8","a":"5"}\n' | sync-transform -e 'cast: {id: integer}' -e 'cast: {a: integer}' --rejects bad >first
is "$(sed '1d;$d' first)" '{"id":8,"a":5}' 'good records go on'
run sh -c 'sed "s/\"x\"/\"6\"/" bad | sync-transform --plain -e "cast: {id: integer}" -e "cast: {a: integer}"'
out_is '{"_sync":{},"id":7,"a":6}' 'a repaired reject is mapped from its beginning'

finish
