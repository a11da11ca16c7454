# fish completion for cdc-task

# cdc-meta: complete -c cdc-meta -f -a '(__cdc_collections)'
# cdc-read: complete -c cdc-read -f
# cdc-verify: complete -c cdc-verify -f
# cdc-httpd: complete -c cdc-httpd -f

function __cdc_task_names
    cdc-task list 2>/dev/null
end

# Does the line name no task yet, behind the command?
function __cdc_task_unnamed
    set -l words (commandline -opc)
    for name in (__cdc_task_names)
        contains -- $name $words[3..]; and return 1
    end
    return 0
end

# What --from and --as-of take.
function __cdc_task_where
    printf '%s\n' $argv
    cdc-task list 2>/dev/null | string replace -r '^' task:
end

# Collections as db.coll and db.*, of the etcd that the line names, if it answers at once; with names as Milvus allows them.
function __cdc_collections
    set -l at
    set -l line (commandline -opc)
    for i in (seq 2 (math (count $line) - 1))
        if contains -- $line[$i] -E --etcd -r --root --meta-path --etcd-user-file
            set -a at $line[$i] $line[(math $i + 1)]
        end
    end
    timeout 3 cdc-meta -q --retry 0 --kinds collection $at 2>/dev/null |
        string match -r '^{"kind":"collection","id":"\d+","db":"\w*","db_id":"\d+","name":"\w*","state":"created"' |
        string replace -r '.*"db":"(\w*)",.*"name":"(\w*)".*' '$1.$2 $1.*' | string split ' ' | sort -u
end

set -l in __fish_seen_subcommand_from

complete -c cdc-task -f
complete -c cdc-task -l state-dir -x -a '(__fish_complete_directories)' -d 'where tasks are kept'
complete -c cdc-task -s v -l verbose -d 'say more'
complete -c cdc-task -s q -l quiet -d 'errors only'
complete -c cdc-task -l help -d 'print help and exit'
complete -c cdc-task -l version -d 'print the version and exit'

complete -c cdc-task -n __fish_use_subcommand -a create -d 'make a task'
complete -c cdc-task -n __fish_use_subcommand -a list -d 'their names'
complete -c cdc-task -n __fish_use_subcommand -a status -d 'how they are'
complete -c cdc-task -n __fish_use_subcommand -a doctor -d 'what is wrong, and what to do'
complete -c cdc-task -n __fish_use_subcommand -a show -d 'its pipeline'
complete -c cdc-task -n __fish_use_subcommand -a run -d 'run one in the foreground'
complete -c cdc-task -n __fish_use_subcommand -a supervise -d 'run all that are wanted'
complete -c cdc-task -n __fish_use_subcommand -a pause -d 'stop one, in order'
complete -c cdc-task -n __fish_use_subcommand -a resume -d 'want it again'
complete -c cdc-task -n __fish_use_subcommand -a set -d 'begin elsewhere'
complete -c cdc-task -n __fish_use_subcommand -a log -d 'what happened'
complete -c cdc-task -n __fish_use_subcommand -a commit -d 'keep acks'
complete -c cdc-task -n __fish_use_subcommand -a delete -d 'forget one'
complete -c cdc-task -n "$in status doctor show run pause resume set log commit delete; and __cdc_task_unnamed" -a '(__cdc_task_names)'

@cdc-task create@
@cdc-task doctor@
@cdc-task status@
@cdc-task show@
@cdc-task run@
@cdc-task pause@
@cdc-task resume@
@cdc-task set@
