# bash completion for cdc-meta, cdc-read, cdc-apply, cdc-task, cdc-verify and cdc-httpd

_cdc_common='--verbose --quiet --help --version'
_cdc_meta='@cdc-meta@'
_cdc_read='@cdc-read@'
_cdc_apply='@cdc-apply@'
_cdc_verify='@cdc-verify@'
_cdc_httpd='@cdc-httpd@'
_cdc_create='@cdc-task create@'
_cdc_checks='@checks@'
_cdc_commands='@commands@'
_cdc_ops='@ops@'

# Offers those of standard input that begin so. What a shell would run, expand or tear is no name of ours, and is not
# offered: it would stand in the line as it is.
_cdc_names() { # CURRENT
	local name LC_ALL=C
	while IFS= read -r name; do
		case ${name%'.\*'} in
		'' | *[!A-Za-z0-9._:-]*) ;;
		"$1"*) COMPREPLY+=("$name") ;;
		esac
	done
}

_cdc_tasks() {
	cdc-task list 2>/dev/null
}

# Does the line name a task already, behind the command?
_cdc_named() { # COMMAND
	local name w behind
	while IFS= read -r name; do
		behind=
		for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
			[ -z "$behind" ] || [ "$w" != "$name" ] || return 0
			[ "$w" != "$1" ] || behind=1
		done
	done < <(_cdc_tasks)
	return 1
}

# Collections as db.coll and db.*, of the etcd that the line names, if it answers at once; with names as Milvus allows them.
_cdc_collections() { # CURRENT
	local -a line at=()
	local i
	read -ra line <<<"${COMP_LINE:0:COMP_POINT}"
	for ((i = 1; i < ${#line[@]} - 1; i++)); do
		case ${line[i]} in
		-E | --etcd | -r | --root | --meta-path | --etcd-user-file) at+=("${line[i]}" "${line[i + 1]}") ;;
		esac
	done
	_cdc_names "$1" < <(timeout 3 cdc-meta -q --retry 0 --kinds collection "${at[@]}" 2>/dev/null |
		sed -n 's/^{"kind":"collection","id":"[0-9]*","db":"\([A-Za-z0-9_]*\)","db_id":"[0-9]*","name":"\([A-Za-z0-9_]*\)","state":"created".*/\1.\2 \1.\\*/p' |
		tr ' ' '\n' | sort -u)
}

# WORDS are ours: bash expands what is in them.
_cdc_words() { # WORDS CURRENT
	# shellcheck disable=SC2207
	COMPREPLY=($(compgen -W "$1" -- "$2"))
}

_cdc_files() { # CURRENT
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# The argument of an option. Fails if the word before takes none that we know.
_cdc_value() { # PREVIOUS CURRENT
	case $1 in
	--etcd-user-file | --*token-file | --meta | -m | --backup | --*cacert | --*cert | --*key) _cdc_files "$2" ;;
	--state-dir | --tls-dir)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$2")
		;;
	--from | -f)
		_cdc_words 'start beginning now checkpoint ts:' "$2"
		_cdc_names "$2" < <(_cdc_tasks | sed 's/^/task:/')
		;;
	--as-of)
		_cdc_words 'ts:' "$2"
		_cdc_names "$2" < <(_cdc_tasks | sed 's/^/task:/')
		;;
	--until | -u)
		# shellcheck disable=SC2154
		if [ "$program" = cdc-read ]; then
			_cdc_words 'now end never ts:' "$2"
		else
			_cdc_words 'ts:' "$2"
		fi
		;;
	--missing) _cdc_words 'stop keep drop' "$2" ;;
	--vectors) _cdc_words 'base64 decimal none' "$2" ;;
	--allow-source) _cdc_words 'etcd= root= meta-path= brokers= cluster=' "$2" ;;
	--listen) _cdc_words '127.0.0.1:8444 unix:' "$2" ;;
	--json) return 1 ;;
	--consistency) _cdc_words 'strong session eventually' "$2" ;;
	--include | -i | --exclude | -x) _cdc_collections "$2" ;;
	--mode) _cdc_words 'upsert insert' "$2" ;;
	--on-error) _cdc_words 'stop dead dead:' "$2" ;;
	--progress) _cdc_words 'auto never' "$2" ;;
	--ops | --skip) _cdc_words "$_cdc_ops" "$2" ;;
	--check) _cdc_words "$_cdc_checks" "$2" ;;
	-k)
		# shellcheck disable=SC2154
		if [ "$program" = cdc-task ]; then
			_cdc_words "$_cdc_checks" "$2"
		else
			_cdc_value --kinds "$2"
		fi
		;;
	--kinds) _cdc_words 'database collection partition index load alias checkpoint user role import' "$2" ;;
	@arguments@) ;;
	*) return 1 ;;
	esac
}

_cdc_task_options() { # COMMAND
	case $1 in
	create) echo "$_cdc_create" ;;
	doctor) echo '@cdc-task doctor@' ;;
	status) echo '@cdc-task status@' ;;
	show) echo '@cdc-task show@' ;;
	run) echo '@cdc-task run@' ;;
	pause | resume) echo '@cdc-task pause@' ;;
	set) echo '@cdc-task set@' ;;
	*) echo '@cdc-task list@' ;;
	esac
}

_cdc() {
	local line=${COMP_LINE:0:COMP_POINT} program=${1##*/} command='' cur prev w
	COMPREPLY=()
	# By blanks: readline takes task:NAME and --from=NAME apart.
	cur=${line##*[[:space:]]}
	prev=${line%"$cur"}
	prev=${prev%"${prev##*[![:space:]]}"}
	prev=${prev##*[[:space:]]}
	case $cur in
	--*=*) prev=${cur%%=*} cur=${cur#*=} ;;
	esac
	_cdc_choose
	# Readline has what is before the last colon.
	case $COMP_WORDBREAKS:$cur in
	*:*:*) COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}") ;;
	esac
}

# COMPREPLY for $program $command, behind $prev, from $cur.
_cdc_choose() {
	if [ "$program" = cdc-read ] && [ "$prev" = --json ]; then
		_cdc_words 'string inline' "$cur"
		return
	fi
	_cdc_value "$prev" "$cur" && return
	if [ "$program" = cdc-task ]; then
		for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
			case " $_cdc_commands " in *" $w "*) command=$w && break ;; esac
		done
	fi
	case $program:$cur in
	cdc-meta:-*) _cdc_words "$_cdc_meta $_cdc_common" "$cur" ;;
	cdc-meta:*) _cdc_collections "$cur" ;;
	cdc-read:-*) _cdc_words "$_cdc_read $_cdc_common" "$cur" ;;
	cdc-apply:-*) _cdc_words "$_cdc_apply $_cdc_common" "$cur" ;;
	cdc-apply:*) _cdc_files "$cur" ;;
	cdc-verify:-*) _cdc_words "$_cdc_verify $_cdc_common" "$cur" ;;
	cdc-httpd:-*) _cdc_words "$_cdc_httpd $_cdc_common" "$cur" ;;
	cdc-task:-*) _cdc_words "$(_cdc_task_options "$command") $_cdc_common" "$cur" ;;
	cdc-task:*)
		case $command in
		'') _cdc_words "$_cdc_commands" "$cur" ;;
		create | list | supervise) ;;
		*) _cdc_named "$command" || _cdc_names "$cur" < <(_cdc_tasks) ;;
		esac
		;;
	esac
}

complete -F _cdc cdc-meta cdc-read cdc-apply cdc-task cdc-verify cdc-httpd
