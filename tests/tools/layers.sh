#!/bin/sh
# layers.sh [TREE]: does each folder of lib/ include only what lib/LAYERS allows, and is that without circles, and
# nothing of it in vain? Does a private header (priv.h, X_priv.h) stay in its folder, and out of cmd/? Prints what does
# not, and which folder has over 31 files, status 1.
cd "${1:-$(dirname "$0")/../..}" || exit 1
many=$(for d in lib/*/; do set -- "$d"*; [ $# -le 31 ] || echo "$d has $# files: what are its rooms?"; done)
[ -z "$many" ] || echo "$many"
grep -n '^#include "[a-z0-9_]*/' /dev/null lib/*/*.[ch] cmd/*.c | awk -F'[:"]' '
	FILENAME == "lib/LAYERS" {
		if (/^[a-z]/) {
			n = split($2, w, " ")
			if (known[$1]++)
				bad = print_("lib/LAYERS: " $1 " stands there twice")
			for (i = 1; i <= n; i++) {
				may[$1, w[i]] = 1
				if (!known[w[i]] || w[i] == $1)
					bad = print_("lib/LAYERS: " w[i] " does not stand below " $1)
			}
		}
		next
	}
	{
		seen++
		split($1, from, "/")
		split($4, to, "/")
		at = $1 ":" $2 ": "
		used[from[2], to[1]] = 1
		inside = from[1] == "lib" && from[2] == to[1]
		if (to[2] ~ /priv\.h$/ && !inside)
			bad = print_(at $4 " is for lib/" to[1] " only")
		if (from[1] == "lib" && !known[from[2]])
			bad = print_(at from[2] " is not in lib/LAYERS")
		else if (from[1] == "lib" && !inside && !may[from[2], to[1]])
			bad = print_(at from[2] " may not include " $4)
	}
	function print_(text) { print text; return 1 }
	END {
		for (pair in may)
			if (split(pair, p, SUBSEP) && !used[pair] && seen)
				bad = print_("lib/LAYERS: " p[1] " does not use " p[2])
		if (!seen)
			bad = print_("no include was seen")
		exit bad
	}' lib/LAYERS - && [ -z "$many" ]
