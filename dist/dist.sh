#!/bin/sh
# dist.sh: the sources as $BUILD/milvus-cdc-tools-VERSION.tar.gz; prints its path.
#
# What HEAD has, or, in a tree without git, all files that .gitignore does not name. The bytes are the same whoever
# packs them, where and when: their time is $SOURCE_DATE_EPOCH, or the last commit's, or the one VERSION has.
set -eu

cd "$(dirname "$0")/.."
unset TAR_OPTIONS GZIP
export LC_ALL=C
build=${BUILD:-build}
name=milvus-cdc-tools-$(cat VERSION)
mkdir -p "$build"
work=$(mktemp -d "$build/dist.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/$name"

# The files of this folder that .gitignore does not name: it has only "/path" and "name", each with or without a last /.
tree() {
	set -- -path ./.git -prune -o -path "./${build#./}" -prune -o
	while read -r pattern; do
		pattern=${pattern%/}
		case $pattern in
		/*) set -- "$@" -path ".$pattern" -prune -o ;;
		*) set -- "$@" -name "$pattern" -prune -o ;;
		esac
	done <.gitignore
	find . "$@" ! -type d -print
}

if [ -e .git ]; then
	: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct)}"
	git archive HEAD | tar -xf - -C "$work/$name"
else
	: "${SOURCE_DATE_EPOCH:=$(stat -c %Y VERSION)}"
	tree >"$work/list"
	tar -cf - -T "$work/list" | tar -xf - -C "$work/$name"
fi
(cd "$work" && find "$name" ! -type d | sort >list &&
	tar -cf "$name.tar" --format=gnu --mtime="@$SOURCE_DATE_EPOCH" --mode=u=rwX,go=rX --owner=0 --group=0 \
		--numeric-owner --no-recursion -T list)
gzip -9n "$work/$name.tar"
mv "$work/$name.tar.gz" "$build"
echo "$build/$name.tar.gz"
