# failures: what isn't there, servers that don't answer, refuse or go away.
framed full <many | put
ok $? 'loaded'
# shellcheck disable=SC2086
sync-extract "$uri" $stream $extract >/dev/full 2>err
fails 3 'a full disk is noticed'
case $stream in
'') skip 'it has no tables' ;;
*)
	sync-extract "$uri" no_such_table >got 2>err
	got=$?
	[ $got = 2 ] || [ $got = 3 ]
	ok $? 'a table that is not there: 2 or 3'
	grep -q no_such_table err && [ "$(wc -l <err)" = 1 ]
	ok $? 'by name, in one line' ;;
esac
head -n 200 many >few
if [ -z "$away" ]; then skip 'no --away URI'; else
	sync-extract "$away" $stream $extract >got 2>err
	fails 75 'a server that does not answer: 75'
	framed full <few | sync-load "$away" $stream $load 2>err
	fails 75 'for the loader too'
fi
if [ -z "$refused" ]; then skip 'no --refused URI'; else
	sync-extract "$refused" $stream $extract >got 2>err
	fails 2 'refused credentials: 2'
	framed full <few | sync-load "$refused" $stream $load 2>err
	fails 2 'for the loader too'
fi
if [ -z "$cut" ]; then skip 'no --cut COMMAND'; else
	cases wide 2000 4000 >wide
	framed full <wide | put
	ok $? 'wide rows are loaded'
	mkfifo slow
	# reads a line and waits, so that the server has much left to send when the connection ends
	# shellcheck disable=SC2086
	(sync-extract "$uri" $stream $extract >slow 2>err; echo $? >status) &
	exec 3<slow
	IFS= read -r line <&3
	sh -c "$cut" >cut.log 2>&1
	cat <&3 >got
	exec 3<&-
	wait
	(exit "$(cat status)")
	fails 75 'a server that goes away while it is read: 75'
	tail -n 1 got | jq -e '._sync.op == "end" and ._sync.status == null' >/dev/null 2>&1 && echo 'it ended well' >why
	[ ! -s why ]
	ok $? 'and the stream says no good end'
	(put <slow; echo $? >status) &
	exec 3>slow
	framed full <wide >stream
	head -n 1500 stream >&3
	sleep 0.3
	sh -c "$cut" >cut.log 2>&1
	tail -n +1501 stream >&3
	exec 3>&-
	wait
	(exit "$(cat status)")
	fails 75 'while it is loaded: 75'
	framed full <wide | put
	ok $? 'the next run loads it'
	holds wide 'and nothing is lost or doubled'
fi
