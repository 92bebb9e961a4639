/*
 * frame: what the reserved member `_sync` says of a line (sync-stream.5), and the names of streams.
 */
#ifndef SYNC_STREAM_FRAME_H
#define SYNC_STREAM_FRAME_H

#include "json/record.h"
#include "value/hash.h"

enum op {
	OP_UPSERT, OP_INSERT, OP_UPDATE, OP_DELETE, OP_TRUNCATE,	/* records */
	OP_BEGIN, OP_SCHEMA, OP_CHECKPOINT, OP_END,			/* frames */
};

static inline bool op_is_frame(enum op op) { return op >= OP_BEGIN; }
const char *op_name(enum op op);
int op_parse(struct span name, enum op *op);	/* -1: unknown */

enum scope { SCOPE_PART, SCOPE_FULL, SCOPE_KEYS };
const char *scope_name(enum scope s);

/* The streams of a run, by name. An index stays good as long as the table. Index 0 is "" (no name). */
struct streams {
	struct stream_entry *entry;	/* owned */
	uint32_t n, cap;
	uint32_t *slot;			/* owned: index + 1 by hash of the name, 0 where empty */
	uint32_t slots;			/* a power of two, more than n * 2; 0 while there are few */
	struct hash_key key;
};
struct stream_entry {
	char *name;		/* owned, NUL-terminated UTF-8 */
	size_t len;
	char *json;		/* owned: the name as JSON text with quotes */
};
void streams_init(struct streams *s);
void streams_release(struct streams *s);
uint32_t streams_index(struct streams *s, struct span name);	/* finds or adds */
int streams_find(const struct streams *s, struct span name);	/* -1: none */
static inline const char *streams_name(const struct streams *s, uint32_t i) { return s->entry[i].name; }

/* How many records of each stream. */
struct counts {
	uint64_t *n;		/* owned, by stream index */
	uint32_t cap;
};
void counts_grow(struct counts *c, uint32_t stream);
static inline void counts_add(struct counts *c, uint32_t stream, uint64_t n)
{
	if (stream >= c->cap)
		counts_grow(c, stream);
	c->n[stream] += n;
}
uint64_t counts_get(const struct counts *c, uint32_t stream);
uint64_t counts_total(const struct counts *c);
void counts_reset(struct counts *c);
void counts_release(struct counts *c);
/* Adds {"games":41003,…}, streams without records left out, in the order of their names' first appearance. */
void counts_write(const struct counts *c, const struct streams *s, struct buf *out);

/* What a line is. */
struct meta {
	enum op op;
	uint32_t stream;	/* index in struct streams; 0 where the only stream has no name */
	struct value sync;	/* the `_sync` object; VALUE_NONE where the line has none */
};

/*
 * Reads `_sync` of a scanned line, wherever it stands at the top. Returns 0; or -1 with a data error: "bad-record" (no
 * object), "bad-sync" (not an object, twice, an unknown op, a wrongly typed member).
 * The stream's name is looked up in, and added to, `streams`.
 */
int meta_read(struct meta *meta, const struct record *rec, struct streams *streams, struct error *err);
/* A member of `_sync` by name: 1 or 0. */
int meta_member(const struct meta *meta, const char *name, struct value *out);
/* Sets or removes a member of the record's `_sync` (made first if missing), and reads meta again. */
int meta_set(struct meta *meta, struct record *rec, struct streams *streams, const char *name, struct span json, struct error *err);
int meta_unset(struct meta *meta, struct record *rec, struct streams *streams, const char *name, struct error *err);

/*
 * Reserved names. A source's own top members `_sync`, `__sync`, … travel with one more leading underscore:
 * names_reserve adds it (extractors), names_restore takes it away again (loaders, once `_sync` itself was read and removed).
 */
int names_reserve(struct record *rec, struct error *err);
int names_restore(struct record *rec, struct error *err);
/* Surely neither would do anything. `shapes` is zeroed at first and remembers what such lines look like. */
bool names_are_free(const struct record *rec, uint64_t shapes[TAPE_SHAPES]);
/* The same for a name that stands elsewhere (`unset`): borrowed, without the underscore if it is a reserved one. */
struct span name_restored(struct span name);
/* Adds a source's name as it travels: with the underscore if it is a reserved one. For extractors that make their own text. */
void name_add_reserved(struct buf *out, struct span name);
/* The same for what a schema frame (rec) says of such members: in its key, its properties and what they require. */
int schema_restore(struct record *rec, struct error *err);

/* The begin frame, parsed. Spans borrow from the record. */
struct begin {
	enum scope scope;
	struct span run;	/* a ULID, or "" */
	struct value source;	/* array of strings, or none */
	struct value from;	/* or none */
};
int begin_read(struct begin *b, const struct meta *meta, struct error *err);

/* A new run's name: a ULID (26 characters and a NUL), from the clock and getrandom. */
void run_new(char out[27]);

#endif
