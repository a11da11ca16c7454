# fish completion for cdc-meta

functions -q __cdc_collections; or source (status dirname)/cdc-task.fish

complete -c cdc-meta -f -a '(__cdc_collections)'
complete -c cdc-meta -s E -l etcd -x -d 'etcd\'s endpoints'
complete -c cdc-meta -s r -l root -x -d 'the Milvus\'s etcd.rootPath'
complete -c cdc-meta -l meta-path -x -d 'its etcd.metaSubPath'
complete -c cdc-meta -l etcd-user-file -r -F -d 'user:password for etcd, in the first line'
complete -c cdc-meta -l cacert -r -F -d 'who etcd\'s certificate is from'
complete -c cdc-meta -l cert -r -F -d 'our certificate for etcd'
complete -c cdc-meta -l key -r -F -d 'its private key'
complete -c cdc-meta -s k -l kinds -x -a '(__fish_append , database collection partition index load alias checkpoint user role import)' -d 'only these kinds'
complete -c cdc-meta -l rev -x -d 'the catalogue as of this revision'
complete -c cdc-meta -s w -l watch -d 'go on with what changes'
complete -c cdc-meta -l retry -x -d 'with --watch: how long etcd may be away'
complete -c cdc-meta -l plain -d 'columns for people, live objects'
complete -c cdc-meta -s a -l all -d 'with --plain: dropped objects too'
complete -c cdc-meta -l allow-none -d 'go on if a pattern meets no collection'
complete -c cdc-meta -s v -l verbose -d 'say more: a line per event'
complete -c cdc-meta -s q -l quiet -d 'errors only'
complete -c cdc-meta -l help -d 'print this and exit'
complete -c cdc-meta -l version -d 'print the version and exit'
