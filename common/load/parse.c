/* parse: the options of a loader, by what its connector can do. */
#include "base/diag.h"
#include "endpoint/capability.h"
#include "load/run.h"

static const char *const modes[] = { "upsert", "append", "replace", "mirror", "patch" };
enum { MODES = sizeof modes / sizeof *modes };

const char *load_mode_name(enum load_mode mode)
{
	return modes[mode];
}

/* The words of a set of modes, the connector's own one first. */
static const char *mode_words(const struct connector *c, unsigned set, struct buf *b)
{
	int i, pass;

	buf_reset(b);
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < MODES; i++)
			if (set & 1u << i && (i == (int)c->mode) == !pass)
				buf_addf(b, "%s%s", b->n ? "|" : "", modes[i]);
	return buf_str(b);
}

static const char *op_words(unsigned set, struct buf *b)
{
	enum op op;

	buf_reset(b);
	for (op = OP_UPSERT; op <= OP_TRUNCATE; op++)
		if (set & 1u << op)
			buf_addf(b, "%s%s", b->n ? "|" : "", op_name(op));
	return buf_str(b);
}

static int print(const struct connector *c, const struct opt_program *program, struct error *err)
{
	struct buf b = BUF_INIT, words = BUF_INIT;

	capability_begin(&b, c->scheme, "load", program);
	capability_words(&b, "modes", mode_words(c, c->modes, &words));
	capability_words(&b, "atomic", mode_words(c, c->atomic, &words));
	capability_words(&b, "operations", op_words(c->operations, &words));
	buf_addf(&b, ",\"state\":\"%s\"", !c->own_state ? "file" : c->state_behind ? "after" : "transaction");
	capability_words(&b, "values", c->values);
	capability_words(&b, "keys", c->keys);
	buf_release(&words);
	return capability_end(&b, err);
}

int load_parse(const struct connector *c, const struct opt_group *groups, const struct load_options *o, int argc, char **argv,
	       struct error *err)
{
	const struct opt_program program = {
		.name = "sync-load", .synopsis = c->synopsis, .summary = c->summary, .groups = groups, .version = tool_version,
		.lacks = c->lacks,
	};
	int first = opt_parse(&program, argc, argv, err);

	if (first >= 0 && o->capabilities)
		return print(c, &program, err);
	if (first >= 0 && (argc - first < 1 || argc - first > c->operands))
		return error_set(err, EXIT_USAGE, "%s; try 'sync-load --help'", c->wants);
	return first;
}
