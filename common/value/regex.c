/* regex: an expression compiled, and matched within bounds. */
#include "value/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "value/regex_private.h"

enum { STEPS = 1000000, HEAP_KIB = 16 << 10 };

struct regex {
	struct row *row;	/* owned: instead of the rest */
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
};

/* PCRE2 counts in what we gave it, so its place says nothing to the user. */
static int refuse(int code, struct error *err)
{
	char text[256];

	if (code == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH)
		return error_set(err, EXIT_USAGE, "column 1: lookbehind of variable length is not supported");
	if (pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof text) < 0)
		text[0] = '\0';
	return error_set(err, EXIT_USAGE, "column 1: this expression can't be compiled: %s", text);
}

static int compile(struct regex *re, const struct translation *t, struct error *err)
{
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY;
	PCRE2_SIZE at;
	int code;

	if (!t->refs && !t->named_refs)
		options |= PCRE2_NO_AUTO_CAPTURE;
	re->code = pcre2_compile((PCRE2_SPTR)(t->out.n ? t->out.p : ""), t->out.n, options, &code, &at, NULL);
	if (!re->code)
		return refuse(code, err);
	(void)pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE);	/* where there is no JIT it matches all the same */
	re->data = pcre2_match_data_create(1, NULL);
	re->context = pcre2_match_context_create(NULL);
	if (!re->data || !re->context)
		xalloc_die();
	pcre2_set_match_limit(re->context, STEPS);
	pcre2_set_heap_limit(re->context, HEAP_KIB);
	return 0;
}

struct regex *regex_compile(struct span pattern, struct error *err)
{
	struct translation t = { .text = pattern, .err = err };
	struct regex *re = xcalloc(1, sizeof *re);
	int rc = regex_translate(&t);

	if (!rc && row_done(&t.row)) {
		re->row = xmalloc(sizeof *re->row);
		*re->row = t.row;
	} else if (!rc) {
		rc = compile(re, &t, err);
	}
	buf_release(&t.out);
	if (!rc)
		return re;
	regex_free(re);
	return NULL;
}

void regex_free(struct regex *re)
{
	if (!re)
		return;
	free(re->row);
	pcre2_match_context_free(re->context);
	pcre2_match_data_free(re->data);
	pcre2_code_free(re->code);
	free(re);
}

int regex_match(const struct regex *re, struct span text, struct error *err)
{
	PCRE2_SPTR p = (PCRE2_SPTR)(text.p ? text.p : "");
	int rc;

	if (re->row)
		return row_match(re->row, text);
	rc = pcre2_match(re->code, p, text.n, 0, PCRE2_NO_UTF_CHECK, re->data, re->context);
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(re->code, p, text.n, 0, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, re->data, re->context);
	if (rc >= 0)
		return 1;
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	return error_data(err, "pattern-limit", "a pattern takes too much work for '%s'", error_show(text));
}
