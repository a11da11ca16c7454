#!/bin/sh
# What the shells offer behind a line, with names of tasks and collections that are there: each shell is asked as one
# that a person types into, on a terminal of its own.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"

command -v script >/dev/null || skip_all 'no script(1) here'
etcd_start
# Milvus has no such names; who writes into its etcd may.
etcdtool replay "$HISTORY" elsewhere '$(>pwn1)x' items 'a b;c' >/dev/null
export CDC_STATE_DIR="$T/state"
cdc-task create alpha --no-check
cdc-task create alpine --no-check -T http://127.0.0.1:2
live=$(cdc-meta -k collection | jq -r 'select(.state == "created") | .db + "." + .name, .db + ".*"' 2>/dev/null | grep -x '[A-Za-z0-9_.*]*' | sort -u)
# meta_h2 has no other collection
live=$(echo "$live" | grep -v meta_h2)
db=$(echo "$live" | grep -v '^default' | head -n 1 | cut -d . -f 1)
of_db=$(echo "$live" | grep "^$db" | paste -sd ' ')
ok 'there are live collections' test -n "$of_db"
is 'and such with other names' "$(cdc-meta -k collection | grep -c -F -e '"$(>pwn1)x"' -e '"a b;c"')" 2
mkdir "$CDC_STATE_DIR/tasks/alp\$(>pwn2)" "$CDC_STATE_DIR/tasks/alp\`>pwn3\`"
offline='-E http://127.0.0.1:1'

# M-* puts all that is offered into the line, C-a goes to its begin.
bash_says() { # LINE
	printf '%s\n' "PS1= PS2=; . '$BUILD/completions/cdc.bash'" >bash.in
	printf '%s\033*\001echo OFFERED \n exit\n' "$1" >>bash.in
	TERM=vt100 INPUTRC=/dev/null script -qec 'bash --norc --noprofile -i' /dev/null <bash.in >bash.out 2>&1
	said=$(tr -d '\r' <bash.out | sed -n 's/^.*2004lOFFERED //p' | tail -n 1 | sed 's/ *$//')
	word=${1##* }
	[ "$said" = "$1" ] || printf '%s\n' "${said#"${1%"$word"}"}"
}

# compadd writes down what matches.
zsh_says() { # LINE
	: >zsh.hits
	cat >zsh.rc <<-X
		PS1= PS2=; fpath=('$BUILD/completions' \$fpath)
		autoload -Uz compinit && compinit -u -d '$T/zcompdump'
		compadd() { local -a hits; [[ "\${@[1,(i)(-|--)]}" == *-(O|A|D)\ * ]] || { builtin compadd -A hits "\$@"; print -rl -- \$hits >>'$T/zsh.hits'; }; builtin compadd "\$@"; }
	X
	printf '. %s/zsh.rc\n%s\t\001: \nexit\n' "$T" "$1" >zsh.in
	TERM=vt100 script -qec 'zsh -f -i' /dev/null <zsh.in >zsh.out 2>&1
	sort -u zsh.hits | paste -sd ' '
}

fish_says() { # LINE
	fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$BUILD/completions/${1%% *}.fish" "$1" | cut -f 1 | sort -u | paste -sd ' '
}

shells='bash'
command -v zsh >/dev/null && shells="$shells zsh" || diag 'no zsh here' </dev/null
command -v fish >/dev/null && shells="$shells fish"
for sh in $shells; do
	is "$sh: names of tasks" "$("${sh}_says" 'cdc-task pause al')" 'alpha alpine'
	is "$sh: behind options" "$("${sh}_says" 'cdc-task pause --reason night alph')" 'alpha'
	is "$sh: collections and databases" "$("${sh}_says" "cdc-task create x -E $CDC_ETCD -i $db" | tr -d '\\')" "$of_db"
	is "$sh: of the default etcd" "$("${sh}_says" "cdc-task create x -x $db" | tr -d '\\')" "$of_db"
	is "$sh: none, if it is not there" "$("${sh}_says" "cdc-task create x $offline -i $db")" ''
done
for sh in $shells; do
	is "$sh: where to begin" "$("${sh}_says" 'cdc-task set alpha --from task:alp')" \
		"$([ "$sh" = bash ] && echo 'task:alpha alpine' || echo 'task:alpha task:alpine')"
	is "$sh: a pattern of cdc-meta" "$("${sh}_says" "cdc-meta $db" | tr -d '\\')" "$of_db"
	is "$sh: of cdc-verify" "$("${sh}_says" "cdc-verify --include $db" | tr -d '\\')" "$of_db"
done
# Options and operands of doctor.
for sh in $shells; do
	is "$sh: checks" "$("${sh}_says" 'cdc-task doctor alpha -k versi')" 'versions'
	is "$sh: not kinds of objects" "$("${sh}_says" 'cdc-task doctor -k databas')" 'databases'
	is "$sh: no second name" "$("${sh}_says" 'cdc-task doctor alpha al')" ''
	is "$sh: nor for others" "$("${sh}_says" 'cdc-task pause alpha al')" ''
	is "$sh: no name for a new one" "$("${sh}_says" 'cdc-task create al')" ''
	is "$sh: but options" "$("${sh}_says" 'cdc-task doctor alpha --chec')" '--check'
	is "$sh: kinds of cdc-meta" "$("${sh}_says" 'cdc-meta -k databa')" 'database'
	# nothing of it is run, and nothing torn
	is "$sh: a name with a command" "$("${sh}_says" "cdc-task create x -E $CDC_ETCD -i meta_h2")" ''
	is "$sh: a name with a blank" "$("${sh}_says" "cdc-task create x -E $CDC_ETCD -i meta_h1.a")" ''
	mkdir -p "dir$sh" && : >"dir$sh/one  two" && : >"dir$sh/\$(>pwn4)" && : >"dir$sh/\`>pwn5\`"
done
is 'bash: files with blanks' "$(bash_says 'cdc-apply dirbash/on')" 'dirbash/one  two'
bash_says 'cdc-apply dirbash/' >/dev/null
is 'nothing was run' "$(find . -name 'pwn*')" ''
etcd_stop
done_testing
