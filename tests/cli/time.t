#!/bin/sh
# time.t: the time step against Python's datetime and zoneinfo, and what those can't say.
. "${0%/*}/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
for seed in 1 2; do
	for what in local zones formats rfc3339 epoch; do
		ok "$what agrees with Python, seed $seed" python3 "$ROOT/tests/cli/time_model.py" $what $seed 2000
	done
done

# is_time STEP GIVEN WANT DESC: what one value becomes; WANT "!code" if it is set aside
is_time() {
	rm -f bad
	run sh -c 'printf "{\"t\":%s}\n" "$1" | sync-transform --plain -e "time: {field: t, $0}" --rejects bad' "$1" "$2"
	if [ -s bad ]; then got="!$(jq -r ._sync.error.code bad)"; else got=$(jq -c .t out 2>>err)$(cat err); fi
	is "$got" "$3" "$4"
}
is_time 'from: epoch' -62167219200 '"0000-01-01T00:00:00Z"' 'the year 0000'
is_time 'from: epoch' -62167219201 '!bad-time' 'not what was before'
is_time 'from: epoch' 253402300799 '"9999-12-31T23:59:59Z"' 'the year 9999'
is_time 'from: epoch' 253402300800 '!bad-time' 'not what comes behind'
is_time 'from: rfc3339' '"9999-12-31T23:59:59-00:01"' '!bad-time' 'also by its offset'
is_time 'from: rfc3339' '"-001-01-01T00:00:00Z"' '!bad-time' 'no year below 0000'
is_time 'from: rfc3339' '"2016-12-31T23:59:60Z"' '"2017-01-01T00:00:00Z"' 'a leap second is the second after'
is_time 'from: rfc3339' '"2017-01-01T00:59:60+01:00"' '"2017-01-01T00:00:00Z"' 'wherever it is read'
is_time 'from: rfc3339' '"2016-12-31T22:59:60Z"' '!bad-time' 'just where there can be one'
is_time 'from: "%F %T", zone: Europe/London' '"2016-12-31 23:59:60"' '"2017-01-01T00:00:00Z"' 'also by formats'
is_time 'from: "%F %T", zone: Europe/London' '"2016-07-01 23:59:60"' '!bad-time' 'in their zone'
is_time 'from: "%F", zone: UTC' '"1900-02-29"' '!bad-time' 'no 29 February in 1900'
is_time 'from: "%F", zone: UTC' '"2000-02-29"' '"2000-02-29T00:00:00Z"' 'but in 2000'
is_time 'from: "%Y-%j", zone: UTC' '"2023-366"' '!bad-time' 'no day 366 in 2023'
is_time 'from: rfc3339' '"2024-01-01T00:00:00.123456789Z"' '"2024-01-01T00:00:00.123456789Z"' 'nine digits of a fraction stay'
is_time 'from: rfc3339' '"2024-01-01T00:00:00.1234567891Z"' '!lossy' 'ten would not'
is_time 'from: "%T.%f %F", zone: UTC' '"00:00:00.1234567891 2024-01-01"' '!lossy' 'also by formats'
is_time 'from: epoch' 1.0000000001 '!lossy' 'or as numbers'
is_time 'from: epoch' 1e400 '!bad-time' 'numbers of any size'
is_time 'from: epoch' '"1e400"' '!bad-time' 'in texts too'
is_time 'from: epoch' '""' '!bad-time' 'no text'
is_time 'from: epoch' '[1]' '!bad-time' 'no array'
is_time 'from: rfc3339, zone: Europe/Berlin' '"2024-07-01T12:00:00"' '"2024-07-01T10:00:00Z"' 'without its offset in a zone'
is_time 'from: rfc3339' '"2024-07-01T12:00:00"' '!bad-time' 'or not at all'
is_time 'from: "%F", zone: "+05:30"' '"2024-07-01"' '"2024-06-30T18:30:00Z"' 'a zone that is an offset'
is_time 'to: {zone: Africa/Monrovia}' '"1970-01-01T00:00:00Z"' '!lossy' 'an offset with seconds'
is_time 'from: "%d.%m.%Y", to: "%F"' '"01.02.2024"' '"2024-02-01"' 'a date needs no zone'
is_time 'from: "%F %R", zone: America/Sao_Paulo, to: "%d/%m %R"' '"2024-07-01 12:00"' '"01/07 12:00"' 'clocks of one zone'
is_time 'from: "%d/%m/%Y", zone: UTC' '" 1/2/2024"' '!bad-time' 'blanks that the format has not'
is_time 'from: "%d/%m/%Y", zone: UTC' '"1/2/2024 "' '!bad-time' 'more than the format has'
is_time 'from: "%d/%m/%Y", zone: UTC' '"1/2/24"' '!bad-time' 'a year of two digits'
is_time 'from: "%s"' '"1709254923"' '"2024-03-01T01:02:03Z"' 'seconds in a format'
is_time 'from: "%e %b %Y %T %Z"' '" 3 AUG 2024 1:2:3 gmt"' '"2024-08-03T01:02:03Z"' 'numbers without zeros, names in any case, GMT'
is_time 'from: "%D%t%R%n%%", zone: UTC' '"12/31/68 0:0 %"' '"2068-12-31T00:00:00Z"' 'years of two digits to 2068'
is_time 'from: "%m/%d/%y", zone: UTC' '"1/1/69"' '"1969-01-01T00:00:00Z"' 'and from 1969'
is_time 'from: "%F %T %Z"' '"2024-08-03 01:02:03 EST"' '!bad-time' 'other names of zones say nothing'
is_time 'from: "%I %F", zone: UTC' '"1 2024-08-03"' "sync-transform: error: -e 1:1:25: time: from: '%I' and '%p' belong together" 'an hour of which half of the day'
is_time 'from: "%H:%M:%S %p %I %F", zone: UTC' '"x"' '!bad-time' 'anything else'
finish
