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
# expect: ^whit: passed on SIGUSR1 from pid [0-9]+ \(command\) after .* s$
# expect: ^vm: USR1 came back$
trap 'came=yes' USR1
came=no
kill -USR1 1
while [ $came = no ]; do
	$b usleep 10000
done
echo 'vm: USR1 came back'

# A whit in a memory cgroup of version 2 whose command the kernel kills.
# expect: ^whit: the command \(pid [0-9]+\) was killed by SIGKILL; this cgroup records 1 out-of-memory kill$
# expect: ^vm: status 137$
# expect: ^vm: memory.events has oom_kill 1$
$b mkdir -p /sys/fs/cgroup
$b mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
$b mkdir /sys/fs/cgroup/small
echo 8388608 >/sys/fs/cgroup/small/memory.max
(
	echo 0 >/sys/fs/cgroup/small/cgroup.procs
	exec /init /bin/actor take-memory
)
echo "vm: status $?"
echo "vm: memory.events has $($b grep '^oom_kill ' /sys/fs/cgroup/small/memory.events)"

# A whit in a PID namespace of this machine, with a drain.
# expect: ^plain got 15$
# expect: ^vm: nested status 7$
$b unshare -f -p /init -d 20 /bin/actor leave plain 1
echo "vm: nested status $?"

# The last word is the command's: it turns the machine off, and whit goes with it.
# expect: ^vm: turning off$
echo 'vm: turning off'
$b poweroff -f
