/*
 * extract: sync-extract-mongodb: collections of a MongoDB database as a stream.
 *
 *   extract.c         main: options, the state, sections
 *   extract_find.c    what there is to read: collections, --query, samples of their documents
 *   extract_delta.c   what came since a state
 *   extract_read.c    documents as records
 */
#ifndef SYNC_MONGODB_EXTRACT_H
#define SYNC_MONGODB_EXTRACT_H

#include "endpoint/extract_opts.h"
#include "endpoint/state.h"
#include "mongo.h"
#include "shape.h"
#include "stream/tool.h"

struct collection {
	char *name;		/* owned */
	uint32_t stream;
	struct shapes shapes;
	char *uuid;		/* owned: the collection's identity, in hexadecimal; NULL where the server has none */
	bson_t *from;		/* owned: where the delta begins, {"": value}, or NULL */
	bson_t *to;		/* owned: where it ends, likewise; NULL where no document has the cursor */
};

struct own_options {
	uint64_t sample;	/* documents at each end; 0: all */
};

struct extract {
	struct tool *tool;
	struct extract_options *o;
	struct own_options *own;
	struct mongo mongo;
	struct collection *collection;	/* owned */
	uint32_t collections, cap;
	bson_t *filter, *projection, *sort;	/* owned, of --query; NULL where it has none */
	bool keyless;		/* its projection leaves _id out */
	struct state state;
	struct state_place place;
	bool tagged;		/* several streams: every record names its own */
	struct buf key;		/* JSON array of --key, or ["_id"] */
	struct buf tag;		/* what a record of the collection in hand starts with */
	struct record scratch;	/* of documents set aside */
};

/* ---- extract_find.c */
int query_parse(struct extract *x, const char *text, struct error *err);
/* Those named, or all that are no views and none of ours, in the order of their names. */
int collections_find(struct extract *x, char **names, int n, struct error *err);
void collections_release(struct extract *x);
/* Looks at the first and the last documents, for the schema. */
int collection_sample(struct extract *x, struct collection *c, struct error *err);
/* Starts a find; -1 never: errors come from the cursor. more: conditions beside the query's, or NULL. The caller destroys it. */
mongoc_cursor_t *collection_cursor(struct extract *x, const struct collection *c, const bson_t *more, int64_t limit, int order);

/* ---- extract_delta.c */
/* Warns of an address that a delta isn't safe with. */
void delta_warn(const struct extract *x);
/* Sets where this read ends, and warns of documents that no delta sees. */
int delta_prepare(struct extract *x, struct collection *c, struct error *err);
/* Adds the condition of what is read; none without --cursor. */
void delta_condition(const struct extract *x, const struct collection *c, bson_t *out);
int delta_token_read(struct extract *x, struct collection *c, const json_t *token, struct error *err);
int delta_checkpoint(struct extract *x, const struct collection *c, struct error *err);

/* ---- extract_read.c */
int collection_declare(struct extract *x, struct collection *c, struct error *err);
int collection_read(struct extract *x, struct collection *c, struct error *err);

#endif
