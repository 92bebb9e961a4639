create extension if not exists hstore; create extension if not exists ltree; create extension if not exists citext;
create type mood as enum ('sad','ok','very "happy"');
create domain posint as integer check (value > 0);
create type pair as (x integer, "odd ""name" text);
create table "every type" (
 id bigint primary key, i2 smallint, i4 integer, i8 bigint, f4 real, f8 double precision, n numeric, n2 numeric(12,2), b boolean,
 t text, vc varchar(20), c char(5), nm name, ch "char", by bytea, u uuid, d date, tm time, tz timetz, ts timestamp, tstz timestamptz, iv interval,
 j json, jb jsonb, ia integer[], ta text[], na numeric[], m money, ma money[], e mood, ea mood[], dm posint, co pair, ca pair[],
 r int4range, nr numrange, tr tstzrange, dr daterange, mr int4multirange, ip inet, ci cidr, mac macaddr, mac8 macaddr8, bi bit(5), vb bit varying, x xml, hs hstore, lt ltree, cit citext,
 o oid, p point, tsv tsvector, "odd ""col" text, ts3 timestamp(3), it interval, ba bytea[], jba jsonb[], tsa timestamptz[], _sync text, ha hstore[]);
insert into "every type"(id) values (1);
insert into "every type" values (2, -32768, -2147483648, -9223372036854775808, 'NaN', '-Infinity', 'NaN', -0.10, true,
 E'tab\tline\nquote"back\\é', 'v', 'c', 'nm', 'x', '\x00ff10', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '2026-03-01', '24:00:00', '04:05:06.789+02:30', '0044-03-15 12:00:00 BC', '12345-06-07 08:09:10.123456+00', '-1 year 2 mons -3 days 04:05:06.7',
 '{"a": 1, "a": 2,
 "b": null}', 'null', '{1,NULL,3}', '{"a,b","",NULL,"null","q\"x"}', '{1.10,NaN}', '12.34', '{1,2}', 'very "happy"', '{sad,"very \"happy\""}', 5, '(1,"a ""b"" c")', '{"(1,x)","(,)"}',
 '[1,10)', '(,1.5]', '["2026-01-01 00:00+00",infinity)', 'empty', '{[1,3),[5,8)}', '10.0.0.1/8', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', B'10101', B'', '<a>x
</a>', 'a=>1, "b c"=>NULL, "q\""=>"\\"', 'Top.Science', 'CiText',
 4294967295, '(1,2)', 'a fat cat', 'odd', '2026-01-01 00:00:00.1239', '1 day', '{"\\x00","\\xff"}', array['null','{"$symbol":"x"}','{"a":[1]}']::jsonb[], '{"2026-01-01 00:00+00",-infinity}', 'mine', array['a=>1'::hstore]);
insert into "every type"(id, i2, f4, f8, n, n2, ia, ta, d, ts, tstz, iv, jb, j, ip, mr, by) values (3, 32767, 0.1, 0.1, 12345678901234567890123456789.123456789012345678901234567890, 9999999999.99, '[0:2]={1,2,3}', '{{a,b},{c,d}}', '5874897-12-31', 'infinity', '-infinity', '178000000 years', '{"$symbol":"y"}', 'null', '::1', '{}', '');
insert into "every type"(id, f4, f8, n, d, iv, ts, tz, ip, ci) values (4, 3.4028235e38, 4.9e-324, 'Infinity', '4713-11-24 BC', '-00:00:00.000001', '1999-12-31 23:59:59.999999', '00:00:00-15:59:59', '2001:db8::/32', '::ffff:1.2.3.0/120');
insert into "every type"(id, f4, f8, n, d, iv) values (5, 1e-45, 1e22, 0.00000001, 'infinity', 'P1Y'), (6, 16777216, 123456789012345680, 1e50, '-infinity', '-1 month -1 day -1 sec'), (7, 1.5, -0.0, 100000000, '0001-01-01', '1 mon'), (8,0,0,1e-20,'0001-12-31 BC','0'), (9,0,0,10000,'9999-12-31','0'), (10,0,0,10000.0001,'10000-01-01','0');
