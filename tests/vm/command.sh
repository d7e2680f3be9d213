#!/bin/sh
# The command of the virtual machine's whit: shows that it is the init, and turns the machine off. The
# lines marked so are what tests/vm/run.sh wants to find on the console, in this order.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs dev /dev

# expect: ^whit: started '/bin/command' \(pid [0-9]+\)$
# expect: ^vm: pid 1 is init, its parent is 0$
echo "vm: pid 1 is $($b cat /proc/1/comm), its parent is $($b sed -n 's/^PPid:.//p' /proc/1/status)"

# 500 orphans: whit reaps them all, so that there are no zombies but for a moment.
i=0
while [ $i -lt 500 ]; do
	( (exit 17) & )
	i=$((i + 1))
done
while $b cat /proc/[0-9]*/status 2>/dev/null | $b grep -q '^State:.Z'; do
	$b usleep 10000
done
# expect: ^vm: 500 orphans, no zombie$
echo "vm: $i orphans, no zombie"

# A signal to init comes back to its command.
# expect: ^whit: forwarded SIGUSR1 from pid [0-9]+ \(command\) to the command after .* s$
# expect: ^vm: USR1 came back$
trap 'came=yes' USR1
came=no
kill -USR1 1
while [ $came = no ]; do
	$b usleep 10000
done
echo 'vm: USR1 came back'

# The kernel has cgroups of version 2 alone, as a present host has.
# expect: ^vm: no hierarchy of version 1$
$b mkdir -p /sys/fs/cgroup /tmp
$b mount -t tmpfs tmpfs /tmp
$b mount -t cgroup -o memory cgroup /tmp 2>/dev/null || echo 'vm: no hierarchy of version 1'
$b mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo +memory >/sys/fs/cgroup/cgroup.subtree_control

# make_cgroup NAME: with room for 8 MiB.
make_cgroup() {
	$b mkdir "/sys/fs/cgroup/$1"
	echo 8388608 >"/sys/fs/cgroup/$1/memory.max"
}

# run_in CGROUP COMMAND [ARG]...: and says what status and count come of it.
run_in() {
	cgroup=/sys/fs/cgroup/$1
	shift
	(
		echo 0 >"$cgroup/cgroup.procs"
		exec "$@"
	)
	echo "vm: status $?, $($b grep '^oom_kill ' "$cgroup/memory.events")"
}

# A whit whose command the kernel kills.
# expect: ^whit: the command \(pid [0-9]+\) was killed by SIGKILL; this cgroup records 1 out-of-memory kill$
# expect: ^vm: status 137, oom_kill 1$
make_cgroup small
run_in small /init /bin/actor take-memory

# Here it is the command's child, and the command gives up because of it.
# expect: ^whit: the command \(pid [0-9]+\) exited with status 9; this cgroup records 1 out-of-memory kill$
# expect: ^vm: status 9, oom_kill 1$
make_cgroup worker
run_in worker /init sh -c '/bin/actor take-memory; exit 9'

# What no kernel killed is not said to be.
# expect: ^whit: the command \(pid [0-9]+\) was killed by SIGKILL$
# expect: ^vm: status 137, oom_kill 0$
make_cgroup calm
# shellcheck disable=SC2016 # for the shell that dies
run_in calm /init sh -c 'kill -KILL $$'

# As in a container: whit is PID 1, its cgroup namespace is private, and the hierarchy that it sees,
# with its own cgroup at the top, is mounted read-only.
# expect: ^vm: in the container: pid 1, 0::/, read-only$
# expect: ^whit: the command \(pid [0-9]+\) was killed by SIGKILL; this cgroup records 1 out-of-memory kill$
# expect: ^vm: status 137, oom_kill 1$
make_cgroup container
# shellcheck disable=SC2016 # for the shell in the container
run_in container /bin/unshare --fork --pid --mount --cgroup sh -c '
	/bin/busybox mount -t proc proc /proc
	/bin/busybox umount /sys/fs/cgroup
	/bin/busybox mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup
	echo 1 2>/dev/null >/sys/fs/cgroup/memory.high || readonly=read-only
	echo "vm: in the container: pid $$, $(/bin/busybox cat /proc/self/cgroup), $readonly"
	exec /init /bin/actor take-memory'

# A group that the kernel kills as one takes whit with it: it can say nothing, and its parent sees 137.
# expect: ^vm: status 137, oom_kill [2-9]$
make_cgroup group
echo 1 >/sys/fs/cgroup/group/memory.oom.group
run_in group /init /bin/actor take-memory 2>/tmp/said
# expect: ^vm: whit had said nothing$
$b grep '^whit: ' /tmp/said || echo 'vm: whit had said nothing'

# A whit in a PID namespace of this machine, with a drain.
# expect: ^plain got 15$
# expect: ^vm: nested status 7$
$b unshare -f -p /init -d 20 /bin/actor leave plain 1
echo "vm: nested status $?"

# The last word is the command's: it turns the machine off, and whit goes with it.
# expect: ^vm: turning off$
echo 'vm: turning off'
$b poweroff -f
