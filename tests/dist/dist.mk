# All of .dist/targets, or some of them: make dist ARCHES='amd64 s390x'. From the last commit, not
# from what lies about. Packages of other architectures are kept in DIST_PACKAGES, where that is set.
ARCHES ?=
dist:
	.dist/dist.sh $(ARCHES)

# DEBFULLNAME and DEBEMAIL are who answers for the packages.
deb:
	.dist/deb.sh

check-reproducible:
	tests/dist/reproducible.sh $(ARCHES)

# What `make dist` and `make deb` have made.
check-dist:
	tests/dist/sbom.sh
	tests/dist/image.sh build/dist/whit-$(VERSION)-linux-amd64
check-deb: export DEBFULLNAME ?= Check Deb
check-deb: export DEBEMAIL ?= check-deb@example.org
check-deb: deb
	tests/dist/deb.sh

# The tests of one architecture: as far as qemu-user can, or on a whole emulated machine.
ARCH ?= s390x
check-arch:
	tests/dist/arch.sh $(ARCH)
check-machine:
	tests/dist/machine.sh $(ARCH)
