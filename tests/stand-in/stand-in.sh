# Sourced by the programs in this folder, which behave towards cdc-task run as the real ones do. Each leaves its pid in
# $CTL/NAME.pid, its arguments in $CTL/argv and what it knows of a service manager in $CTL/manager; $CTL/NAME.die says how
# to die: a status, or a signal's name. What is in $CTL/NAME.say it says on stderr, what is in $CTL/NAME.last before it dies.
me=${0##*/}
echo $$ >"$CTL/$me.pid"
echo "$me $*" >>"$CTL/argv"
echo "$me ${NOTIFY_SOCKET-} ${WATCHDOG_USEC-} ${WATCHDOG_PID-}" >>"$CTL/manager"
die() { # a file that is empty is not written yet
	if [ -s "$CTL/$me.say" ]; then
		cat "$CTL/$me.say" >&2
		rm "$CTL/$me.say"
	fi
	[ -s "$CTL/$me.die" ] || return 0
	how=$(cat "$CTL/$me.die")
	rm "$CTL/$me.die"
	echo "$me: told to die: $how" >&2
	if [ -s "$CTL/$me.last" ]; then
		cat "$CTL/$me.last" >&2
		rm "$CTL/$me.last"
	fi
	case $how in
	[0-9]*) exit "$how" ;;
	*) kill -s "$how" $$ ;;
	esac
}
