/*
 * run: what every loader does: reads the stream, checks scope and state, hands records to its connector, sets bad
 * ones aside, commits at checkpoints, acts at the end, and makes the state durable behind the records.
 *
 * The connector is told of things in this order: open (at the first begin; it reads the state too, if that is its own), schema, record and commit as they come,
 * finish (at the end of input), and always close. Nothing is durable but by commit and finish.
 */
#ifndef SYNC_LOAD_RUN_H
#define SYNC_LOAD_RUN_H

#include "endpoint/load_opts.h"
#include "endpoint/state.h"
#include "stream/tool.h"

enum load_verdict { LOAD_DONE = 0, LOAD_REJECT = 1 };	/* or -1 */
enum { LOAD_POSTPONED = 1 };	/* a commit */

/* A record as it came, so that a connector can keep it and take it again. */
struct arrival {
	struct span line;	/* with SCAN_PADDING readable bytes behind it */
	uint64_t lineno;
	uint32_t stream;
};

struct load;

/* What a loader is, and what it does. The first part is what --capabilities says. */
struct connector {
	const char *scheme;		/* "sqlite" */
	const char *name;		/* in messages: "SQLite" */
	const char *synopsis, *summary;	/* for --help */
	int operands;			/* at most: 2 where STREAM may stand behind the endpoint, else 1 */
	const char *wants;		/* what is said when there are none or more */
	const struct opt_lack *lacks;	/* options of its groups that it doesn't serve; NULL: none */
	enum load_mode mode;		/* when none is given */
	unsigned modes;			/* 1 << MODE_… of those it has */
	unsigned atomic;		/* those in which others see a commit whole or not at all */
	unsigned operations;		/* 1 << OP_… of the records it takes, in modes that take them */
	const char *values, *keys;	/* kinds that come back as they were, and that may be a key: "boolean|integer|…" */
	unsigned at_end;		/* those modes in which nothing is durable before the end */
	bool plain_is_full;		/* plain input counts as scope full (files) */
	bool own_state;			/* it keeps the state itself, where load->state_here is set */
	bool state_behind;		/* …and stores it after the records, not with them */
	int (*open)(void *self, struct load *l, struct error *err);
	/* A stream is declared: key is its JSON array or none, schema the JSON Schema. */
	int (*schema)(void *self, struct load *l, uint32_t stream, struct value key, struct value schema, struct error *err);
	/* A record without `_sync`, names as the source had them; meta still has its `_sync` members, taken before: see load_meta. */
	int (*record)(void *self, struct load *l, struct record *rec, const struct meta *meta, struct error *err);
	/*
	 * Makes all that came before durable, with the state's new tokens (in its own transaction where own_state).
	 * LOAD_POSTPONED: not now; it is for a later commit or finish, and the state elsewhere isn't stored either.
	 */
	int (*commit)(void *self, struct load *l, struct error *err);
	/* The input has ended well: replace and mirror act, then all is made durable. */
	int (*finish)(void *self, struct load *l, struct error *err);
	void (*close)(void *self, struct load *l);	/* undoes what isn't durable, releases */
};

/* What a record's `_sync` said, kept when it is taken out of the record. Spans live until the next record. */
struct load_sync {
	struct record rec;		/* the `_sync` object itself, when has */
	bool has;
};

struct load {
	struct tool *tool;
	struct load_options *o;
	const struct connector *connector;
	void *self;
	enum load_mode mode;
	const char *stream;		/* STREAM operand, or NULL */
	const char *input;		/* its name, for messages */
	bool begun;
	bool stateless;			/* the stream has a state and the options none, or the other way round */
	uint32_t only;			/* for connectors with one target: the stream of the last record */
	bool framed;			/* the input has frames */
	enum scope scope;		/* of all sections together */
	uint64_t aside;			/* set aside by all stages, known at the end */
	uint64_t records;		/* taken so far */
	uint64_t seen;			/* …and those that were none: lines that can't be read, members twice */
	struct load_sync sync;		/* of the record in hand */
	struct load_sync other_sync;	/* …while load_again has another one in hand */
	struct arrival arrival;		/* the record in hand; its line lives until the next one */
	struct record again, set_aside;	/* of load_again, of load_set_aside */
	struct state state;
	struct state_place place;
	bool state_here;		/* --state names the target itself */
	bool durable;			/* everything is, the state too: close may forget how to undo */
	uint64_t inserted, updated, unchanged, deleted;	/* for statistics and --verbose */
	char run[40];			/* the run's name */
	struct buf source;		/* begin.source */
	uint64_t free_names[TAPE_SHAPES];	/* shapes of records without reserved names */
};

/*
 * Parses the options of sync-load-SCHEME into the groups' structs. Returns the index of the first operand; OPT_ASKED when
 * it has printed what was asked for (--help, --capabilities); -1 with a usage error.
 */
int load_parse(const struct connector *connector, const struct opt_group *groups, const struct load_options *o, int argc, char **argv,
	       struct error *err);
const char *load_mode_name(enum load_mode mode);

/* Runs the whole of sync-load after options were parsed. Returns the exit status. */
int load_main(struct tool *tool, struct load_options *o, const struct connector *connector, void *self, const char *stream,
	      const char *target);

/*
 * Gives a record that a connector kept to its `record` once more (it was counted when it came). A reject of it is set aside.
 * load_set_aside sets such a record aside for the reason in err, with its line in front. 0 or -1.
 */
int load_again(struct load *l, const struct arrival *a, struct error *err);
int load_set_aside(struct load *l, const struct arrival *a, struct error *err);

/* A member of the `_sync` that the record in hand came with: 1 or 0. */
int load_member(const struct load *l, const char *name, struct value *out);

/*
 * May what isn't in the stream be deleted (replace and mirror)? target_rows: rows that are there now. -1: a guard says
 * no (scope, nothing came, something was set aside), with the word that would let it.
 */
int guard_whole(const struct load *l, uint64_t target_rows, struct error *err);
/* Mirror with records set aside upserts and deletes nothing: true then. */
bool guard_keeps_all(const struct load *l);
/* So many of the rows at the start are being deleted: -1 over --max-delete (50 %). */
int guard_deletes(const struct load *l, uint64_t deletes, uint64_t rows_at_start, struct error *err);

#endif
