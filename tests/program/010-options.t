#!/bin/sh
# What --help, the manual and both completions say of the options.
. "$(dirname "$0")/../lib/lib.sh"

longs() { grep -oE -- '--[a-z][a-z-]*' | sort -u; }

# The manual writes .It Fl E , Fl -etcd Ar URL
manual() { sed -n '/^\.Sh OPTIONS/,/^\.Sh [^O]/p' "$1" | grep '^.It Fl' | grep -oE '(Fl|,) -?-[a-z][a-z-]+' | sed 's/^[^-]*-*/--/' | sort -u; }

for p in cdc-meta cdc-read cdc-apply cdc-verify cdc-httpd; do
	$p --help | longs >help
	manual "$top/man/$p.1" >man
	is "$p: the manual has every option of --help" "$(comm -23 help man)" ''
	is "$p: --help has every option of the manual" \
		"$(comm -13 help man)" ''
	name=_cdc_${p#cdc-}
	# shellcheck disable=SC1091
	bash -c '. "$1"; eval "echo \$$2 \$_cdc_common"' - "$BUILD/completions/cdc.bash" "$name" | longs >bash
	is "$p: the same options for bash" "$(diff help bash)" ''
	awk -v p="$p" '$0 == p ")" { on = 1; next } on && /;;/ { exit } on' "$BUILD/completions/_cdc" | longs >zsh
	{ sed -n '/^common=/,/^)/p' "$BUILD/completions/_cdc" | longs
		cat zsh; grep -q 'state_dir' "$BUILD/completions/_cdc" && grep -x -- --state-dir help
	} | sort -u >zsh.all
	is "$p: the same options for zsh" "$(diff help zsh.all)" ''
done
cdc-task create --help | longs >help
bash -c '. "$1"; echo $_cdc_create $_cdc_common --state-dir' - "$BUILD/completions/cdc.bash" | longs >bash
is 'cdc-task create: the same options for bash' "$(diff help bash)" ''
grep -oE 'Fl -[a-z-]+' "$top/man/cdc-task.1" | sed 's/Fl -/--/' | sort -u >man
is 'cdc-task create: the manual has every option' "$(comm -23 help man)" ''

fish_says() { # LINE: what fish offers behind it
	fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$BUILD/completions/${1%% *}.fish" "$1" | cut -f 1
}
for p in cdc-meta cdc-read cdc-apply cdc-verify cdc-httpd; do
	$p --help | longs >help
	fish_says "$p --" | longs >fish
	is "$p: the same options for fish" "$(diff help fish)" ''
done

# The commands of cdc-task, one by one.
export CDC_STATE_DIR="$T/state"
cdc-task create alpha --no-check
commands=$(cdc-task --help | sed -n '2,/^cdc-task/s/^  \([a-z]*\) .*/\1/p' | sort)
is 'cdc-task: its commands for bash' "$(bash -c '. "$1"; printf "%s\n" $_cdc_commands' - "$BUILD/completions/cdc.bash" | sort)" \
	"$commands"
is 'cdc-task: its commands for fish' "$(fish_says 'cdc-task ' | grep -x '[a-z]*' | sort)" "$commands"
for c in $commands; do
	cdc-task "$c" --help | longs >help
	{ bash -c '. "$1"; _cdc_task_options "$2"; echo $_cdc_common' - "$BUILD/completions/cdc.bash" "$c"; echo --state-dir; } |
		longs >bash
	is "cdc-task $c: the same options for bash" "$(diff help bash)" ''
	fish_says "cdc-task $c --" | longs >fish
	is "cdc-task $c: the same options for fish" "$(diff help fish)" ''
	{ sed -n '/^common=/,/^)/p' "$BUILD/completions/_cdc"; echo --state-dir
		case $c in create | doctor) sed -n '/^	pipeline=(/,/^	)/p' "$BUILD/completions/_cdc" ;; esac
		sed -n '/^cdc-task)/,/^	;;/p' "$BUILD/completions/_cdc" |
		awk -v c="$c" '/^\t[a-z| ]+\)/ { on = $0 ~ "[\t ]" c "[ )]" } on'; } | longs >zsh
	is "cdc-task $c: the same options for zsh" "$(diff help zsh)" ''
	is "cdc-task $c: the manual has every option" "$(comm -23 help man)" ''
done
is 'fish: names of tasks' "$(fish_says 'cdc-task pause ' | head -n 1)" alpha
is 'fish: where to begin' "$(fish_says 'cdc-task set alpha --from t')" 'task:alpha
ts:'

checks=$(cdc-task doctor -k , 2>&1 | sed 's/.* is not //; s/,//g; s/ or / /')
like 'all checks are told' "$checks" '^words .* upgrade$'
for f in cdc.bash _cdc cdc-task.fish; do
	like "$f: the checks of doctor" "$(cat "$BUILD/completions/$f")" "[' ]$checks[')]"
done
# Options may stand behind operands, up to --; each operand that is a file has to be there before anything is done.
away='-E 127.0.0.1:1'
exits 2 cdc-meta 'x.*' --plain --nonsense
like 'options behind operands' "$(cat "$err")" "^cdc-meta: unknown option '--nonsense'"
exits 2 cdc-meta --plain 'x.*' -w
like '  all of them' "$(cat "$err")" '^cdc-meta: --plain shows one moment'
exits 2 cdc-meta 'x.*' $away y.z.z --plain
like '  and the operands' "$(cat "$err")" "^cdc-meta: pattern 'y.z.z': more than one"
exits 2 cdc-meta a $away -- --plain '' b
like '-- ends them' "$(cat "$err")" "^cdc-meta: pattern '': want DB.COLL"
exits 2 cdc-meta a $away -- --plain.x.y
like '  what is behind it is an operand' "$(cat "$err")" "^cdc-meta: pattern '--plain.x.y': more"
exits 2 cdc-verify -S http://127.0.0.1:1 x --nonsense
like 'cdc-verify' "$(cat "$err")" "unknown option '--nonsense'"
echo '{"op":"begin"' >there
for c in 'cdc-apply there nosuch -T http://127.0.0.1:1' 'cdc-apply -T http://127.0.0.1:1 nosuch' \
	'cdc-verify --backup there --backup nosuch -T http://127.0.0.1:1' 'cdc-read --meta nosuch --until now'; do
	exits 2 $c
	is '  one line' "$(cat "$err")" "${c%% *}: file 'nosuch': No such file or directory"
done
# One wording for each kind of mistake, which names the option.
mistake() { # PROGRAM OPTION ARGUMENT SENTENCE
	exits 2 "$1" "--$2" "$3"
	is "  $1 --$2" "$(cat "$err")" "$1: --$2: '$3' is $4 (try --help)"
}
when='a time such as 2026-01-02T03:04:05Z'
mistake cdc-meta rev 0 'not a number from 1 to 9223372036854775807'
mistake cdc-read tick x 'not a number from 1 to 3600'
mistake cdc-apply window 65 'not a number from 1 to 64'
mistake cdc-verify page 0 'not a number from 1 to 16384'
mistake cdc-httpd max-tasks -1 'not a number from 1 to 1000000'
mistake cdc-read vectors x 'not base64, decimal or none'
mistake cdc-read missing x 'not stop, keep or drop'
mistake cdc-apply mode x 'not upsert or insert'
mistake cdc-verify consistency x 'not strong, session or eventually'
mistake cdc-apply on-error x 'not stop or dead:FILE'
mistake cdc-read until x "not now, end, ts:TSO or $when"
mistake cdc-apply until x "not ts:TSO or $when"
mistake cdc-verify until x "not ts:TSO or $when"
mistake cdc-verify as-of x "not task:NAME, ts:TSO or $when"
mistake cdc-read ops x 'no operation'
mistake cdc-read ops '' 'no operation'
mistake cdc-apply skip x 'no operation'
exits 2 cdc-task set x --missing stop
is '  cdc-task set --missing' "$(cat "$err")" "cdc-task: --missing: 'stop' is not keep or drop (try --help)"
said() { like "  $1" "$(cat "$err")" "^cdc-task: $2"; }
exits 2 cdc-task doctor -k x
said 'a check' "--check: 'x' is not words, .* disk or upgrade\$"
exits 2 cdc-task create x --no-check --from x
said 'where to begin' "--from: 'x' is not start, .* or $when\$"
exits 2 cdc-task create x --no-check --shard 3/3
said 'a part' "--shard: '3/3' is not I/N with I < N"
exits 2 cdc-task create x --no-check --window ''
said 'an empty argument' '--window: the value is empty \(try --help\)$'
mkdir folder
exits 2 cdc-apply folder
is '  a folder' "$(cat "$err")" "cdc-apply: file 'folder': Is a directory"
exits 2 cdc-apply --token-file folder
is '  what cannot be read is not empty' "$(cat "$err")" "cdc-apply: secret file 'folder': Is a directory (try --help)"
exits 1 cdc-read --meta there --until now --from @folder
is '  nor is what came before its last line' "$(cat "$err")" "cdc-read: 'folder': Is a directory"
exits 2 cdc-read --meta there --until now --from @nosuch
is '  where to begin' "$(cat "$err")" "cdc-read: --from: 'nosuch': No such file or directory"

for p in cdc-meta cdc-read cdc-apply cdc-task cdc-verify cdc-httpd; do
	is "$p: every line of --help fits a terminal" "$($p --help | awk 'length > 110')" ''
	like "$p --version" "$($p --version)" "^$p [0-9]+\.[0-9]+"
done
# Ql takes all that follows on its line into its quotes.
is 'no quotes within quotes in a manual' "$(grep -nE '^\.(It )?(Ql|Dq|Sq) .* (Ql|Dq|Sq) ' "$top"/man/*.[157])" ''
done_testing
