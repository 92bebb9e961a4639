/* mongo: a client, what the server says of itself, failures told. */
#include "mongo.h"

#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/xalloc.h"
#include "endpoint/secret.h"
#include "endpoint/uri.h"

/* ---- failures */

int mongo_status(uint32_t code)
{
	/* the server's own codes (error_codes.yml): networks, elections, shutdowns, locks, conflicts, time limits, full disks, lost cursors */
	static const uint32_t pass[] = { 6, 7, 24, 43, 46, 50, 63, 64, 89, 91, 112, 117, 133, 134, 150, 189, 202, 225, 237, 244, 251, 262, 290, 317, 9001, 10107,
					 11600, 11602, 13388, 13435, 13436, 14031 };
	static const uint32_t refused[] = { 13, 18, 334 };	/* Unauthorized, AuthenticationFailed, MechanismUnavailable */
	size_t i;

	for (i = 0; i < sizeof pass / sizeof *pass; i++)
		if (code == pass[i])
			return EXIT_AGAIN;
	for (i = 0; i < sizeof refused / sizeof *refused; i++)
		if (code == refused[i])
			return EXIT_USAGE;
	return EXIT_FAILED;
}

static int status_of(const bson_error_t *why)
{
	switch (why->domain) {
	case MONGOC_ERROR_STREAM:
	case MONGOC_ERROR_SERVER_SELECTION:
		return EXIT_AGAIN;
	case MONGOC_ERROR_CLIENT:
		return why->code == MONGOC_ERROR_CLIENT_AUTHENTICATE || why->code == MONGOC_ERROR_CLIENT_NOT_READY ? EXIT_USAGE : EXIT_FAILED;
	case MONGOC_ERROR_SERVER:
	case MONGOC_ERROR_WRITE_CONCERN:
	case MONGOC_ERROR_QUERY:
		return mongo_status(why->code);
	default:
		return EXIT_FAILED;
	}
}

int mongo_fail(const struct mongo *m, const bson_error_t *why, const char *verb, struct error *err)
{
	const char *text = why->message[0] ? why->message : "the server gives no reason";

	return error_set(err, status_of(why), "cannot %s '%s': %s", verb, error_show(span_of(m->shown)), text);
}

/* ---- what the server says */

int mongo_command(struct mongo *m, const bson_t *command, bson_t *reply, const char *verb, struct error *err)
{
	bson_error_t why = { 0 };

	return mongoc_client_command_simple(m->client, m->db, command, NULL, reply, &why) ? 0 : mongo_fail(m, &why, verb, err);
}

static bool ask_hello(struct mongo *m, const char *word, bson_t *reply, bson_error_t *why)
{
	bson_t *command = BCON_NEW(word, BCON_INT32(1));
	bool done = mongoc_client_command_simple(m->client, "admin", command, NULL, reply, why);

	bson_destroy(command);
	return done;
}

/* Older servers know the command by its older name alone. */
static int hello(struct mongo *m, struct error *err)
{
	bson_error_t why = { 0 };
	bson_iter_t it;
	bson_t reply;
	bool done = ask_hello(m, "hello", &reply, &why);

	if (!done && why.domain == MONGOC_ERROR_SERVER) {
		bson_destroy(&reply);
		done = ask_hello(m, "isMaster", &reply, &why);
	}
	m->now = INT64_MIN;
	if (done) {
		m->replicated = (bson_iter_init_find(&it, &reply, "setName") || (bson_iter_init_find(&it, &reply, "msg") && BSON_ITER_HOLDS_UTF8(&it) &&
										  !strcmp(bson_iter_utf8(&it, NULL), "isdbgrid"))) &&
				bson_iter_init_find(&it, &reply, "logicalSessionTimeoutMinutes");
		if (bson_iter_init_find(&it, &reply, "localTime") && BSON_ITER_HOLDS_DATE_TIME(&it))
			m->now = bson_iter_date_time(&it);
	}
	bson_destroy(&reply);
	return done ? 0 : mongo_fail(m, &why, "connect to", err);
}

static bool is_system(const char *name)
{
	return !strncmp(name, "system.", strlen("system."));
}

/* Not every server looks at the filter. */
static int each_collection(const bson_t *info, const char *only, collection_fn *fn, void *ctx, struct error *err)
{
	const char *name = NULL;
	bson_iter_t it;
	bool view = false;

	if (bson_iter_init_find(&it, info, "type") && BSON_ITER_HOLDS_UTF8(&it))
		view = !strcmp(bson_iter_utf8(&it, NULL), "view");
	if (bson_iter_init_find(&it, info, "name") && BSON_ITER_HOLDS_UTF8(&it))
		name = bson_iter_utf8(&it, NULL);
	return name && !is_system(name) && (!only || !strcmp(only, name)) ? fn(ctx, name, view, info, err) : 0;
}

int mongo_collections(struct mongo *m, const char *only, collection_fn *fn, void *ctx, struct error *err)
{
	bson_t *options = only ? BCON_NEW("filter", "{", "name", BCON_UTF8(only), "}") : bson_new();
	mongoc_cursor_t *cursor = mongoc_database_find_collections_with_opts(m->database, options);
	bson_error_t why = { 0 };
	const bson_t *info;
	int failed = 0;

	while (!failed && mongoc_cursor_next(cursor, &info))
		failed = each_collection(info, only, fn, ctx, err);
	if (!failed && mongoc_cursor_error(cursor, &why))
		failed = mongo_fail(m, &why, "list the collections of", err);
	mongoc_cursor_destroy(cursor);
	bson_destroy(options);
	return failed;
}

mongoc_collection_t *mongo_collection(struct mongo *m, const char *name)
{
	return mongoc_client_get_collection(m->client, m->db, name);
}

/* ---- connecting */

static void no_log(mongoc_log_level_t level, const char *domain, const char *message, void *ctx)
{
	(void)level;
	(void)domain;
	(void)message;
	(void)ctx;
}

/* Without its user, whom the driver takes only together with the password. */
static char *without_user(const char *uri, char **user)
{
	const char *authority = strstr(uri, "://"), *end, *at = NULL, *p;
	struct buf text = BUF_INIT;

	*user = NULL;
	if (!authority)
		return xstrdup(uri);
	authority += 3;
	end = authority + strcspn(authority, "/?#");
	for (p = authority; p < end; p++)
		if (*p == '@')
			at = p;
	if (!at)
		return xstrdup(uri);
	*user = xstrndup(authority, (size_t)(at - authority));
	buf_add(&text, uri, (size_t)(authority - uri));
	buf_adds(&text, at + 1);
	return buf_take(&text);
}

static int set_user(mongoc_uri_t *uri, const char *user, const char *password, const char *shown, struct error *err)
{
	struct buf decoded = BUF_INIT;
	int failed = user && percent_decode(span_of(user), &decoded) ? error_set(err, EXIT_USAGE, "'%s': the user's name has a wrong percent sign",
										  error_show(span_of(shown))) : 0;

	if (!failed && user)
		failed = mongoc_uri_set_username(uri, buf_str(&decoded)) && (!password || mongoc_uri_set_password(uri, password)) ? 0 :
			error_set(err, EXIT_USAGE, "'%s': the user or the password is no UTF-8", error_show(span_of(shown)));
	buf_release(&decoded);
	return failed ? -1 : 0;
}

/* What the address leaves open. */
static void set_defaults(mongoc_uri_t *uri)
{
	static const struct { const char *name; int32_t ms; } times[] = {
		{ MONGOC_URI_CONNECTTIMEOUTMS, 15000 }, { MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 15000 },
	};
	size_t i;

	for (i = 0; i < sizeof times / sizeof *times; i++)
		if (!mongoc_uri_has_option(uri, times[i].name))
			mongoc_uri_set_option_as_int32(uri, times[i].name, times[i].ms);
	if (!mongoc_uri_get_appname(uri))
		mongoc_uri_set_appname(uri, "syncline");
}

static void warn_of_tls(const mongoc_uri_t *uri, const char *shown)
{
	static const char *const names[] = { MONGOC_URI_TLSINSECURE, MONGOC_URI_TLSALLOWINVALIDCERTIFICATES, MONGOC_URI_TLSALLOWINVALIDHOSTNAMES };
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (mongoc_uri_get_option_as_bool(uri, names[i], false))
			diag_warn("'%s': %s: whoever stands between can read and change all of it", error_show(span_of(shown)), names[i]);
}

static mongoc_uri_t *read_uri(const char *text, const char *password, const char *key, struct error *err)
{
	bson_error_t why = { 0 };
	char *user, *bare = without_user(text, &user);
	mongoc_uri_t *uri = mongoc_uri_new_with_error(bare, &why);

	if (!uri)
		error_set(err, EXIT_USAGE, "'%s' is no address of MongoDB: %s", error_show(span_of(text)), why.message);
	else if (!mongoc_uri_get_database(uri))
		error_set(err, EXIT_USAGE, "'%s' names no database: it looks like mongodb://host:27017/database", error_show(span_of(text)));
	else if (!set_user(uri, user, password, text, err) && (!key || mongoc_uri_set_option_as_utf8(uri, MONGOC_URI_TLSCERTIFICATEKEYFILEPASSWORD, key)))
		goto done;
	mongoc_uri_destroy(uri);
	uri = NULL;
done:
	free(user);
	free(bare);
	return uri;
}

static int reach(struct mongo *m, const char *password, const char *key, struct error *err)
{
	mongoc_uri_t *uri = read_uri(m->shown, password, key, err);
	bson_error_t why = { 0 };

	if (!uri)
		return -1;
	set_defaults(uri);
	warn_of_tls(uri, m->shown);
	m->client = mongoc_client_new_from_uri_with_error(uri, &why);
	m->db = xstrdup(mongoc_uri_get_database(uri));
	if (!m->client)
		/* a name that the network doesn't resolve may come; what the build of libmongoc lacks may not */
		error_set(err, why.domain == MONGOC_ERROR_STREAM ? EXIT_AGAIN : EXIT_USAGE, "cannot connect to '%s': %s", error_show(span_of(m->shown)), why.message);
	mongoc_uri_destroy(uri);
	if (!m->client)
		return -1;
	mongoc_client_set_error_api(m->client, MONGOC_ERROR_API_VERSION_2);
	m->database = mongoc_client_get_database(m->client, m->db);
	return hello(m, err);
}

/* Unless the address says otherwise: nothing is read, and nothing counts as written, that an election could take back. */
static void set_concerns(struct mongo *m)
{
	const mongoc_uri_t *uri = mongoc_client_get_uri(m->client);
	mongoc_write_concern_t *write;
	mongoc_read_concern_t *read;

	if (mongoc_write_concern_is_default(mongoc_uri_get_write_concern(uri))) {
		write = mongoc_write_concern_new();
		mongoc_write_concern_set_wmajority(write, 0);
		mongoc_client_set_write_concern(m->client, write);
		mongoc_write_concern_destroy(write);
	}
	if (m->replicated && !mongoc_uri_has_option(uri, MONGOC_URI_READCONCERNLEVEL)) {
		read = mongoc_read_concern_new();
		mongoc_read_concern_set_level(read, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
		mongoc_client_set_read_concern(m->client, read);
		mongoc_read_concern_destroy(read);
	}
	mongoc_database_destroy(m->database);
	m->database = mongoc_client_get_database(m->client, m->db);
}

int mongo_open(struct mongo *m, const char *uri, struct error *err)
{
	char *password = NULL, *key = NULL;
	int failed;

	*m = (struct mongo){ .shown = uri };
	mongoc_log_set_handler(no_log, NULL);
	mongoc_init();
	failed = secret_password(&password, err) || secret_other("tlsCertificateKeyFilePassword", &key, err) || reach(m, password, key, err) ? -1 : 0;
	secrets_forget();
	free(password);
	free(key);
	if (!failed)
		set_concerns(m);
	return failed;
}

void mongo_close(struct mongo *m)
{
	if (m->database)
		mongoc_database_destroy(m->database);
	if (m->client)
		mongoc_client_destroy(m->client);
	free(m->db);
	*m = (struct mongo){ NULL };
	mongoc_cleanup();
}
