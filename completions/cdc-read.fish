# fish completion for cdc-read

functions -q __cdc_collections; or source (status dirname)/cdc-task.fish

set -l ops create_database drop_database alter_database create_collection drop_collection alter_collection \
    rename_collection create_partition drop_partition insert upsert delete create_index drop_index alter_index \
    load_collection release_collection load_partitions release_partitions flush create_alias alter_alias \
    drop_alias create_user drop_user create_role drop_role grant_role revoke_role grant revoke import unknown

complete -c cdc-read -f
complete -c cdc-read -s b -l brokers -x -d 'the source\'s Kafka'
complete -c cdc-read -s X -l property -x -d 'a property of librdkafka; @FILE: a file of them, a line each'
complete -c cdc-read -l cluster -x -d 'prefix of the topics'
complete -c cdc-read -s m -l meta -r -F -d 'the catalogue'
complete -c cdc-read -s f -l from -x -a '(__cdc_task_where)' -d 'where to begin'
complete -c cdc-read -s u -l until -x -a 'now end never ts:' -d 'where to end'
complete -c cdc-read -s i -l include -x -a '(__cdc_collections)' -d 'only these collections, db.coll with *'
complete -c cdc-read -s x -l exclude -x -a '(__cdc_collections)' -d 'not these'
complete -c cdc-read -l allow-none -d 'with --until: go on if an --include meets nothing'
complete -c cdc-read -l ops -x -a "(__fish_append , $ops)" -d 'only these operations, such as insert,delete'
complete -c cdc-read -l vectors -x -a 'base64 decimal none' -d 'form of vectors'
complete -c cdc-read -l json -x -a 'string inline' -d 'JSON fields as string or inline'
complete -c cdc-read -l time -d 'add a readable time to each line'
complete -c cdc-read -l tick -x -d 'at least so often a tick'
complete -c cdc-read -l shard -x -d 'only the I-th of N parts, from 0'
complete -c cdc-read -l missing -x -a 'stop keep drop' -d 'of what the source has no more, without a drop'
complete -c cdc-read -l explain -d 'a table of collections and why they are carried or not'
complete -c cdc-read -l state-dir -x -a '(__fish_complete_directories)' -d 'for task:NAME'
complete -c cdc-read -s v -l verbose -d 'say more: a line per event'
complete -c cdc-read -s q -l quiet -d 'errors only'
complete -c cdc-read -l help -d 'print this and exit'
complete -c cdc-read -l version -d 'print the version and exit'
