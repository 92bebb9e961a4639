#!/bin/sh
# man.t: every page is clean, and what its examples show is what comes of them.
. "${0%/*}/lib.sh"
. "$ROOT/tests/cli/examples.sh"
. "$ROOT/tests/connectors/pg.sh"
. "$ROOT/tests/connectors/redis.sh"
. "$ROOT/tests/connectors/mongodb.sh"
# pages of a server's connector want the server, with an empty database called app
for page in "$ROOT"/man/*.[1-8]; do
	name=$(basename "$page")
	case $name in
	*postgresql*)
		if ! [ -x "$BUILD/libexec/sync/sync-extract-postgresql" ] || ! { [ -n "${PGURI-}" ] || pg_start; }; then
			skip 1 "PostgreSQL: no server here, or no connector, for the examples of $name"
			continue
		fi
		pg 'drop database if exists app' 2>/dev/null
		pg 'create database app' ;;
	*mongodb*)
		kind=$(mongodb_kinds | grep -v ferretdb | head -n 1)	# which knows no decimal numbers
		if ! [ -x "$BUILD/libexec/sync/sync-extract-mongodb" ] || [ -z "$kind" ] || ! { [ -n "${MONGODB-}" ] || mongodb_start "$kind"; }; then
			skip 1 "MongoDB: no server here, or no connector, for the examples of $name"
			continue
		fi
		sync-load --plain --mode replace --allow-empty "$MONGODB" games </dev/null 2>/dev/null ;;
	*redis*)
		if ! [ -x "$BUILD/libexec/sync/sync-extract-redis" ] || ! { [ -n "${REDIS-}" ] || redis_start; }; then
			skip 1 "Redis: no server here, or no connector, for the examples of $name"
			continue
		fi
		redis flushall >/dev/null ;;
	esac
	grep -q '^\.Sh EXAMPLES' "$page" || { fail "$name has examples"; continue; }
	mkdir "$T/$name.d" && cd "$T/$name.d" || exit 99
	examples "$name"
done
finish
