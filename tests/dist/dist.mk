# All of .dist/targets, or some: make dist ARCHES='amd64 s390x'. The source is the last commit, without
# uncommitted changes. DIST_PACKAGES names a directory that keeps packages of other architectures.
ARCHES ?=
dist:
	.dist/dist.sh $(ARCHES)

# DEBFULLNAME and DEBEMAIL name the maintainer of the packages. DEB_ARCHES, as 'arm64 s390x', is what else
# than this machine's architecture they are for.
DEB_ARCHES ?=
deb:
	.dist/deb.sh $(DEB_ARCHES)

# For distributions without Debian's packages; URL is whit's home page.
packages:
	.dist/packages.sh

check-reproducible:
	tests/dist/reproducible.sh $(ARCHES)

# Tests of what `make dist` and `make deb` created.
check-dist:
	tests/dist/sbom.sh
	tests/dist/verify.sh build/dist
	tests/dist/image.sh build/dist/whit-$(VERSION)-linux-amd64
check-deb: export DEBFULLNAME ?= Check Deb
check-deb: export DEBEMAIL ?= check-deb@example.org
check-deb: deb
	tests/dist/deb.sh
	for arch in $(DEB_ARCHES); do tests/dist/deb-foreign.sh $$arch || exit; done
check-packages: export DEBFULLNAME ?= Check Packages
check-packages: export DEBEMAIL ?= check-packages@example.org
check-packages: export URL ?= https://example.org/whit
check-packages: packages
	tests/dist/packages.sh

# The tests of one architecture: those that qemu-user can run, or all on an emulated machine.
ARCH ?= s390x
check-arch:
	tests/dist/arch.sh $(ARCH)
check-machine:
	tests/dist/machine.sh $(ARCH)

.PHONY: dist deb packages check-reproducible check-dist check-deb check-packages check-arch check-machine
