/* keyword: the words of JSON Schema 2020-12: where their subschemas stand, and who compiles them. */
#include "rules/compile.h"

#include "doc/suggest.h"

#define UNEVALUATED "is not supported: list the names, or close each object with additionalProperties"
#define DYNAMIC "is not supported: refer with $ref"

static const struct keyword keywords[] = {
	{ "$schema", SHAPE_NONE, add_schema, NULL },
	{ "$id", SHAPE_NONE, NULL, NULL },
	{ "$anchor", SHAPE_NONE, NULL, NULL },
	{ "$ref", SHAPE_NONE, add_ref, NULL },
	{ "$defs", SHAPE_MAP, NULL, NULL },
	{ "definitions", SHAPE_MAP, NULL, NULL },	/* until draft 7; still met everywhere */
	{ "$comment", SHAPE_NONE, NULL, NULL },
	{ "$vocabulary", SHAPE_NONE, NULL, NULL },
	{ "$dynamicAnchor", SHAPE_NONE, NULL, NULL },	/* without $dynamicRef, an anchor */
	{ "$dynamicRef", SHAPE_NONE, NULL, DYNAMIC },
	{ "$recursiveAnchor", SHAPE_NONE, NULL, DYNAMIC },
	{ "$recursiveRef", SHAPE_NONE, NULL, DYNAMIC },

	{ "allOf", SHAPE_LIST, add_all_of, NULL },
	{ "anyOf", SHAPE_LIST, add_any_of, NULL },
	{ "oneOf", SHAPE_LIST, add_one_of, NULL },
	{ "not", SHAPE_ONE, add_not, NULL },
	{ "if", SHAPE_ONE, add_if, NULL },
	{ "then", SHAPE_ONE, NULL, NULL },
	{ "else", SHAPE_ONE, NULL, NULL },
	{ "dependentSchemas", SHAPE_MAP, add_dependent_schemas, NULL },
	{ "prefixItems", SHAPE_LIST, add_prefix_items, NULL },
	{ "items", SHAPE_ONE, add_items, NULL },
	{ "contains", SHAPE_ONE, add_contains, NULL },
	{ "properties", SHAPE_MAP, add_properties, NULL },
	{ "patternProperties", SHAPE_MAP, add_pattern_properties, NULL },
	{ "additionalProperties", SHAPE_ONE, add_additional_properties, NULL },
	{ "propertyNames", SHAPE_ONE, add_property_names, NULL },
	{ "unevaluatedItems", SHAPE_ONE, NULL, UNEVALUATED },
	{ "unevaluatedProperties", SHAPE_ONE, NULL, UNEVALUATED },
	{ "additionalItems", SHAPE_NONE, NULL, "is an older draft's: say items, and prefixItems for the first ones" },
	{ "dependencies", SHAPE_NONE, NULL, "is an older draft's: say dependentRequired or dependentSchemas" },

	{ "type", SHAPE_NONE, add_type, NULL },
	{ "enum", SHAPE_NONE, add_enum, NULL },
	{ "const", SHAPE_NONE, add_const, NULL },
	{ "multipleOf", SHAPE_NONE, add_multiple_of, NULL },
	{ "maximum", SHAPE_NONE, add_maximum, NULL },
	{ "exclusiveMaximum", SHAPE_NONE, add_exclusive_maximum, NULL },
	{ "minimum", SHAPE_NONE, add_minimum, NULL },
	{ "exclusiveMinimum", SHAPE_NONE, add_exclusive_minimum, NULL },
	{ "maxLength", SHAPE_NONE, add_max_length, NULL },
	{ "minLength", SHAPE_NONE, add_min_length, NULL },
	{ "pattern", SHAPE_NONE, add_pattern, NULL },
	{ "format", SHAPE_NONE, add_format, NULL },
	{ "contentEncoding", SHAPE_NONE, add_content_encoding, NULL },
	{ "contentMediaType", SHAPE_NONE, NULL, NULL },
	{ "contentSchema", SHAPE_NONE, NULL, NULL },
	{ "maxItems", SHAPE_NONE, add_max_items, NULL },
	{ "minItems", SHAPE_NONE, add_min_items, NULL },
	{ "uniqueItems", SHAPE_NONE, add_unique_items, NULL },
	{ "maxContains", SHAPE_NONE, add_max_contains, NULL },
	{ "minContains", SHAPE_NONE, add_min_contains, NULL },
	{ "maxProperties", SHAPE_NONE, add_max_properties, NULL },
	{ "minProperties", SHAPE_NONE, add_min_properties, NULL },
	{ "required", SHAPE_NONE, add_required, NULL },
	{ "dependentRequired", SHAPE_NONE, add_dependent_required, NULL },

	{ "title", SHAPE_NONE, NULL, NULL },
	{ "description", SHAPE_NONE, NULL, NULL },
	{ "default", SHAPE_NONE, NULL, NULL },
	{ "deprecated", SHAPE_NONE, NULL, NULL },
	{ "examples", SHAPE_NONE, NULL, NULL },
	{ "readOnly", SHAPE_NONE, NULL, NULL },
	{ "writeOnly", SHAPE_NONE, NULL, NULL },
};

enum { KEYWORDS = sizeof keywords / sizeof *keywords };

const struct keyword *keyword_find(struct span name)
{
	size_t i;

	for (i = 0; i < KEYWORDS; i++)
		if (name.n && name.p[0] == keywords[i].name[0] && span_is(name, keywords[i].name))
			return &keywords[i];
	return NULL;
}

const char *keyword_nearest(struct span name)
{
	const char *names[KEYWORDS + 1] = { NULL };
	size_t i;

	if (name.n < 4 || !memcmp(name.p, "x-", 2))	/* what is so short is near to anything */
		return NULL;
	for (i = 0; i < KEYWORDS; i++)
		names[i] = keywords[i].name;
	return suggest(name, names);
}
