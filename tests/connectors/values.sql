-- values.sql: random values of PostgreSQL's types; :seed says which, :rows how many.
select setseed(:seed);
create type odd_mood as enum ('', 'null', 'a,b', 'q"uote', E'tab\t', '{}', 'ünï', '(x)');
create type inner_row as (a int, "b ""c" text, d date);
create type outer_row as (i inner_row, t text[], n numeric);
create domain short_text as varchar(12) check (value <> 'never');
create domain moods as odd_mood[];
create domain day_range as daterange;
create function rnd(a float8, b float8) returns float8 language sql volatile as 'select a + (b - a) * random()';
create function pick(variadic v text[]) returns text language sql volatile as 'select v[1 + floor(random() * array_length(v, 1))::int]';
create function digits(n int) returns text language sql volatile as
	'select coalesce(string_agg(floor(random() * 10)::int::text, ''''), '''') from generate_series(1, n)';
create function rnum() returns numeric language sql volatile as $$ select case floor(random() * 12)::int when 0 then 'NaN' when 1 then pick('Infinity', '-Infinity')
	when 2 then '0.' || repeat('0', floor(rnd(0, 30))::int) || '1' when 3 then '1' || repeat('0', floor(rnd(0, 40))::int) when 4 then pick('0', '0.000', '-0.10', '10000', '9999.9999', '1e-20', '1e100')
	else pick('', '-') || digits(floor(rnd(1, 30))::int) || '.' || digits(floor(rnd(0, 25))::int) end::numeric $$;
create function rtext() returns text language sql volatile as $$ select case floor(random() * 6)::int when 0 then '' when 1 then pick('null', 'NULL', '{}', '"', '\', ' ', ',', '()', E'\r\n', '$symbol', '{"$symbol":"x"}', E'\x01\x7f')
	else (select coalesce(string_agg(chr(case floor(random() * 5)::int when 0 then 1 + floor(random() * 127)::int when 1 then 160 + floor(random() * 5000)::int
	when 2 then 65536 + floor(random() * 60000)::int else 97 + floor(random() * 26)::int end), ''), '') from generate_series(1, floor(rnd(0, 12))::int)) end $$;
create function rts() returns timestamp language sql volatile as $$ select case floor(random() * 8)::int when 0 then pick('infinity', '-infinity', '0001-01-01', '9999-12-31 23:59:59.999999', '10000-01-01', '0001-12-31 BC',
	'4713-11-24 00:00:00 BC', '294276-12-31 23:59:59.999999', '1999-12-31 23:59:59.999999', '2000-01-01')::timestamp when 1 then date_trunc('second', timestamp '2000-01-01' + rnd(-1e9, 1e9) * interval '1 second')
	when 2 then timestamp '2000-01-01' + floor(rnd(-2.1e11, 9e12))::bigint * interval '1 second' else timestamp '2000-01-01' + rnd(-2e10, 2e10) * interval '1 second' end $$;
create function rdate() returns date language sql volatile as $$ select case floor(random() * 6)::int when 0 then pick('infinity', '-infinity', '4713-11-24 BC', '5874897-12-31', '0001-01-01', '0001-12-31 BC')::date
	when 1 then date '2000-01-01' + floor(rnd(-2451545, 2145031948))::int else date '2000-01-01' + floor(rnd(-800000, 3000000))::int end $$;
create function rint8() returns bigint language sql volatile as $$ select case floor(random() * 4)::int when 0 then pick('-9223372036854775808', '9223372036854775807', '0', '-1')::bigint
	when 1 then floor(rnd(-100, 100))::bigint else floor(rnd(-9.2e18, 9.2e18))::bigint end $$;
create function rint4() returns int language sql volatile as $$ select case floor(random() * 4)::int when 0 then pick('-2147483648', '2147483647', '0')::int else floor(rnd(-2147483648, 2147483647))::int end $$;
create function rinterval() returns interval language sql volatile as $$ select case floor(random() * 6)::int when 0 then '0'::interval when 1 then make_interval(secs => round(rnd(-100, 100)::numeric, floor(rnd(0, 7))::int)::float8)
	when 2 then make_interval(months => floor(rnd(-30, 30))::int, days => floor(rnd(-3, 3))::int) else make_interval(years => floor(rnd(-200, 200))::int, months => floor(rnd(-20, 20))::int, days => floor(rnd(-1000, 1000))::int,
	hours => floor(rnd(-100, 100))::int, mins => floor(rnd(-70, 70))::int, secs => rnd(-70, 70)) end $$;
create function rjson() returns text language sql volatile as $$ select case floor(random() * 8)::int when 0 then 'null' when 1 then '{"a": 1, "a" : 1' || digits(30) || '}' when 2 then E'[1,\n\t' || '1' || digits(40) || '.50e-3 , "\u00e9\/"]'
	when 3 then '{"$symbol":"x"}' when 4 then to_json(rtext())::text when 5 then '{"b":{"c":[{}, [], {"":null}]},"a":1.10}' when 6 then '-0.0' else to_json(rnd(-1e9, 1e9))::text end $$;
create function maybe(v anyelement) returns anyelement language sql volatile as 'select case when random() < 0.1 then null else v end';
create table rnd (id int primary key, i2 smallint, i4 integer, i8 bigint, o oid, f4 real, f8 double precision, n numeric, n2 numeric(30,7), b boolean, t text, st short_text, c3 char(3), by bytea, u uuid,
	d date, tm time, tz timetz, ts timestamp, tstz timestamptz, iv interval, j json, jb jsonb, e odd_mood, ea moods, ia integer[], ia2 integer[], ta text[], na numeric[], tsa timestamp[], fa real[], ba bytea[], ja jsonb[], bo boolean[],
	co outer_row, ca inner_row[], r4 int4range, nr numrange, dr day_range, tsr tsrange, tzr tstzrange, mr datemultirange, ip inet, ci cidr, mac macaddr, bi bit(7), vb bit varying, hs hstore, lt ltree, m money, iva interval[], ra int8range[], p point);
insert into rnd select i, maybe(floor(rnd(-32768, 32768))::int)::smallint, maybe(rint4()), maybe(rint8()), maybe(floor(rnd(0, 4294967296))::bigint)::oid,
	maybe(case floor(random() * 5)::int when 0 then pick('NaN', 'Infinity', '-Infinity', '-0', '3.4028235e38', '1e-45', '16777217', '0.1')::real else (rnd(-1, 1) * 10::float8 ^ floor(rnd(-37, 37)))::real end),
	maybe(case floor(random() * 5)::int when 0 then pick('NaN', 'Infinity', '-Infinity', '-0', '1.7976931348623157e308', '4.9e-324', '9007199254740993', '0.1', '1e15', '1e16', '123456789012345680')::float8 else rnd(-1, 1) * 10::float8 ^ floor(rnd(-300, 300)) end),
	maybe(rnum()), maybe(round(rnd(-1e15, 1e15)::numeric, 7)), maybe(random() < 0.5), maybe(rtext()), maybe(left(rtext(), 12)::short_text), maybe(left(rtext(), 3)), maybe(decode(md5(random()::text), 'hex') || decode(repeat('00', floor(rnd(0, 4))::int), 'hex')), maybe(gen_random_uuid()),
	maybe(rdate()), maybe(case when random() < 0.1 then '24:00'::time else (rnd(0, 86399) * interval '1 second')::time end),
	maybe(((rnd(0, 86399) * interval '1 second')::time::text || pick('+00', '-15:59:59', '+15:59', '+05:30', '-00:00:01', '-03:30'))::timetz),
	maybe(rts()), maybe(rts()::timestamptz), maybe(rinterval()), maybe(rjson()::json), maybe(rjson()::jsonb),
	maybe(pick('', 'null', 'a,b', 'q"uote', E'tab\t', '{}', 'ünï', '(x)')::odd_mood), maybe(array[pick('', 'null', 'a,b', '{}'), null, 'q"uote', pick(E'tab\t', '(x)')]::moods), maybe(array[rint4(), null, rint4()]),
	maybe((pick('{}', '{{1,2},{3,NULL}}', '[0:1]={1,2}', '[-3:-2][5:6]={{1,2},{3,4}}', '{{{1}}}'))::int[]), maybe(array[rtext(), rtext(), null, rtext()]), maybe(array[rnum(), null, rnum()]), maybe(array[rts(), null, rts()]), maybe(array[rnd(-1, 1)::real, 'NaN', null]),
	maybe(array[''::bytea, decode(md5(random()::text), 'hex')]), maybe(array[rjson()::jsonb, null, rjson()::jsonb]), maybe(array[true, null, false]),
	maybe(row(maybe(row(rint4(), rtext(), rdate())::inner_row), maybe(array[rtext(), null]), rnum())::outer_row), maybe(array[row(rint4(), rtext(), null)::inner_row, null, row(null, null, null)::inner_row]),
	maybe(pick('empty', '(,)', '[1,5)', '[-2147483648,2147483646]', '(,7]')::int4range), maybe(case when random() < 0.2 then 'empty'::numrange else numrange(-abs(round(rnd(0, 1e6)::numeric, 5)), null, '(]') end),
	maybe(daterange(least(date '0400-01-01 BC' + floor(rnd(0, 9000))::int, 'infinity'), pick('2026-01-01', '12345-01-01', 'infinity')::date, pick('[)', '(]'))::day_range), maybe(tsrange(rts(), null)), maybe(tstzrange(null, rts()::timestamptz, '(]')),
	maybe(pick('{}', '{[0044-03-15 BC,2026-01-01),[2027-01-01,)}', '{(,infinity]}')::datemultirange), maybe(pick('10.1.2.3/8', '0.0.0.0/0', '255.255.255.255', '::', '::1/0', '2001:db8::8:800:200c:417a/60', '::ffff:1.2.3.4', 'fe80::1')::inet), maybe(pick('10.0.0.0/8', '0/0', '1.2.3.4/32', '::/0', '2001:db8::/32', '::1')::cidr),
	maybe(left(md5(random()::text), 12)::macaddr), maybe(floor(rnd(0, 128))::int::bit(7)), maybe(left(floor(rnd(0, 1e9))::int::bit(32)::text, floor(rnd(0, 33))::int)::varbit), maybe(hstore(array['k' || rtext(), 'l'], array[rtext(), null])), maybe(pick('', 'Top', 'a.b.c')::ltree),
	maybe(rnd(-1e9, 1e9)::numeric::money), maybe(array[rinterval(), null]), maybe(array['empty'::int8range, int8range(1, null), null]), maybe(point(rnd(-1, 1), 0.1))
	from generate_series(1, :rows) i;
