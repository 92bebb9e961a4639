/* capability: what a connector can do, as its options and as JSON. */
#include "endpoint/capability.h"

#include <unistd.h>

#include "base/fileio.h"
#include "stream/tool.h"

void capability_words(struct buf *b, const char *name, const char *words)
{
	const char *word, *end;

	buf_addf(b, ",\"%s\":[", name);
	for (word = words; *word; word = *end ? end + 1 : end) {
		end = word + strcspn(word, "|");
		buf_addf(b, "%s\"%.*s\"", word == words ? "" : ",", (int)(end - word), word);
	}
	buf_addc(b, ']');
}

void capability_flag(struct buf *b, const char *name, bool value)
{
	buf_addf(b, ",\"%s\":%s", name, value ? "true" : "false");
}

bool capability_option(const struct opt_program *program, const char *name)
{
	const struct opt_group *g;
	const struct opt *o;

	for (g = program->groups; g->opt; g++)
		for (o = g->opt; o->name; o++)
			if (!strcmp(o->name, name))
				return !opt_lacks(program, o);
	return false;
}

void capability_begin(struct buf *b, const char *scheme, const char *role, const struct opt_program *program)
{
	const struct opt_group *g;
	const struct opt *o;
	const char *comma = "";

	buf_addf(b, "{\"capabilities\":1,\"connector\":\"%s\",\"role\":\"%s\",\"options\":[", scheme, role);
	for (g = program->groups; g->opt; g++) {
		for (o = g->opt; o->name; o++) {
			if (opt_lacks(program, o))
				continue;
			buf_addf(b, "%s\"%s\"", comma, o->name);
			comma = ",";
		}
	}
	buf_addc(b, ']');
}

int capability_end(struct buf *b, struct error *err)
{
	int failed;

	buf_adds(b, "}\n");
	failed = io_write(STDOUT_FILENO, b->p, b->n, "standard output", err);
	buf_release(b);
	return failed ? -1 : OPT_ASKED;
}

static int print(const struct extractor *e, const struct opt_program *program, struct error *err)
{
	static const enum scope scopes[] = { SCOPE_FULL, SCOPE_KEYS, SCOPE_PART };
	struct buf b = BUF_INIT, words = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof scopes / sizeof *scopes; i++)
		if (e->scopes & 1u << scopes[i])
			buf_addf(&words, "%s%s", words.n ? "|" : "", scope_name(scopes[i]));
	capability_begin(&b, e->scheme, "extract", program);
	capability_words(&b, "scopes", buf_str(&words));
	capability_flag(&b, "snapshot", e->snapshot);
	capability_words(&b, "delta", e->delta);
	capability_flag(&b, "shard", capability_option(program, "shard"));
	capability_flag(&b, "jobs", capability_option(program, "jobs"));
	capability_flag(&b, "follow", capability_option(program, "follow"));
	buf_release(&words);
	return capability_end(&b, err);
}

int extractor_parse(const struct extractor *e, const struct opt_group *groups, const struct extract_options *o, int argc, char **argv,
		    struct error *err)
{
	const struct opt_program program = {
		.name = "sync-extract", .synopsis = e->synopsis, .summary = e->summary, .groups = groups, .version = tool_version,
		.lacks = e->lacks,
	};
	int first = opt_parse(&program, argc, argv, err);

	if (first >= 0 && o->capabilities)
		return print(e, &program, err);
	if (first >= 0 && first == argc)
		return error_set(err, EXIT_USAGE, "%s is missing; try 'sync-extract --help'", e->wants);
	return first;
}
