/* load_upsert: what the files of mode upsert share, and nobody else: the changes of a stream, folded by key. */
#ifndef SYNC_FILE_LOAD_UPSERT_H
#define SYNC_FILE_LOAD_UPSERT_H

#include "load.h"
#include "merge/compare.h"
#include "merge/retype.h"
#include "set/key.h"
#include "set/store.h"
#include "set/table.h"

enum pending_kind { ROW = 1, UPDATE, GONE };
/* What becomes of the old row of a key, where it isn't what its own entry says. */
enum { TO_SELF = 0, TO_NOTHING = UINT32_MAX, TO_CLASH = UINT32_MAX - 1 };

/* What is to become of a key. */
struct pending {
	uint64_t at;		/* of its line in the store: a row, or an update as [names it removes, members it sets] */
	uint32_t self;		/* its own number */
	uint32_t from;		/* UPDATE: number + 1 of the key whose old row is changed, and moves here; 0: its own */
	uint32_t to;		/* number + 1 of the key that the old row has moved to, or TO_…; TO_CLASH: there may be none */
	uint32_t seq;		/* of the last change to it */
	uint8_t kind;		/* enum pending_kind */
	bool met;		/* a row of this key was in the old file */
	bool used;		/* its row was written */
	bool again;		/* a row of this key was there, and not the one that is to move to it: that has moved in an earlier run */
	bool anew;		/* ROW: nothing stays of the old row, which was deleted before */
	bool late;		/* --dry-run: its row has another key now, and is printed when all old ones are gone */
};

/* What was seen in a part of the stream's keys. */
struct key_seen { bool number, boolean, text; };

struct upsert {
	struct key key, old_key;	/* of the stream's rows, and the same as the old file's are read */
	struct key_seen *seen;	/* owned: by part of the key */
	bool table;		/* the file is CSV: its values are text without types, its columns are fixed */
	struct columns take;	/* --fields of CSV */
	struct shape shape;	/* the schema of the stream */
	struct learned learned;	/* types of the old file's values */
	struct memory memory;
	struct spill spill;
	struct store store;
	struct table pending;
	uint32_t seq;
	struct table written;	/* CSV: keys of rows that are added, as text, where a key may be written in two ways */
	struct hash_key secret;
	struct record rec;	/* a line of the store */
	struct record taken;	/* a record less what --fields leaves out */
	struct buf bytes, line;
	struct arena arena;	/* scratch of one row */
	int old;		/* the old file, locked; -1: there is none */
	struct stat was;	/* …as it was */
	bool truncated;		/* nothing of the old file stays */
	bool changed;
	uint64_t rows, deleted;	/* of the old file */
};

/* ---- load_fold.c: what the stream says */

/* Takes a record into what is known of its key. LOAD_DONE, LOAD_REJECT, -1. */
int fold_record(struct load *l, struct upsert *u, struct record *rec, const struct meta *meta, struct error *err);
int fold_truncate(struct upsert *u);
/* The line of an entry, as a record. */
int fold_fetch(struct upsert *u, const struct pending *p, struct record *into, struct error *err);
/* An update's line. */
struct update { struct value unset, set; };
struct update update_of(const struct record *line);
int put_members(struct upsert *u, struct record *to, struct value from, struct error *err);
int remove_names(struct record *to, struct value names, struct error *err);
/* The verdict on an update of a row that isn't there. */
int fold_missing(const struct load *l, struct error *err);
/* A row for a key, under any kind that it had. */
int fold_keep_row(struct upsert *u, struct pending *p, const struct record *rec, struct error *err);
/* --newer: the first of two rows is newer than the second. */
bool is_newer(const struct load *l, struct upsert *u, struct value a, struct value b);
extern const struct scan_limits fold_limits;

/* ---- load_match.c: which change is meant for a row of the old file */

int match_start(struct upsert *u, struct error *err);
/* *p: NULL if nothing is said of the row. */
int match_row(struct upsert *u, const struct record *row, struct pending **p, struct error *err);
/* A row that is to be added: -1 if another one that was added is the same in CSV. */
int match_new(struct upsert *u, const struct record *row, const struct pending *p, struct error *err);

/* ---- load_change.c: a change as --dry-run prints it */
int change_truncate(struct load *l, struct error *err);
/* The row of a late entry, which is in u->rec. */
int change_print_late(struct files *f, struct load *l, struct error *err);
/* p: the entry of the row, if the old file had one. */
int change_print(struct files *f, struct load *l, struct pending *p, const struct record *before, const struct record *after, struct error *err);

#endif
