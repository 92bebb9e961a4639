#!/bin/sh
# validate-claims.t: what sync-validate.1 and sync-rules.5 promise, each sentence by a record that passes and one that doesn't.
. "${0%/*}/lib.sh"

# judge SCHEMA RECORD WANT DESC: pass, or the code and the path of the first reason
judge() {
	printf '%s\n' "$1" >s.yaml
	printf '%s\n' "$2" >r.ndjson
	rm -f bad
	run sync-validate --plain --schema s.yaml --rejects bad r.ndjson
	if [ "$status" = 0 ]; then got=pass; elif [ "$status" = 1 ]; then got=$(jq -r '._sync.error|"\(.code) \(.path // "")"' bad); else got="status $status: $(cat err)"; fi
	is "$got" "$3" "$4"
}
refused() {
	printf '%s\n' "$1" >s.yaml
	echo '{}' >r.ndjson
	run sync-validate --plain --schema s.yaml r.ndjson
	status_is 2 "$2"
	err_has 's\.yaml:[0-9]+:[0-9]+: ' "$2: by line and column"
}

# ---- values
judge '{properties: {a: {type: integer}}}' '{"a":1.0}' pass '1.0 is an integer'
judge '{properties: {a: {type: integer}}}' '{"a":1e400}' pass 'however large'
judge '{properties: {a: {type: integer}}}' '{"a":1e-1}' 'type /a' '1e-1 is none'
judge '{properties: {a: {const: 1}}}' '{"a":10e-1}' pass 'numbers are equal by value'
judge '{properties: {a: {const: {x: 1, y: 2}}}}' '{"a":{"y":2.0,"x":1}}' pass 'objects whatever the order'
judge '{properties: {a: {enum: ["é"]}}}' '{"a":"\u00e9"}' pass 'strings whatever their escapes'
judge '{properties: {a: {maximum: 1e400}}}' '{"a":1e401}' 'maximum /a' 'a limit of 1e400 is that limit'
judge '{properties: {a: {maximum: 1e400}}}' '{"a":1e399}' pass 'and not infinity'
judge '{properties: {a: {multipleOf: 0.1}}}' '{"a":0.3}' pass '0.1 is a tenth'
judge '{properties: {a: {multipleOf: 0.1}}}' '{"a":0.35}' 'multipleOf /a' 'to the last digit'
judge '{properties: {a: {exclusiveMaximum: 12345678901234567890.5}}}' '{"a":12345678901234567890.5}' 'exclusiveMaximum /a' 'by all their digits'
judge '{properties: {a: {maxLength: 1}}}' '{"a":"😀"}' pass 'lengths are code points'
judge '{properties: {a: {uniqueItems: true}}}' '{"a":[1,1.0]}' 'uniqueItems /a' 'unique by value'

# ---- YAML
judge 'properties: {a: {enum: [no]}}' '{"a":"no"}' pass '`no` is a word'
judge 'properties: {a: {const: 0x10}}' '{"a":16}' pass 'of the core schema: 0x10'

# ---- keywords
judge '{prefixItems: [{type: string}], items: false, properties: {a: {prefixItems: [{}, {type: string}], items: {type: integer}}}}' '{"a":[1,"x",2,"y"]}' 'type /a/3' 'prefixItems, items'
judge '{properties: {a: {contains: {const: 1}, minContains: 2, maxContains: 3}}}' '{"a":[1,2,1]}' pass 'contains'
judge '{properties: {a: {contains: {const: 1}, maxContains: 1}}}' '{"a":[1,1]}' 'maxContains /a' 'maxContains'
judge '{patternProperties: {"^n_": {type: number}}, additionalProperties: {type: string}}' '{"n_a":1,"b":2}' 'type /b' 'patternProperties, additionalProperties'
judge '{propertyNames: {maxLength: 2}}' '{"abc":1}' 'propertyNames /abc' 'propertyNames'
judge '{dependentRequired: {a: [b]}}' '{"a":1}' 'dependentRequired ' 'dependentRequired'
judge '{dependentSchemas: {a: {required: [b]}}}' '{"a":1}' 'required ' 'dependentSchemas'
judge '{minProperties: 1}' '{}' 'minProperties ' 'minProperties'
judge '{oneOf: [{required: [a]}, {required: [b]}]}' '{"a":1,"b":1}' 'oneOf ' 'oneOf'
judge '{properties: {a: false}}' '{"a":1}' 'false /a' 'false'
judge '{$ref: "#/$defs/x", $defs: {x: {$anchor: y, properties: {n: {$ref: "#y"}, v: {type: integer}}}}}' '{"n":{"n":{"v":"x"}}}' 'type /n/n/v' 'a schema that refers to itself, by pointer and anchor'
is "$(jq -r '._sync.error.rule' bad)" '#/$defs/x/properties/v/type' 'what was reached by $ref is named by its own place'
judge '{$id: "http://x.org/a", $ref: "b", $defs: {x: {$id: "b", required: [k]}}}' '{}' 'required ' 'by $id'
refused '{$ref: "#"}' 'a schema that refers to itself without end'
judge '{properties: {a: {format: nosuch, contentEncoding: base64, x-more: 1, title: t, default: 5, readOnly: true}}}' '{"a":"?"}' pass 'what describes checks nothing'
judge '{properties: {a: {format: date}}}' '{"a":5}' pass 'formats are of strings'

# ---- formats: one that is, one that isn't
formats() {
	judge "{properties: {a: {format: $1}}}" "{\"a\":\"$2\"}" pass "$1: $2"
	judge "{properties: {a: {format: $1}}}" "{\"a\":\"$3\"}" 'format /a' "$1: $3"
}
formats date-time 2026-03-01T09:00:00Z 2026-03-01T09:00:00
formats local-date-time 2026-03-01T09:00:00 2026-03-01T09:00:00Z
formats date 2024-02-29 2026-02-29
formats time 09:00:00+01:00 09:00:00
formats duration P1DT12H P1DT
formats email a.b@example.org a.example.org
formats uri urn:x:y x/y
formats uuid 123e4567-e89b-12d3-a456-426614174000 123e4567-e89b-12d3-a456-42661417400
formats ipv4 127.0.0.1 127.0.0.01
formats ipv6 ::1 1::2::3
formats hostname example.org -x.org

# ---- regular expressions
judge '{properties: {a: {pattern: "^\\p{Letter}$"}}}' '{"a":"é"}' pass 'long property names'
judge '{properties: {a: {pattern: b}}}' '{"a":"abc"}' pass 'found anywhere'
judge '{properties: {a: {pattern: "^a$"}}}' '{"a":"a\n"}' 'pattern /a' '$ is the end of the text'
judge '{properties: {a: {pattern: "^.$"}}}' '{"a":"\u2028"}' 'pattern /a' '. is no line separator'
refused '{pattern: "(?<=a)(?i:b)\\Q"}' 'what ECMA-262 lacks'
err_has 'column [0-9]+' 'with its column'

# ---- refused by name
for bad in '{$dynamicRef: "#x"}' '{unevaluatedProperties: false}' '{unevaluatedItems: false}' '{$ref: "other.json"}' '{$schema: "http://example.org/meta"}' \
	'{dependencies: {a: [b]}}' '{additionalItems: false}' '{items: [{}]}' '{exclusiveMinimum: true}' '{exclusiveMaximum: false}'; do
	refused "$bad" "$bad"
	err_has "$(printf '%s' "$bad" | sed 's/^{\$*\([A-Za-z]*\).*/\1/')" "$bad: by name"
done
for word in unique references overlaps checks quality; do
	printf 'schema: true\n%s: []\n' $word >rules.yaml
	run sync-validate --plain --rules rules.yaml r.ndjson
	status_is 2 "rules file: $word"
	err_has "rules.yaml:2:1: '$word'" "$word: by name"
done
judge '{}' '{"any":[1,{"thing":null}]}' pass 'a schema that is just {}'

# ---- reasons
python3 -c '
import json
print(json.dumps({"a": ["x"] * 150}))' >r.ndjson
echo '{properties: {a: {items: {type: integer}}}}' >s.yaml
rm -f bad
run sync-validate --plain --schema s.yaml --rejects bad r.ndjson
is "$(jq '._sync.errors|length' bad)" 100 'at most 100 reasons are kept of one record'
judge '{}' '{"a":{"b":1,"b":2}}' 'duplicate-name ' 'duplicate names at any depth'
judge '{}' '{"a":{"b":1,"\u0062":2}}' 'duplicate-name ' 'however they are spelled'
judge '{properties: {"a/b~": {type: string}}}' '{"a/b~":1}' 'type /a~1b~0' 'paths are JSON Pointers'
is "$(jq -r ._sync.error.rule bad)" '#/properties/a~1b~0/type' 'rules too'

# ---- rows of the report are whole rows
cat >r.ndjson <<'END'
{"_sync":{"op":"insert"},"id":1,"a":1}
{"id":2}
{"_sync":{"op":"update"},"id":3,"a":2}
{"_sync":{"op":"delete"},"id":4}
{"_sync":{"op":"update"},"id":"x"}
END
echo '{properties: {id: {type: integer}, a: {}}}' >s.yaml
run sync-validate --plain --schema s.yaml --rejects bad --report report.json r.ndjson
is "$(jq -c '.streams[""]|[.records,.rows,.completeness["/a"].present,.completeness["/id"].ratio]' report.json)" '[5,2,1,1]' 'rows are inserts and upserts'

# ---- text without types, as deep as asked for
python3 - >deep.ndjson <<'END'
print('{"_sync":{"op":"begin","format":1,"run":"x","scope":"full"}}')
print('{"_sync":{"op":"schema","stream":"d","schema":{"properties":{"n":{"type":"string","x-type":"untyped"}}}}}')
print('{"n":"5","deep":' + '[' * 200 + ']' * 200 + '}')
print('{"n":"007","deep":1}')
print('{"_sync":{"op":"end","count":{"d":2}}}')
END
echo '{properties: {n: {type: integer}}}' >s.yaml
rm -f bad
run sync-validate --schema s.yaml --max-depth 1000 --rejects bad deep.ndjson
is "$(tail -n 1 out | jq -c ._sync.count)" '{"d":1}' 'text without types beside nested values'
is "$(jq -c '[._sync.error.code,.n]' bad)" '["type","007"]' '007 is no number'
finish
