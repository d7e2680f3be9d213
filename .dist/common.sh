# shellcheck shell=bash
# What the scripts of .dist share: the table of targets, the source as it is shipped, Debian's
# packages of other architectures. Sourced from the top of the tree.

export LC_ALL=C TZ=UTC
umask 022
# What is shipped does not depend on flags that are set for something else.
unset CFLAGS CPPFLAGS LDFLAGS COMMIT MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS

work=$PWD/build/dist-work
# Outlives `make clean` where it is set: 9 MB of package lists for each architecture.
packages=${DIST_PACKAGES:-$work/packages}
mirror=${DIST_MIRROR:-http://deb.debian.org/debian}

fail() {
	echo "$0: $*" >&2
	exit 1
}

# need PROGRAM...: says which one is missing, before something stranger does.
need() {
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || fail "$program is not installed"
	done
}

# One column of the table for one of Go's names.
target_field() {
	awk -v name="$1" -v column="$2" '$1 == name { print $column; found = 1 }
		END { exit !found }' .dist/targets || fail "no architecture '$1' in .dist/targets"
}
target_names() { awk '!/^#/ { print $1 }' .dist/targets; }
target_debian() { target_field "$1" 2; }
target_compiler() { target_field "$1" 3; }
target_suite() { target_field "$1" 4; }

# Sets `source_tree`, `version`, `commit` and SOURCE_DATE_EPOCH. The tree is what git has, not what
# lies about; without git it is the tree at hand, which should be an unpacked source tarball. Not
# exported: gcc would give __DATE__ that date, and `make check-reproducible` not see it.
make_source() {
	version=$(sed -n 's/^VERSION = //p' Makefile)
	source_tree=$work/whit-$version
	rm -rf "$source_tree"
	mkdir -p "$source_tree"
	if [ -e .git ]; then
		need git
		[ -z "$(git status --porcelain)" ] ||
			echo 'note: what is not committed is not in what is built' >&2
		git archive HEAD | tar -x -C "$source_tree"
	else
		tar -c --exclude=./build . | tar -x -C "$source_tree"
	fi
	local epoch
	read -r commit epoch <"$source_tree/.commit"
	[[ $commit =~ ^[0-9a-f]{40}$ ]] || fail 'neither a checkout nor a source tarball'
	: "${SOURCE_DATE_EPOCH:=$epoch}"
}

# The package that a compiler's own part of every program comes from: libgcc.a, crtbegin.o and so on.
libgcc_package_of() {
	local owner
	owner=$(dpkg-query -S "$("$1" -print-libgcc-file-name)") || fail "no package has $1's libgcc"
	echo "${owner%%: *}"
}

# What its licence says, from that package; the same for all of one compiler's architectures.
print_libgcc_licence() {
	local package text
	package=$(libgcc_package_of "$1")
	text=$(sed -n '/^GCC RUNTIME LIBRARY EXCEPTION/,/^requirements of the license of GCC/p' \
		"/usr/share/doc/${package%:*}/copyright")
	[[ $text == *'Grant of Additional Permission'*GCC. ]] ||
		fail "$package has no GCC Runtime Library Exception"
	cat <<-TEXT
		libgcc, Copyright (C) Free Software Foundation, Inc., is under the GNU General Public
		License, version 3 or later, with this exception, by which a program that the compiler
		has put it into need not be:

		$text
	TEXT
}

# Packs a directory in the same way at any time, for any user: pack DIRECTORY NAME >TAR
pack() {
	tar -c --format=ustar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 \
		--numeric-owner --mode=u=rwX,go=rX -C "$1" "$2"
}

# apt-get with lists and archives of its own: the machine's stay as they are, and no user has to be
# root. apt_for DEBIAN_ARCHITECTURE SUITE COMMAND...
apt_for() {
	local home=$packages/$2-$1
	mkdir -p "$home/state/lists/partial" "$home/cache/archives/partial"
	: >"$home/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $2 main" \
		>"$home/sources.list"
	cat >"$home/apt.conf" <<-CONF
		Dir::State "$home/state";
		Dir::State::status "$home/status";
		Dir::Cache "$home/cache";
		Dir::Etc::SourceList "$home/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		APT::Architecture "$1";
		APT::Architectures { "$1"; };
		APT::Sandbox::User "$(id -un)";
		Acquire::Languages "none";
		Acquire::Retries "3";
	CONF
	APT_CONFIG=$home/apt.conf "${@:3}"
}

# The package files, downloaded where they are not at hand: fetch DEBIAN_ARCHITECTURE SUITE
# PACKAGE... Prints their paths. apt-get checks them against the signed lists.
fetch() {
	local architecture=$1 suite=$2 home=$packages/$2-$1 package file
	shift 2
	mkdir -p "$home/files" "$home/new"
	for package in "$@"; do
		# A '_' ends a package's name, and the file appears whole or not at all.
		file=$(find "$home/files" -name "${package}_*.deb")
		if [ -z "$file" ]; then
			[ -s "$home/updated" ] || {
				apt_for "$architecture" "$suite" apt-get -q update >&2
				echo yes >"$home/updated"
			}
			(cd "$home/new" && apt_for "$architecture" "$suite" \
				apt-get -q download "$package" >&2)
			mv "$home/new/"* "$home/files/"
			file=$(find "$home/files" -name "${package}_*.deb")
		fi
		echo "$file"
	done
}

# Sets `musl_package`, the file, and `musl_root`, where it is unpacked; there, `specs` are musl's
# own compiler specs, made to look there.
unpack_musl() {
	local root=$work/musl/$1 package
	package=$(fetch "$(target_debian "$1")" "$(target_suite "$1")" musl-dev)
	rm -rf "$root"
	mkdir -p "$root"
	dpkg-deb -x "$package" "$root"
	sed "s|/usr/|$root/usr/|g" "$root"/usr/lib/*/musl-gcc.specs >"$root/specs"
	# shellcheck disable=SC2034 # for who sources this
	musl_package=$package
	# shellcheck disable=SC2034
	musl_root=$root
}

# Sets `maintainer`, from DEBFULLNAME and DEBEMAIL, as Debian's own tools do: dch(1).
make_maintainer() {
	local is_contact='^[^<>@,]*[^<>@, ] <[^<>@, ]+@[^<>@, ]+>$'
	maintainer=${DEBEMAIL:-}
	[[ $maintainer == *'<'* ]] || maintainer="${DEBFULLNAME:-} <$maintainer>"
	[[ $maintainer =~ $is_contact ]] ||
		fail 'set DEBFULLNAME and DEBEMAIL to the name and address of the packages'"'"' maintainer'
}

# The bare systems that tests run in: name, suite, components. debootstrap knows the mirror of each.
bare_systems='debian-12 bookworm main
debian-13 trixie main
ubuntu-24.04 noble main,universe'
bare_system_names() { awk '{ print $1 }' <<<"$bare_systems"; }

# bare_system_field NAME NUMBER
bare_system_field() {
	awk -v name="$1" -v number="$2" '$1 == name { print $number; found = 1 }
		END { exit !found }' <<<"$bare_systems" ||
		fail "no system '$1'; there are: $(bare_system_names | paste -sd ' ')"
}

# make_bare_root NAME DIRECTORY ARCHIVES: what debootstrap, and then apt there, fetches stays in ARCHIVES.
# 77 if no mirror can be reached. Debian has the keys of Ubuntu's archive in a package of Debian 13. A
# debootstrap that is older than the suite has no script of its name: all of Ubuntu's are the same.
make_bare_root() {
	local suite components script='' options=() package
	suite=$(bare_system_field "$1" 2)
	components=$(bare_system_field "$1" 3)
	mkdir -p "$3/partial" "$2"
	if [[ $1 == ubuntu-* ]]; then
		package=$(fetch amd64 trixie ubuntu-keyring)
		rm -rf "$packages/ubuntu-keyring"
		dpkg-deb -x "$package" "$packages/ubuntu-keyring"
		options+=("--keyring=$packages/ubuntu-keyring/usr/share/keyrings/ubuntu-archive-keyring.gpg")
	fi
	[ -e "/usr/share/debootstrap/scripts/$suite" ] || script=jammy
	if ! debootstrap --variant=minbase --components="$components" "${options[@]}" \
		--cache-dir="$3" "$suite" "$2" '' ${script:+"$script"} >"$3/log" 2>&1; then
		tail -n 5 "$3/log" >&2
		! grep -q 'Failed getting release file' "$3/log" || return 77
		fail "$1: debootstrap failed"
	fi
	cp /etc/resolv.conf "$2/etc/resolv.conf"
}
