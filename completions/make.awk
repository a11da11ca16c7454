# values, options, a template: what stands between @ and @ in it, as `shell` has it.

# What is offered for an option: its kind, and the words in `words`.
function kind_of(prog, name, arg,    k) {
	k = (prog, name) in kind ? prog : "*"
	words = of[k, name]
	gsub(/@ops@/, ops, words)
	gsub(/@checks@/, checks, words)
	if ((k, name) in kind)
		return kind[k, name]
	return arg ~ /FILE$/ ? "file" : arg == "DIR" ? "dir" : arg == "PATTERN" ? "coll" : "none"
}

function quoted(text, mark) {
	gsub(/'/, mark, text)
	return "'" text "'"
}

function zsh(prog, o,    n, a, k, s, both) {
	n = name[o]; a = arg[o]; k = kind_of(prog, n, a); s = help[o]
	gsub(/:/, "\\:", s)
	s = "[" s "]"
	if (a != "") {
		gsub(/:/, "\\:", a)
		gsub(/:/, "\\:", words)
		s = s ":" a ":"
		if (k == "file") s = s "_files"
		else if (k == "dir") s = s "_files -/"
		else if (k == "coll") s = s "_cdc_collections"
		else if (k == "where") s = s "{_cdc_where " words "}"
		else if (k == "list") s = s "_values -s , " a " " words
		else if (k == "words") s = s "(" words ")"
	}
	if (letter[o] == "")
		return quoted((("*", n) in many ? "*" : "") "--" n s, "'\\''")
	both = "{-" letter[o] ",--" n "}"
	if (("*", n) in many)
		return "'*'" both quoted(s, "'\\''")
	return "'(-" letter[o] " --" n ")'" both quoted(s, "'\\''")
}

function fish(whose, o,    p, c, k, s) {
	split(whose, p, " ")
	k = kind_of(p[1], name[o], arg[o])
	s = "complete -c " p[1] (p[2] == "" ? "" : " -n '__fish_seen_subcommand_from " p[2] "'")
	s = s (letter[o] == "" ? "" : " -s " letter[o]) " -l " name[o]
	if (arg[o] != "") {
		c = k == "dir" ? "(__fish_complete_directories)" : k == "coll" ? "(__cdc_collections)" : \
			k == "where" ? "(__cdc_task_where " words ")" : k == "list" ? "(__fish_append , " words ")" : k == "words" ? words : ""
		s = s (k == "file" ? " -r -F" : c == "" ? " -x" : " -x -a '" c "'")
	}
	return s " -d " quoted(help[o], "\\'")
}

# Of those that each has, all programs of fish say them, and cdc-task before its commands.
function common(whose, name) {
	if (name ~ /^(verbose|quiet|help|version)$/)
		return shell != "fish" || whose ~ / /
	return name == "state-dir" && shell == "fish" && whose ~ / /
}

# All options of a program or a command.
function all(whose, before, behind,    i, s, p) {
	split(whose, p, " ")
	for (i = 1; i <= n; i++) {
		if (owner[i] != whose || common(whose, name[i]))
			continue
		if (shell == "bash")
			s = s (s == "" ? "" : " ") "--" name[i]
		else
			s = s (s == "" ? "" : "\n") before (shell == "zsh" ? zsh(p[1], i) : fish(whose, i)) behind
	}
	return s
}

# Each option that takes an argument, for a case of bash.
function arguments(    i, s, seen) {
	for (i = 1; i <= n; i++)
		if (arg[i] != "" && !seen[name[i]]++)
			s = s (s == "" ? "" : " | ") "--" name[i] (letter[i] == "" ? "" : " | -" letter[i])
	return s
}

FNR == 1 { file++ }
file == 1 && /^[^#]/ {
	if ($3 == "many")
		many[$1, $2] = 1
	else {
		kind[$1, $2] = $3
		of[$1, $2] = $0
		sub(/^[^ ]* [^ ]* [^ ]* /, "", of[$1, $2])
	}
}
file == 2 {
	split($0, f, "\t")
	n++
	owner[n] = f[1]; letter[n] = f[2]; name[n] = f[3]; arg[n] = f[4]; help[n] = f[5]
}
file == 3 {
	while (match($0, /@[a-z -]+@/)) {
		before = substr($0, 1, RSTART - 1)
		word = substr($0, RSTART + 1, RLENGTH - 2)
		behind = substr($0, RSTART + RLENGTH)
		if (word == "ops") $0 = before ops behind
		else if (word == "checks") $0 = before checks behind
		else if (word == "commands") $0 = before commands behind
		else if (word == "arguments") $0 = before arguments() behind
		else if (shell == "bash") $0 = before all(word) behind
		else { $0 = all(word, before, behind); break }
	}
	print
}
