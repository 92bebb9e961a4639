/*
 * resp: the protocol that Redis speaks (RESP2). Commands are gathered as text; replies are read whole and walked where they
 * lie. A reply above a limit is read to its end and dropped, so that no value costs more memory than a record may have.
 */
#ifndef SYNC_REDIS_RESP_H
#define SYNC_REDIS_RESP_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "tls.h"

struct resp {
	int fd;			/* borrowed, a socket */
	struct tls *tls;	/* borrowed: what goes over it is encrypted; NULL: not */
	struct buf out;		/* owned: commands that aren't sent yet */
	struct buf in;		/* owned: what came */
	size_t at;		/* what of it was given out */
	bool hold;		/* commands wait for resp_flush; else reading sends them */
};

void resp_release(struct resp *r);

/* ---- commands */

/* A command of so many words; the words follow. */
void resp_command(struct buf *out, size_t words);
void resp_word(struct buf *out, struct span word);

/* ---- replies */

enum { RESP_OVER = 1 };

/*
 * Sends what is gathered, reading meanwhile what comes, so that neither side waits for the other. All of these return -1 with
 * err where the connection is gone (EXIT_AGAIN) or the other side speaks another language (EXIT_FAILED).
 */
int resp_flush(struct resp *r, struct error *err);
/* The next reply, borrowed until the next call: 0. RESP_OVER where it has more bytes than the limit; raw is empty then. */
int resp_read(struct resp *r, size_t limit, struct span *raw, struct error *err);
/*
 * Where the next reply is an array, only its head is taken: *n elements, each then read as a reply. 0; 1 where it is none
 * (nil, an error): read it as usual.
 */
int resp_open(struct resp *r, uint64_t *n, struct error *err);

struct item {
	char type;		/* '$' text, '+' word, '-' error, ':' integer, '*' array, whose elements are the next items; '_' nil */
	struct span text;	/* of '$', '+', '-' */
	int64_t n;		/* of ':', and how many elements an array has */
};

/* Takes the first item off a raw reply: false where nothing is left. */
bool item_next(struct span *raw, struct item *out);
/* The reply's first item. */
struct item item_first(struct span raw);
/* The error's first word is this one. */
bool item_is_error(const struct item *i, const char *word);
/* Takes an array's or any other item's whole text off: what a walk over it would take. */
struct span item_whole(struct span *raw);

#endif
