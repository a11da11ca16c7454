#!/bin/bash
# boot.sh ROOT: systemd as PID 1 of the Debian in ROOT, in namespaces of its own, up to basic.target, in the foreground;
# until SIGTERM. It shares this machine's network, and neither its devices nor its settings.
set -eu

for unified in /sys/fs/cgroup /sys/fs/cgroup/unified ''; do
	[ ! -e "$unified/cgroup.procs" ] || break
done
[ -n "$unified" ] || {
	echo 'no cgroup2 here' >&2
	exit 1
}
cgroup=$unified/cdc-boot-$$
mkdir "$cgroup"
child=
finish() {
	trap - EXIT
	[ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true # and so process 1 and all below
	wait
	for _ in $(seq 50); do # what systemd made in there goes too, from the leaves up
		find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null && return
		sleep 0.1
	done
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# Runs in the namespaces, as process 1.
inside() { # ROOT
	mount --make-rprivate /
	mount --bind "$1" "$1"
	cd "$1"
	mount -t proc proc proc
	mount --bind -o ro proc/sys proc/sys
	mount -t sysfs -o ro sysfs sys
	mount -t tmpfs -o mode=755 tmpfs dev
	for d in null zero full random urandom tty; do
		touch dev/$d
		mount --bind /dev/$d dev/$d
	done
	ln -s /proc/self/fd dev/fd
	ln -s pts/ptmx dev/ptmx
	mkdir dev/shm dev/pts
	mount -t tmpfs tmpfs dev/shm
	mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
	mount -t tmpfs -o mode=755 tmpfs run
	mount -t tmpfs tmpfs tmp
	mount -t tmpfs tmpfs sys/fs/cgroup
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	mkdir -p .old
	pivot_root . .old
	umount -l .old
	mount --make-rshared /
	exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=basic.target
}
export -f inside

(
	echo "$BASHPID" >"$cgroup/cgroup.procs"
	exec unshare --mount --pid --fork --ipc --uts --cgroup --kill-child=KILL bash -ec 'inside "$0"' "$1" </dev/null
) &
child=$!
wait "$child"
