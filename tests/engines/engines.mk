# What the gate leaves out: engines that few machines have, other systems, the suites of other inits.
# FRESH_ARCHIVES names a directory that keeps the packages of bare systems, DIST_PACKAGES one for those
# of other architectures.

# LXC, containerd and buildah, rootless Podman, gVisor: the packages are lxc, containerd, runc, buildah,
# podman, uidmap and runsc.
MORE_ENGINES = lxc containerd rootless gvisor
check-more-engines: build/whit
	for engine in $(MORE_ENGINES); do tests/engines/$$engine.sh build/whit || exit; done

# Docker 26, BuildKit, Compose 2, Podman 5, LXC 6 and others, in a bare Debian 13.
check-debian13:
	tests/engines/debian13.sh build/whit

# The suites of tini and dumb-init.
check-peers: build/whit
	tests/engines/peers.sh build/whit

# The README's two lines on bare systems, and other compilers, flags and users there.
check-fresh:
	.ci/fresh --builds all

# All of it, and all that takes long: an hour or more. Says at its end what it leaves out.
check-all:
	.ci/all

.PHONY: check-more-engines check-debian13 check-peers check-fresh check-all
