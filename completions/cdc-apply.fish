# fish completion for cdc-apply

functions -q __cdc_collections; or source (status dirname)/cdc-task.fish

set -l ops create_database drop_database alter_database create_collection drop_collection alter_collection \
    rename_collection create_partition drop_partition insert upsert delete create_index drop_index alter_index \
    load_collection release_collection load_partitions release_partitions flush create_alias alter_alias \
    drop_alias create_user drop_user create_role drop_role grant_role revoke_role grant revoke import unknown

complete -c cdc-apply -s T -l target -x -d 'the Milvus to write to'
complete -c cdc-apply -l token-file -r -F -d 'user:password'
complete -c cdc-apply -l no-token -d 'no login at the target'
complete -c cdc-apply -l cacert -r -F -d 'CA certificates of the target'
complete -c cdc-apply -l cert -r -F -d 'our certificate'
complete -c cdc-apply -l key -r -F -d 'its key'
complete -c cdc-apply -s n -l dry-run -d 'only say what would be called'
complete -c cdc-apply -l mode -x -a 'upsert insert' -d 'how rows are written'
complete -c cdc-apply -l ignore-partitions -d 'rows of all partitions go into the default one'
complete -c cdc-apply -l create-missing -d 'make collections that the target has lost'
complete -c cdc-apply -l allow-none -d 'a --rename that meets nothing is no error'
complete -c cdc-apply -l adopt -d 'collections that the target has already are ours to drop'
complete -c cdc-apply -l allow-circle -d 'go on where the target\'s own rows come round'
complete -c cdc-apply -l rename -x -d 'another name, of db or db.coll'
complete -c cdc-apply -l skip -x -a "(__fish_append , $ops)" -d 'operations to leave out, with commas'
complete -c cdc-apply -l until -x -a 'ts:' -d 'nothing that is later: ts:TSO or a time'
complete -c cdc-apply -l on-error -x -a 'stop dead:' -d 'what to do with refused lines'
complete -c cdc-apply -l window -x -d 'requests in flight'
complete -c cdc-apply -l batch-bytes -x -d 'of one request'
complete -c cdc-apply -l retry -x -d 'how long to try again'
complete -c cdc-apply -l timeout -x -d 'of one request'
complete -c cdc-apply -l progress -x -a 'auto never' -d 'on a terminal'
complete -c cdc-apply -l state-dir -x -a '(__fish_complete_directories)' -d 'of tasks'
complete -c cdc-apply -l with-users -d 'users, roles and grants too'
complete -c cdc-apply -s v -l verbose -d 'say more: a line per event'
complete -c cdc-apply -s q -l quiet -d 'errors only'
complete -c cdc-apply -l help -d 'print this and exit'
complete -c cdc-apply -l version -d 'print the version and exit'
