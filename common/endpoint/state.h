/*
 * state: how far a job has come. Only sync-load writes it; sync-extract reads it and names it in `begin.from`.
 *
 * A state file is JSON: {"format":1,"jobs":{"default":{"generation":"7","run":"01JF…","connector":"file","source":"…",
 * "selection":"…","tokens":{"games":{…}},"loader":{…}}}}. In a database it is a row of the table _sync_state
 * (job, generation, state), whose column `state` holds the same object as a job here. All leaves are strings.
 *
 * Compare-and-swap: a loader takes the state with the generation that the stream started from, and each store moves the
 * generation by one; whoever finds another generation lost a race and exits 75.
 */
#ifndef SYNC_ENDPOINT_STATE_H
#define SYNC_ENDPOINT_STATE_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct state_place {
	char *where;	/* owned: a file's path, or an endpoint */
	char *job;	/* owned: "default" unless `#job` was given */
	enum state_kind { STATE_FILE, STATE_SQLITE, STATE_POSTGRESQL, STATE_REDIS, STATE_MONGODB } kind;	/* by its ending, or its scheme */
};

struct state {
	uint64_t generation;	/* 0: there is none yet */
	json_t *job;		/* owned: the job's object; never NULL after state_init */
	bool reset;		/* --reset, set by the caller: a damaged state is none, and what it knew is forgotten */
	bool damaged;		/* …it was: storing it overwrites */
	int hold;		/* owned: a descriptor + 1 while the job is held; else 0 */
	bool changed;		/* a token or the loader's position is another than was read: else there is nothing to store */
};

/* WHERE#job; an address sqlite:///PATH is its path. */
int state_place_parse(struct state_place *p, const char *text, struct error *err);
/* The place is this file, under whatever name; neither need be there yet. */
bool state_place_is(const struct state_place *p, const char *path);
void state_place_release(struct state_place *p);

void state_init(struct state *s);
void state_release(struct state *s);
/* From a job's JSON object text (a database's row). -1: damaged. */
int state_parse(struct state *s, struct span text, const char *where, struct error *err);
/* The job's object as text, with its generation. */
void state_text(const struct state *s, struct buf *out);

/* The job's state wherever it is: a file, or a database, which sync-extract reads (state_read.c). */
int state_read(struct state *s, const struct state_place *p, struct error *err);
/*
 * Whose a state is: an extractor goes on only from its own. source: the system's identity, NULL where the connector has
 * none; selection: what of it is read.
 */
struct state_owner {
	const char *connector, *source, *selection;
};
/* For an extractor: takes `where` (--state) apart, reads it, and checks, unless reset, that it is this owner's: else a usage error. */
int state_resume(struct state *s, struct state_place *p, const char *where, bool reset, const struct state_owner *owner, struct error *err);
/* Adds begin.from: the generation that it starts at, and whose it is. */
void state_add_from(const struct state *s, const struct state_owner *owner, struct buf *out);
/*
 * All of it for a database's extractor: of this connector, at a source with this identity (as a text; "" where there is none), reading
 * these names with these options. Adds begin.from.
 */
struct extract_options;
int state_take_up(struct state *s, struct state_place *p, const struct extract_options *o, const char *connector, const char *source, char **names,
		int n, struct buf *from, struct error *err);
/* What a job that can't be read is: an error, or with s->reset none. For what reads states. */
int state_damaged(struct state *s, const char *where, const char *why, struct error *err);
/* Reads a state file. A missing file or job is generation 0; one that can't be read or is damaged is -1. */
int state_read_file(struct state *s, const struct state_place *p, struct error *err);
/*
 * Stores s as generation s->generation + 1 if the file still has s->generation, under a lock; then moves s on.
 * -1 with status EXIT_AGAIN when another run has moved it. The other jobs of the file are kept. Where nothing changed, nothing is stored.
 */
int state_store_file(struct state *s, const struct state_place *p, struct error *err);
/*
 * Before records are committed whose state follows in a file: keeps other loaders from moving this job until state_let_go.
 * Doesn't wait: -1 with status EXIT_AGAIN where another one is about to, or has moved it.
 */
int state_hold_file(struct state *s, const struct state_place *p, struct error *err);
void state_let_go(struct state *s);

/* Strings of the job: "run", "connector", "source", "selection"; NULL where missing. */
const char *state_string(const struct state *s, const char *name);
void state_set_string(struct state *s, const char *name, const char *value);
/* A stream's token ("" for the run's), borrowed, or NULL. */
json_t *state_token(const struct state *s, const char *stream);
/* text: a JSON object. */
int state_set_token(struct state *s, const char *stream, struct span text, struct error *err);
/* The loader's own position, borrowed, or NULL; set takes over v. */
json_t *state_loader(const struct state *s);
void state_set_loader(struct state *s, json_t *v);

#endif
