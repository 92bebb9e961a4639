#!/bin/sh
# postgresql-load-values.t: values that PostgreSQL would round, cut, bend or take for its clock, and those that it can't read, are set aside.
. "${0%/*}/../cli/lib.sh"
. "$ROOT/tests/connectors/pg.sh"
if ! [ -x "$BUILD/libexec/sync/sync-load-postgresql" ] || ! pg_start; then
	skip 1 'PostgreSQL: no connector or no server here'
	finish
fi

# a column for each line "TYPE	VALUE	CODE	TEXT"; each value comes in a row of its own, few rows (a statement) and many (COPY)
cat >cases <<'END'
numeric(3,-2)	12345	lossy
numeric(3,-2)	12300		12300
numeric(3,-2)	0		0
numeric(3,5)	0.00123		0.00123
numeric(5,2)	0		0.00
numeric(5,2)	1.2300		1.23
numeric(5,2)	"1.234"	lossy
numeric	1e200000	constraint
double precision	1e400	lossy
double precision	-0.0		-0
double precision	"-Infinity"		-Infinity
real	1e39	lossy
oid	-1	bad-value
oid	4294967295		4294967295
integer	2147483648	constraint
integer	1e400	constraint
integer	1e2		100
boolean	1	bad-value
money	12.345	lossy
money	"12.345"	lossy
money	12.34		$12.34
varchar(3)	12345	lossy
varchar(3)	true	lossy
varchar(3)	{"a":1}	lossy
varchar(3)	123		123
char(3)	"abc "	lossy
"char"	"ab"	lossy
name	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"	lossy
bit(3)	"1010"	lossy
bit(3)	"10"	lossy
bit(3)	"x"	bad-value
bit(3)	"101"		101
bit varying(3)	"1010"	lossy
bit varying(3)	"10"		10
date	"2026-01-01T23:00:00Z"	lossy
date	"2026-01-01T00:00:00Z"		2026-01-01
date	"-4712-01-01"		4713-01-01 BC
date	"today"	bad-value
date	"2026-02-30"	constraint
timestamp	"2026-01-01T00:00:00+05:00"	lossy
timestamp	"2026-01-01T00:00:00Z"		2026-01-01 00:00:00
timestamp	"2026-12-31T23:59:60"	lossy
timestamptz	"2026-12-31T23:59:60Z"	lossy
timestamptz	"2026-01-01T24:00:00Z"		2026-01-02 00:00:00+00
timestamptz	"2026-01-01T00:00:00+01:02:03"		2025-12-31 22:57:57+00
timestamptz	"Now"	bad-value
timestamptz[]	["tomorrow"]	bad-value
timestamptz[]	["2026-01-01T00:00:00.1234567Z"]	lossy
time	"12:00:00+02"	lossy
time	"23:59:60"	lossy
time	"24:00:00"		24:00:00
timetz	"24:00:00-15:59:59"		24:00:00-15:59:59
interval	"P0.1Y"	lossy
interval	"P0.5M"	lossy
interval	"P0.5Y"		6 mons
interval	"P178000000Y"		178000000 years
interval	"PT0.1234567S"	lossy
interval year	"P1Y2M"	lossy
interval year	"P1Y0M"		1 year
interval month	"P1Y2M"		1 year 2 mons
interval day to hour	"P1DT2H3M"	lossy
interval day to hour	"P1DT2.5H"	lossy
interval day to hour	"P1DT2H"		1 day 02:00:00
interval minute	"PT1.0M"		00:01:00
interval second(3)	"P1DT0.1234S"	lossy
interval second(3)	"P1DT0.123S"		1 day 00:00:00.123
tsrange	"[2026-01-01T00:00:00.1234567,2026-01-02)"	lossy
tsrange	"[now,infinity)"	bad-value
tsrange	"[2026-01-01T00:00:00+05:00,)"	lossy
tsrange	"[2026-01-01T00:00:00,2026-01-02T00:00:00)"		["2026-01-01 00:00:00","2026-01-02 00:00:00")
int4range	"[5,1)"	constraint
integer[]	[[1,2],[3]]	constraint
integer[]	[[1,2],[3,null]]		{{1,2},{3,NULL}}
text[]	["NULL",null,"","a\"b\\c","{x}","a,b"]		{"NULL",NULL,"","a\"b\\c","{x}","a,b"}
text	"a\u0000b"	lossy
jsonb	"a\u0000b"	constraint
regclass	"nosuch"	constraint
xml	"<a>"	constraint
END
pg 'create extension hstore; create extension ltree' 2>/dev/null && cat >>cases <<'END'
hstore	{"a":"\u0000"}	lossy
hstore	{"\u0000":"a"}	lossy
hstore	{"a":"q\"\\,=>","b":null}		"a"=>"q\"\\,=>", "b"=>NULL
ltree	"a..b"	constraint
ltree	"a.b"		a.b
END
n=$(wc -l <cases)
pg "create table v(id int primary key$(awk -F '\t' '{printf ", c%d %s", NR, $1}' cases))"
for rows in 0 200; do
	pg 'delete from v; insert into v values(0)'
	awk -F '\t' -v rows=$rows '{printf "{\"id\":%d,\"c%d\":%s}\n", NR, NR, $2} END {for (i = 1; i <= rows; i++) printf "{\"id\":%d}\n", i + 1000}' cases >in
	rm -f rejects
	if [ $rows = 0 ]; then	# one by one
		while read -r line; do printf '%s\n' "$line" | sync-load "$PGURI" v --rejects rejects 2>>errors || [ $? = 1 ] || echo "$line" >>stopped; done <in
		status=1
	else
		run sh -c 'sync-load "$PGURI" v --rejects rejects <in'
	fi
	is "$status:$(cat stopped 2>/dev/null):$(pg 'select count(*) from v where id > 1000')" "1::$rows" "no value ends the run, $rows rows behind it"
	jq -r '"\(.id)\t\(._sync.error.code)\t"' rejects >got
	i=0
	while [ $((i += 1)) -le "$n" ]; do pg "select id, c$i from v where id = $i" | sed "s/|/\t\t/"; done >>got
	awk -F '\t' '{printf "%d\t%s\t%s\n", NR, $3, $4}' cases >want
	sort -n got >got.sorted
	ok "what is lost or can't be read is set aside, the rest is as it came, $rows rows behind it" diff want got.sorted
done

# ---- accepted
pg 'create table l(id int primary key, d date, t timestamp, m money, i interval)'
printf '{"id":1,"d":"2026-01-01T23:00:00Z","t":"2026-12-31T23:59:60","m":1.005,"i":"P0.1Y"}\n{"id":2,"d":"now"}\n' >in
run sh -c 'sync-load "$PGURI" l --lossy --rejects r <in'
is "$status:$(pg 'select * from l'):$(jq -c .id r)" '1:1|2026-01-01|2027-01-01 00:00:00|$1.01|1 mon:2' "--lossy accepts what is lost, but not the server's clock for a value"

# ---- a server's encoding
printf '{"id":1,"v":"\303\251"}\n{"id":2,"v":"\342\202\254"}\n{"id":3,"w":"\303\251\303\251"}\n{"id":4,"v":"x"}\n' >in
for encoding in LATIN1:2 SQL_ASCII:3; do
	pg "create database \"${encoding%:*}\" encoding '${encoding%:*}' template template0 locale 'C'"
	psql -XAtq "${encoding%:*}" -c 'create table t(id int primary key, v text, w varchar(2))'
	run sh -c 'sync-load "postgresql://tester@/$1?host=$PGHOST" t --rejects "r.$1" <in' - "${encoding%:*}"
	is "$status:$(jq -c .id "r.${encoding%:*}")" "1:${encoding#*:}" "${encoding%:*}: what it has no character for, or would cut, is set aside"
done

# ---- a trigger's own errors are no value's, though it is a COPY that runs it
pg "create table x(id int primary key); create function broken() returns trigger language plpgsql as 'begin perform * from nosuch; return new; end';
	create trigger broken before insert on x for each row execute function broken()"
printf '{"id":1}\n' >in
run sh -c 'sync-load "$PGURI" x --mode append --rejects r <in'
status_is 3 'a broken trigger ends the run'

# ---- a column added for a record whose key moves, and which is refused
pg 'create table k(id int primary key, u int unique); insert into k values(1, 1), (2, 2)'
printf '{"_sync":{"key":{"id":2}},"id":3,"u":1,"x":5}\n{"id":4,"u":4}\n' >in
run sh -c 'sync-load "$PGURI" k --evolve --rejects rk <in'
is "$status:$(pg 'select * from k order by id' | tr '\n' ' ')" '1:1|1| 2|2| 4|4| ' 'the column stays where the move is undone'
finish
