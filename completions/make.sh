#!/bin/sh
# make.sh BUILD: completions of bash, zsh and fish, into BUILD/completions. Options are those of each --help, arguments
# those of completions/values; what stands between @ and @ in the files here is replaced.
set -eu
dir=$(dirname "$0")
build=$1
out=$build/completions
mkdir -p "$out"
programs='cdc-meta cdc-read cdc-apply cdc-task cdc-verify cdc-httpd'
commands=$("$build/cdc-task" --help | sed -n '2,/^cdc-task/s/^  \([a-z]*\) .*/\1/p')
# No check has this name: 'x' is not a, b or c.
checks=$("$build/cdc-task" doctor -k , 2>&1 | sed 's/.* is not //; s/,//g; s/ or / /')
ops=$(sed -n 's/^OP([A-Z_]*, "\([a-z_]*\)".*/\1/p' "$dir/../lib/model/ops.def" | grep -vx 'begin\|tick\|end\|ack' | paste -sd ' ' -)

# WHOSE:letter:name:argument:help, of each option
options() {
	for p in $programs; do
		[ "$p" = cdc-task ] || "$build/$p" --help | sed "s/^/$p:/"
	done
	for c in $commands; do "$build/cdc-task" "$c" --help | sed "s/^/cdc-task $c:/"; done
}
options | sed -n 's/^\([a-z -]*\):  \(-\(.\),\|   \) --\([a-z-]*\)\( \([^ ][^ ]*\)\)\{0,1\} \{1,\}/\1\t\3\t\4\t\6\t/p' |
	sed 's/ \[[^]]*\]$//' >"$out/options"

make() { # SHELL TEMPLATE
	awk -v shell="$1" -v ops="$ops" -v checks="$checks" -v commands="$(echo $commands)" -f "$dir/make.awk" \
		"$dir/values" "$out/options" "$2"
}
# fish looks for a file of each program: cdc.fish is that of cdc-task, and has "# PROGRAM: LINE" for the others.
for p in $programs; do
	[ "$p" = cdc-task ] || printf '# fish completion for %s\n\nfunctions -q __cdc_collections; or source (status dirname)/cdc-task.fish\n\n%s\n@%s@\n' \
		"$p" "$(sed -n "s/^# $p: //p" "$dir/cdc.fish")" "$p" | make fish - >"$out/$p.fish"
done
make fish "$dir/cdc.fish" | grep -v '^# cdc-[a-z]*: ' >"$out/cdc-task.fish"
make bash "$dir/cdc.bash" >"$out/cdc.bash"
make zsh "$dir/_cdc" >"$out/_cdc.new"
rm -f "$out/options"
mv "$out/_cdc.new" "$out/_cdc"
