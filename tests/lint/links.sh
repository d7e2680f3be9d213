#!/bin/sh
# What the READMEs and the manual name is there: the targets of their links, and the targets of `make`.
. "$(dirname "$0")/common.sh"

find README.md .github .dist src tests -name '*.md' | sort >"$work/readmes"

# [TEXT](PATH), relative to the file's own directory; a URL has a colon.
while read -r readme; do
	grep -oE '\]\([^)]+' "$readme" | sed 's/^](//; s/#.*//' | grep -v : | while read -r target; do
		test -e "$(dirname "$readme")/$target" || found "$readme: a link to $target, which is not there"
	done
done <"$work/readmes"

# "make a b ARCHES=amd64" between backquotes, or as a command of its own.
cat Makefile tests/*/*.mk | sed -nE 's/^([a-z][a-z -]*):( .*|$)/\1/p' | tr ' ' '\n' | sort -u >"$work/targets"
# shellcheck disable=SC2016 # Markdown's backquotes
while read -r readme; do
	tr '\n' ' ' <"$readme" | grep -oE '`make [a-z][^`]*`' | tr -d '`'
	grep -oE '(^ +|&& )make [a-z].*' "$readme" | sed 's/^ *//; s/^&& //'
done <"$work/readmes" | sed 's/^make //; s/[A-Z_]*=.*//' | tr -s ' ' '\n' | sort -u >"$work/named"
sed -nE 's/.*\(oqmake ([a-z][a-z -]*).*/\1/p; s/^make ([a-z].*)/\1/p' man/whit.1 | sed 's/\\-/-/g; s/[A-Z_]*=.*//' |
	tr -s ' ' '\n' >>"$work/named"
grep -E '^[a-z]' "$work/named" | sort -u | while read -r target; do
	grep -qFx -e "$target" "$work/targets" || found "no target of the Makefile: make $target"
done

report
