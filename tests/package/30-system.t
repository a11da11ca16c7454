#!/bin/sh
# The package in a Debian of its own: installed, its programs and services run, the latter by a real systemd with all
# that their units forbid; upgraded, removed, purged, and what was there before is there again.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/applylib.sh"
unset CDC_STATE_DIR
version=$(cat "$top/VERSION")
deb=$(ls "$BUILD"/package/milvus-cdc-tools_"$version"_*.deb 2>/dev/null) || skip_all 'make deb comes first'
command -v mmdebstrap >/dev/null || skip_all 'no mmdebstrap here (tests/tools/setup.sh package-check)'
[ "$(id -u)" = 0 ] || skip_all 'only root can make a Debian'
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
R=$T/root
export R

# Where this machine has its own packages from.
apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' >sources.list
ok 'a Debian' mmdebstrap --quiet --mode=root --variant=essential --include=apt \
	"$(. /etc/os-release && echo "$VERSION_CODENAME")" "$R" sources.list
for f in resolv.conf hosts; do cp "/etc/$f" "$R/etc/$f"; done

# In it, before its systemd runs.
in_root() {
	unshare --mount --pid --fork --kill-child sh -ec 'mount -t proc proc "$R/proc"
		mount --bind /dev "$R/dev"
		exec chroot "$R" "$@"' in_root "$@"
}
ok 'what the package needs' in_root sh -c \
	"apt-get update -qq && apt-get satisfy -qq -y --no-install-recommends '$(dpkg-deb -f "$deb" Depends)'"

# A line for each file and folder, and sums of what lies in /etc; without what dpkg, apt and a boot keep for themselves.
everything() (
	cd "$R" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/lib/systemd -o -path ./var/cache \
		-o -path ./var/log -o -path ./etc/machine-id -o -name .updated -o -name .pwd.lock -o -path './etc/*-' -o -path './run/*' \
		-o -path './tmp/*' -o -path './dev/*' \) -prune -o -printf '%M %U %G %p %l\n' | sort -k 4
	find etc -type f ! -name '*-' ! -name machine-id ! -name .updated -exec md5sum {} + | sort -k 2
)
everything >before

cp "$deb" "$R/tmp/one.deb"
ok 'installed' in_root dpkg -i /tmp/one.deb
is 'nothing is enabled' "$(find "$R/etc/systemd" -name 'cdc-*')" ''
is 'the user of the services' "$(in_root getent passwd milvus-cdc | sed 's/:[0-9]*:[0-9]*:/:n:n:/')" \
	'milvus-cdc:x:n:n:Milvus CDC:/var/lib/milvus-cdc:/usr/sbin/nologin'
for p in meta read apply task verify httpd; do
	is "cdc-$p runs" "$(in_root cdc-$p --version 2>&1)" "cdc-$p $version"
done
is 'cdc-task list' "$(in_root cdc-task list --state-dir /tmp/state; echo $?)" 0
{ begin; create items; insert items 1 2; end; } >some.ndjson
fake_start
is 'a stream to a target' "$(in_root cdc-apply --state-dir /tmp/state -T "$CDC_TARGET" <some.ndjson | jq -r 'select(.end) | .op')" ack
is 'is applied' "$(keys)" '1 2'

units='cdc-httpd.service cdc-supervise.service cdc-task@dr.service'
ok 'systemd-analyze verify' in_root systemd-analyze verify --man=no $units
is 'has nothing to say' "$(cat "$out" "$err")" ''
for u in $units; do
	ok "systemd-analyze security $u" in_root systemd-analyze security --offline=true --threshold=20 --no-pager "$u"
	tail -n 1 "$out" | diag
done

# A systemd that runs
rm -r "$R/tmp/one.deb" "$R/tmp/state"
mkdir -p "$R/.old"
bash "$TESTS/package/boot.sh" "$R" >boot.log 2>&1 &
boot=$!
inside() { nsenter -t "$pid" -m -p -C -u -i -r "$@"; }
booted() {
	pid=$(pgrep -P "$(pgrep -P $boot)") && [ "$(inside systemctl is-system-running)" = running ]
}
if ! wait_until 30 booted; then
	diag <boot.log
	tap 1 'a systemd that runs'
	done_testing
fi
main_pid() { inside systemctl show -P MainPID "$1"; }
active() { [ "$(inside systemctl is-active "$1")" = active ]; }
as_user() { inside runuser -u milvus-cdc -- env CDC_STATE_DIR=/var/lib/milvus-cdc "$@"; }
journal() { inside journalctl -q --no-pager -u 'cdc-*' | tail -n 20 | diag; }
state() { as_user cdc-task status dr --json --offline | jq -r .state; }
is_state() { [ "$(state)" = "$1" ]; }

install -d -m 700 "$R/etc/milvus-cdc"
http=127.0.0.1:$(free_ports 1)
install -m 600 /dev/null "$R/etc/milvus-cdc/environment"
echo "CDC_HTTPD_OPTIONS=--listen $http" >"$R/etc/milvus-cdc/environment"
ok 'cdc-supervise starts' inside systemctl start cdc-supervise
ok 'cdc-httpd starts' inside systemctl start cdc-httpd
for u in cdc-supervise cdc-httpd; do
	is "$u: not root, no capabilities, no new ones, system calls filtered" \
		"$(inside grep -e ^Uid -e ^CapPrm -e ^CapBnd -e ^NoNewPrivs -e ^Seccomp: "/proc/$(main_pid $u)/status" | awk '{ print $1, $2 }' |
			sed "s/^Uid: $(in_root id -u milvus-cdc)$/Uid: milvus-cdc/" | sort | paste -sd ' ')" \
		'CapBnd: 0000000000000000 CapPrm: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 Uid: milvus-cdc'
done
is 'the state directory' "$(inside stat -c '%U %a' /var/lib/milvus-cdc)" 'milvus-cdc 700'
is 'cdc-httpd answers' "$(curl -s -o body -w '%{http_code}' "http://$http/healthz")" 200

# Four programs below cdc-supervise, from an etcd and a Kafka to a Milvus
etcd_start
etcdtool replay "$HISTORY" >/dev/null
kafka_up
ms=$(date +%s000)
echo "tick 14 $ms" | feed
ok 'a task is made' as_user cdc-task create dr --no-check -E "$CDC_ETCD" -b "$CDC_BROKERS" -T "$CDC_TARGET" -i 'meta_h2.*' --from now
ok 'cdc-supervise runs it' wait_until 20 is_state running || journal
key=0
deletes() { # a record, and it arrives
	key=$((key + 1)) ms=$((ms + 1000))
	printf '%s\n' "delete 14 $ms coll=470616509404303209 part=-1 keys=$key id=$key" "tick 14 $((ms + 500))" | feed
	wait_until 20 grep -q "Delete meta_h2/elsewhere ok .*[[,]$key]" fake.log
}
# from now: what comes before the reader has looked is not its business
follows() { wait_until 20 grep -q 'CreateCollection meta_h2/elsewhere ok' fake.log && sleep 1 && deletes; }
ok 'what happens at the source happens at the target' follows || journal
is 'cdc-httpd shows the task' "$(curl -s "http://$http/tasks" | jq -r '.tasks[].task_id')" dr
is 'all of its programs are what the unit allows' \
	"$(inside cat "/sys/fs/cgroup/system.slice/cdc-supervise.service/cgroup.procs" | while read -r p; do
		inside sed -n '1p;/^CapBnd\|^Seccomp:/p' "/proc/$p/status" | awk '{ print $2 }' | paste -sd ' '
	done | sort | uniq -c | awk '{ print $1, $2, $3, $4 }')" '1 cdc-apply 0000000000000000 2
1 cdc-meta 0000000000000000 2
1 cdc-read 0000000000000000 2
3 cdc-task 0000000000000000 2'
ok 'cdc-supervise stops' inside systemctl stop cdc-supervise
is 'in order' "$(as_user cdc-task log dr | jq -c 'select(.event == "stopped") | .in_order')" true
ok 'cdc-task@dr starts' inside systemctl start cdc-task@dr
ok 'and goes on from there' deletes || journal

# Killed, and stopped so that nobody feeds the watchdog
# cdc-supervise beside it has other tasks
for u in cdc-httpd cdc-supervise; do
	mkdir -p "$R/etc/systemd/system/$u.service.d"
	printf '[Service]\nWatchdogSec=3\nTimeoutStopSec=2\nEnvironment=CDC_STATE_DIR=/var/lib/milvus-cdc/other\n' >"$R/etc/systemd/system/$u.service.d/short.conf"
done
inside systemctl daemon-reload
inside systemctl restart cdc-httpd cdc-supervise
another() { active "$1" && [ "$(main_pid "$1")" != "$2" ]; }
again() { # WHAT SIGNAL UNIT...
	for u in cdc-httpd cdc-supervise ${3:-}; do
		was=$(main_pid $u)
		inside sh -c "kill -$2 $was"
		ok "$u is started again when it $1" wait_until 20 another $u "$was" || journal
	done
}
again 'was killed' KILL cdc-task@dr
again 'stands still' STOP
fails 'a task that is none' inside systemctl start cdc-task@none
is 'is not tried again' "$(inside systemctl show -P ActiveState -P NRestarts -P ExecMainStatus cdc-task@none | sort | paste -sd ' ')" '0 1 failed'
inside systemctl reset-failed cdc-task@none

# Upgraded, while they run
dpkg-deb -R "$deb" again
sed -i "s/^Version: .*/Version: $version+1/" again/DEBIAN/control
dpkg-deb --root-owner-group -b again "$R/new.deb" >/dev/null
was="$(main_pid cdc-httpd) $(main_pid cdc-supervise) $(main_pid cdc-task@dr)"
ok 'an upgrade' inside dpkg -i /new.deb
rm "$R/new.deb"
for u in cdc-httpd cdc-supervise cdc-task@dr; do
	ok "$u runs" wait_until 20 active $u
	now=$(main_pid $u)
	fails "as another process" expr " $was " : ".* $now "
done
ok 'rows go on' deletes || journal

# Removed and purged
rm -r "$R/etc/systemd/system"/cdc-*.service.d
inside systemctl enable cdc-httpd cdc-task@dr 2>/dev/null
ok 'removed' inside dpkg -r milvus-cdc-tools
is 'nothing runs' "$(inside sh -c 'cat /proc/[0-9]*/comm' | grep ^cdc)" ''
is 'the tasks are there' "$(ls "$R/var/lib/milvus-cdc/tasks")" dr
like 'and the settings' "$(cat "$R/etc/milvus-cdc/environment")" listen
ok 'purged' inside dpkg -P milvus-cdc-tools
kill $boot
wait $boot
rmdir "$R/.old"
everything >after
is 'all is as it was' "$(diff before after)" ''
is 'no cgroup is left' "$(find /sys/fs/cgroup -maxdepth 2 -name "cdc-boot-$boot")" ''
fake_stop
etcd_stop
kafka_down
done_testing
