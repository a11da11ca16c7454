# Sourced by the programs in this folder, which behave towards cdc-task run as the real ones do. Each leaves its pid in
# $CTL/NAME.pid and its arguments in $CTL/argv; $CTL/NAME.die says how to die: a status, or a signal's name.
me=${0##*/}
echo $$ >"$CTL/$me.pid"
echo "$me $*" >>"$CTL/argv"
die() {
	[ -e "$CTL/$me.die" ] || return 0
	how=$(cat "$CTL/$me.die")
	rm "$CTL/$me.die"
	echo "$me: told to die: $how" >&2
	case $how in
	[0-9]*) exit "$how" ;;
	*) kill -s "$how" $$ ;;
	esac
}
