# fish completion for cdc-task

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

# What --from takes.
function __cdc_task_where
    printf '%s\n' start beginning now checkpoint ts:
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

set -l ops create_database drop_database alter_database create_collection drop_collection alter_collection \
    rename_collection create_partition drop_partition insert upsert delete create_index drop_index alter_index \
    load_collection release_collection load_partitions release_partitions flush create_alias alter_alias drop_alias \
    create_user drop_user create_role drop_role grant_role revoke_role grant revoke import unknown

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

complete -c cdc-task -n "$in create doctor" -s f -l from -x -a '(__cdc_task_where)' -d 'where to begin, see cdc-read(1)'
complete -c cdc-task -n "$in create" -l paused -d 'do not run it before it is resumed'
complete -c cdc-task -n "$in create" -l no-check -d 'ask no server whether it can work'
complete -c cdc-task -n "$in create" -l allow-none -d 'make it though an --include meets nothing yet'
complete -c cdc-task -n "$in create doctor" -s E -l etcd -x -d 'the source\'s etcd'
complete -c cdc-task -n "$in create doctor" -s r -l root -x -d 'the source\'s root path in it'
complete -c cdc-task -n "$in create doctor" -l meta-path -x -d 'its path below the root'
complete -c cdc-task -n "$in create doctor" -l etcd-user-file -r -F -d 'etcd\'s user:password'
complete -c cdc-task -n "$in create doctor" -l etcd-cacert -r -F -d 'etcd\'s certificate authority'
complete -c cdc-task -n "$in create doctor" -l etcd-cert -r -F -d 'our certificate for etcd'
complete -c cdc-task -n "$in create doctor" -l etcd-key -r -F -d 'the key of it'
complete -c cdc-task -n "$in create doctor" -l etcd-retry -x -d 'how long etcd may be away'
complete -c cdc-task -n "$in create doctor" -s b -l brokers -x -d 'the source\'s Kafka'
complete -c cdc-task -n "$in create doctor" -s X -l property -x -d 'a librdkafka property; @FILE: a file of them'
complete -c cdc-task -n "$in create doctor" -l cluster -x -d 'first part of the topics\' names'
complete -c cdc-task -n "$in create doctor" -s i -l include -x -a '(__cdc_collections)' -d 'collections to take'
complete -c cdc-task -n "$in create doctor" -s x -l exclude -x -a '(__cdc_collections)' -d 'collections to leave out'
complete -c cdc-task -n "$in create doctor" -l ops -x -a "(__fish_append , $ops)" -d 'operations to take'
complete -c cdc-task -n "$in create doctor" -l shard -x -d 'the I-th of N parts of the collections'
complete -c cdc-task -n "$in create doctor" -l tick -x -d 'a commit point at least so often'
complete -c cdc-task -n "$in create doctor" -s S -l source -x -d 'the source Milvus'
complete -c cdc-task -n "$in create doctor" -l source-token-file -r -F -d 'the source\'s user:password'
complete -c cdc-task -n "$in create doctor" -l source-cacert -r -F -d 'the source\'s certificate authority'
complete -c cdc-task -n "$in create doctor" -s T -l target -x -d 'the target Milvus'
complete -c cdc-task -n "$in create doctor" -l token-file -r -F -d 'the target\'s user:password'
complete -c cdc-task -n "$in create doctor" -l no-token -d 'no login at the target'
complete -c cdc-task -n "$in create doctor" -l target-cacert -r -F -d 'the target\'s certificate authority'
complete -c cdc-task -n "$in create doctor" -l target-cert -r -F -d 'our certificate for the target'
complete -c cdc-task -n "$in create doctor" -l target-key -r -F -d 'the key of it'
complete -c cdc-task -n "$in create doctor" -l rename -x -d 'another database or collection name'
complete -c cdc-task -n "$in create doctor" -l mode -x -a 'upsert insert' -d 'upsert or insert'
complete -c cdc-task -n "$in create doctor" -l skip -x -a "(__fish_append , $ops)" -d 'operations not to apply'
complete -c cdc-task -n "$in create doctor" -l on-error -x -a 'stop dead dead:' -d 'stop, dead or dead:FILE'
complete -c cdc-task -n "$in create doctor" -l window -x -d 'requests in flight'
complete -c cdc-task -n "$in create doctor" -l batch-bytes -x -d 'size of a request'
complete -c cdc-task -n "$in create doctor" -l retry -x -d 'how long to try one request again'
complete -c cdc-task -n "$in create doctor" -l timeout -x -d 'of one request'
complete -c cdc-task -n "$in create doctor" -l with-users -d 'users, roles and grants too'
complete -c cdc-task -n "$in create doctor" -l ignore-partitions -d 'rows of all partitions go into the default one'
complete -c cdc-task -n "$in create doctor" -l create-missing -d 'make collections that the target has lost'
complete -c cdc-task -n "$in create doctor" -l adopt -d 'collections that the target has already are ours to drop'
complete -c cdc-task -n "$in create doctor" -l allow-circle -d 'go on where the target\'s own rows come round'
complete -c cdc-task -n "$in doctor" -s k -l check -x -a "(__fish_append , words others etcd root selection zstd kafka topics format size retention position target login mode itself versions writers databases schemas rows wish state lag progress start lost unknown disk upgrade)" -d 'only these checks'
complete -c cdc-task -n "$in doctor" -l json -d 'a line of JSON for each check'
complete -c cdc-task -n "$in status" -l json -d 'a line of JSON for each task'
complete -c cdc-task -n "$in status" -l offline -d 'do not ask Kafka for lag and backlog'
complete -c cdc-task -n "$in status" -s w -l watch -d 'again every two seconds, until a signal'
complete -c cdc-task -n "$in show" -l json -d 'the definition, with the pipeline'
complete -c cdc-task -n "$in run" -l label -d 'put [NAME] in front of each message'
complete -c cdc-task -n "$in run" -l progress -x -a 'auto never' -d 'on a terminal: auto or never'
complete -c cdc-task -n "$in pause resume" -l reason -x -d 'why, for status and the log'
complete -c cdc-task -n "$in set" -s f -l from -x -a '(__cdc_task_where)' -d 'where to go on, see cdc-read(1)'
complete -c cdc-task -n "$in set" -l missing -x -a 'keep drop' -d 'what the source lost without a drop'
complete -c cdc-task -n "$in set" -l adopt -d 'collections that the target has already are ours to drop'
complete -c cdc-task -n "$in set" -l no-adopt -d 'they are not, as at first'
