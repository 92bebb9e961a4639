/* extract_types: CSV cells by the types of a schema. */
#include "extract.h"
#include "value/number.h"

/* The first type that isn't null: "integer", or one of ["integer","null"]. */
static char type_letter(struct value v)
{
	struct walk walk = { 0, 0, 0 };
	struct value each;

	if (value_type(v) == TOKEN_ARRAY) {
		while (value_next(v, &walk, NULL, &each))
			if (!value_text_is(each, SPAN_LIT("null")))
				return type_letter(each);
		return 0;
	}
	return value_type(v) == TOKEN_STRING && value_bytes(v).n ? value_bytes(v).p[0] : 0;
}

char declared_type(const struct extract *x, struct span name)
{
	struct value v;

	if (!x->has_schema || !value_member(record_root(&x->schema), SPAN_LIT("properties"), &v) || !value_member(v, name, &v) ||
	    value_type(v) != TOKEN_OBJECT || !value_member(v, SPAN_LIT("type"), &v))
		return 0;
	return type_letter(v);
}

static int misfit(struct span cell, const char *type, struct error *err)
{
	return error_data(err, "bad-type", "'%s' is no %s", error_show(cell), type);
}

int add_typed(struct buf *out, struct span cell, char type, struct error *err)
{
	switch (type) {
	case 'i':
	case 'n':
		if (!number_is_json(cell) || (type == 'i' && !number_is_integer(cell)))
			return misfit(cell, type == 'i' ? "integer" : "number", err);
		buf_addspan(out, cell);
		return 0;
	case 'b':
		if (!span_is(cell, "true") && !span_is(cell, "false"))
			return misfit(cell, "boolean", err);
		buf_addspan(out, cell);
		return 0;
	default:
		if (json_add_string(out, cell))
			return error_data(err, "bad-utf8", "'%s' is no UTF-8", error_show(cell));
		return 0;
	}
}
