/*
 * mongo: what reading and writing MongoDB share: a client, what the server says of itself, failures told.
 *
 * An operand is a URI of MongoDB's (mongodb://[user@]host[:port][,…]/database?option=value, mongodb+srv://…) that names a
 * database. The password comes in SYNC_PASSWORD. Reads have the read concern that the address names (a replica set's
 * majority unless it does), writes its write concern (majority).
 */
#ifndef SYNC_MONGODB_MONGO_H
#define SYNC_MONGODB_MONGO_H

#include <mongoc/mongoc.h>

#include "base/buf.h"
#include "base/error.h"

struct mongo {
	mongoc_client_t *client;	/* NULL: not open */
	mongoc_database_t *database;
	const char *shown;		/* borrowed: the operand, for messages */
	char *db;			/* owned: the database's name */
	bool replicated;		/* a replica set or a sharded cluster: it has sessions and transactions */
	int64_t now;			/* its clock when it was reached, in milliseconds since 1970; INT64_MIN where it doesn't say */
};

/* Connects. 75 where the server can't be reached, 2 where it refuses the user or the address names no database. */
int mongo_open(struct mongo *m, const char *uri, struct error *err);
void mongo_close(struct mongo *m);

/* Sets err: 75, 2 or 3 by the driver's domain and the server's code, never by its words. "cannot read 'x': …". -1. */
int mongo_fail(const struct mongo *m, const bson_error_t *why, const char *verb, struct error *err);
/* The status of a server's error code. */
int mongo_status(uint32_t code);

/* Runs a command of the database; reply is initialized, and the caller's to destroy, after -1 too. */
int mongo_command(struct mongo *m, const bson_t *command, bson_t *reply, const char *verb, struct error *err);
/* A collection, the caller's. */
mongoc_collection_t *mongo_collection(struct mongo *m, const char *name);
/* Calls fn with what listCollections says of each, in no order, until it returns other than 0, which is returned. */
typedef int collection_fn(void *ctx, const char *name, bool view, const bson_t *info, struct error *err);
int mongo_collections(struct mongo *m, const char *only, collection_fn *fn, void *ctx, struct error *err);

#endif
