/*
 * rules: files that say what records are judged by: a schema by itself, or a rules file (sync-rules.5). Both are YAML or
 * JSON; every error names file, line and column.
 */
#ifndef SYNC_RULES_RULES_H
#define SYNC_RULES_RULES_H

#include "rules/schema.h"

/* Reads and compiles; *out is the caller's, for schema_free. warn is told of probable mistakes. -1 with a usage error. */
int rules_load_schema(const char *path, void (*warn)(const char *text), struct schema **out, struct error *err);
/* The same for a rules file, whose schema stands in it or in a file that it names, relative to itself. */
int rules_load(const char *path, void (*warn)(const char *text), struct schema **out, struct error *err);

#endif
