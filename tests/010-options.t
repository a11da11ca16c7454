#!/bin/sh
# What --help, the manual and both completions say of the options.
. "$(dirname "$0")/lib.sh"

longs() { grep -oE -- '--[a-z][a-z-]*' | sort -u; }

# The manual writes .It Fl E , Fl -etcd Ar URL
manual() { sed -n '/^\.Sh OPTIONS/,/^\.Sh [^O]/p' "$1" | grep '^.It Fl' | grep -oE '(Fl|,) -?-[a-z][a-z-]+' | sed 's/^[^-]*-*/--/' | sort -u; }

for p in cdc-meta cdc-read cdc-apply cdc-verify; do
	$p --help | longs >help
	manual "$top/man/$p.1" >man
	is "$p: the manual has every option of --help" "$(comm -23 help man)" ''
	is "$p: --help has every option of the manual" \
		"$(comm -13 help man)" ''
	name=_cdc_${p#cdc-}
	# shellcheck disable=SC1091
	bash -c '. "$1"; eval "echo \$$2 \$_cdc_common"' - "$top/completions/cdc.bash" "$name" | longs >bash
	is "$p: the same options for bash" "$(diff help bash)" ''
	awk -v p="$p" '$0 == p ")" { on = 1; next } on && /;;/ { exit } on' "$top/completions/_cdc" | longs >zsh
	{ sed -n '/^common=/,/^)/p' "$top/completions/_cdc" | longs
		cat zsh; grep -q 'state_dir' "$top/completions/_cdc" && grep -x -- --state-dir help
	} | sort -u >zsh.all
	is "$p: the same options for zsh" "$(diff help zsh.all)" ''
done
cdc-task create --help | longs >help
bash -c '. "$1"; echo $_cdc_create $_cdc_common --state-dir' - "$top/completions/cdc.bash" | longs >bash
is 'cdc-task create: the same options for bash' "$(diff help bash)" ''
grep -oE 'Fl -[a-z-]+' "$top/man/cdc-task.1" | sed 's/Fl -/--/' | sort -u >man
is 'cdc-task create: the manual has every option' "$(comm -23 help man)" ''
for p in cdc-meta cdc-read cdc-apply cdc-task cdc-verify; do
	is "$p: every line of --help fits a terminal" "$($p --help | awk 'length > 110')" ''
	like "$p --version" "$($p --version)" "^$p [0-9]+\.[0-9]+"
done
done_testing
