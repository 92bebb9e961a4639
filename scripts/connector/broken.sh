# broken: streams that stop, lie or can't be understood change nothing.
framed full <many | put
head -n 50 many | sed 's,"row,"changed row,' >other
framed full <other >stream
broken() { # STATUS WHAT; the stream is in broken
	cat broken | put	# an empty file would be an empty source, an empty pipe is none
	fails "$1" "$2"
	holds many 'changes nothing'
}
sed '$d' stream >broken
broken 3 'a stream without its end'
head -c 1000 stream >broken
broken 3 'one that is cut within a line'
: >broken
broken 3 'no byte at all'
sed '$s/:[0-9]*}}}$/:49}}}/' stream >broken
broken 3 'one that counts fewer than came'
sed '$s/:[0-9]*}}}$/:51}}}/' stream >broken
broken 3 'one that counts more'
sed '1s/"format":1/"format":99/' stream >broken
broken 3 'an unknown format'
sed '5s/^{/{"_sync":{"op":"merge","stream":"t"},/' stream >broken
broken 3 'an unknown op'
{ cat stream; echo '{"id":1}'; } >broken
broken 3 'records behind the end'
{ sed '$d' stream; echo '{"_sync":{"op":"end","status":75,"message":"try again"}}'; } >broken
broken 75 'a stage before that failed ends it with its status'
{ sed '$d' stream; echo '{"_sync":{"op":"end","status":3,"message":"no"}}'; } >broken
broken 3 'whatever it is'
sed '1s/"scope"/"from":{"generation":"0"},"scope"/' stream >broken
broken 2 'a stream that starts at a state, without --state'
