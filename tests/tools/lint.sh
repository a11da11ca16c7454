#!/bin/sh
# lint.sh FILE...: format, warnings as errors, and four analysers over the
# C sources. $CPPFLAGS and $BUILD come from the Makefile.
set -u
checks='-*,bugprone-*,cert-*,clang-analyzer-*,-bugprone-easily-swappable-parameters,-bugprone-assignment-in-if-condition,-bugprone-narrowing-conversions,-bugprone-reserved-identifier,-bugprone-sizeof-expression,-bugprone-branch-clone,-clang-analyzer-optin.performance.Padding,-cert-dcl37-c,-cert-dcl51-cpp,-cert-err33-c,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling'
bad=0
say() { printf '%s\n' "lint: $*" >&2; bad=1; }

# lint.sh --one FILE: the two that take long. One process per file, for
# clang-tidy 14 mixes up va_list otherwise.
# shellcheck disable=SC2086 -- the flags are a list
if [ "$1" = --one ]; then
	case $2 in
	tests/*) # they run commands, and know what they are given
		checks="$checks,-cert-env33-c,-cert-err34-c,-cert-exp42-c,-cert-flp37-c,-bugprone-suspicious-memory-comparison,-bugprone-suspicious-include,-bugprone-not-null-terminated-result,-clang-analyzer-security.insecureAPI.strcpy"
		;;
	esac
	gcc $CPPFLAGS -std=c11 -O1 -fanalyzer -Wno-analyzer-too-complex \
		-Werror -c -o /dev/null "$2" || say "gcc -fanalyzer: $2"
	clang-tidy --quiet --warnings-as-errors='*' --checks="$checks" \
		"$2" -- $CPPFLAGS -std=c11 2>/dev/null || say "clang-tidy: $2"
	exit $bad
fi

sh tests/tools/layers.sh || say "lib/LAYERS"
clang-format --dry-run -Werror "$@" || say "clang-format differs: make fmt"
cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
	--enable=warning,portability --suppress=missingInclude \
	-Ilib "$@" || say cppcheck
printf '%s\n' "$@" | grep -v '\.h$' | xargs -n 1 -P 2 sh "$0" --one || bad=1
for m in man/*.[157]; do
	mandoc -Tlint -W warning "$m" || say "mandoc: $m"
done
exit $bad
