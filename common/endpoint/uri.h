/*
 * uri: what an operand names: a scheme (whose connector is to be run), the text to give that connector, and a stream.
 *
 *   app.db#games            sqlite, "app.db", "games"       .db, .sqlite and .sqlite3 are SQLite
 *   sqlite:///app.db?mode=ro   sqlite, as written
 *   games.csv, -, dir/      file
 *   @prod#games             what the endpoints file says of `prod`, "games"
 *
 * A scheme is [a-z][a-z0-9+.-]* before "://". A '#' that belongs to an existing file's name is no fragment.
 */
#ifndef SYNC_ENDPOINT_URI_H
#define SYNC_ENDPOINT_URI_H

#include "base/buf.h"
#include "base/error.h"

struct endpoint {
	char *scheme;	/* owned: its connector's name */
	char *text;	/* owned: for the connector, without the fragment */
	char *stream;	/* owned: the fragment, NULL for none */
	/* of a named endpoint, as its URI wrote them, and taken out of text: see secret_take */
	char *password;	/* owned; NULL for none */
	char *secrets;	/* owned: `sslpassword=x&token=y`; NULL for none */
};
#define ENDPOINT_INIT { NULL, NULL, NULL, NULL, NULL }

/* 0; or -1: a usage error, such as a password in the text, with the way to do it. */
int endpoint_parse(struct endpoint *e, const char *operand, struct error *err);
void endpoint_release(struct endpoint *e);
/* The length of the scheme before "://", or 0. */
size_t uri_scheme(const char *s);
/* The connector of the scheme, which most are named after (postgres is postgresql's, rediss redis's): the caller's. NULL: no scheme. */
char *uri_connector(const char *s);
/* Adds text with its %41 as bytes. -1: an escape that is none, or a NUL. */
int percent_decode(struct span text, struct buf *out);
bool path_is_sqlite(const char *path);
/* The file of sqlite:///a%20b.db?mode=ro, decoded, which the caller frees. NULL where it has an authority or a bad escape. */
char *sqlite_path(const char *uri);

#endif
