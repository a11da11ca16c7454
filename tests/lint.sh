#!/bin/sh
# lint.sh FILE...: format, warnings as errors, and four analysers over the
# C sources. $CPPFLAGS and $BUILD come from the Makefile.
set -u
bad=0
say() { printf '%s\n' "lint: $*" >&2; bad=1; }

clang-format --dry-run -Werror "$@" || say "clang-format differs: make fmt"
cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
	--enable=warning,portability --suppress=missingInclude \
	-Ilib "$@" || say cppcheck
for f; do
	case $f in *.h) continue ;; esac
	# shellcheck disable=SC2086 -- the flags are a list
	gcc $CPPFLAGS -std=c11 -O1 -fanalyzer -Wno-analyzer-too-complex \
		-Werror -c -o /dev/null "$f" || say "gcc -fanalyzer: $f"
	# One process per file: clang-tidy 14 mixes up va_list otherwise.
	# shellcheck disable=SC2086
	clang-tidy --quiet --warnings-as-errors='*' --checks='-*,bugprone-*,cert-*,clang-analyzer-*,-bugprone-easily-swappable-parameters,-bugprone-assignment-in-if-condition,-bugprone-narrowing-conversions,-bugprone-reserved-identifier,-bugprone-sizeof-expression,-bugprone-branch-clone,-clang-analyzer-optin.performance.Padding,-cert-dcl37-c,-cert-dcl51-cpp,-cert-err33-c,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling' \
		"$f" -- $CPPFLAGS -std=c11 2>/dev/null || say "clang-tidy: $f"
done
for m in man/*.[157]; do
	mandoc -Tlint -W warning "$m" || say "mandoc: $m"
done
exit $bad
