"""The parts of tests/tools/lab that are awkward in a shell.

labtool.py ports N...        for each N: the first of a run of N free TCP ports, one per line
labtool.py config DIR k=v... DIR/configs of a standalone Milvus 2.3.5: the wheel's template, filled in and changed
"""
import fcntl
import os
import random
import re
import shutil
import socket
import sys
import time

BIND_S = 300  # a server has bound its ports by then

def ephemeral_low():
    try:
        with open('/proc/sys/net/ipv4/ip_local_port_range') as f:
            return int(f.read().split()[0])
    except OSError:
        return 32768


def is_free(port):
    with socket.socket() as s:
        try:
            s.bind(('', port))
        except OSError:
            return False
        return True


def ports(sizes):
    """Below the range the kernel gives to outgoing connections: a stopped server must find its port free again."""
    with open(os.open(f'/tmp/cdc-lab-ports.{os.getuid()}', os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), 'r+') as f:
        # What another lab was given and has not bound yet.
        fcntl.flock(f, fcntl.LOCK_EX)
        now = time.time()
        given = [line for line in f if float(line.split()[0]) > now - BIND_S]
        taken = {port for line in given for port in range(int(line.split()[1]), int(line.split()[2]))}
        for size in sizes:
            for _ in range(10000):
                base = random.randrange(10240, ephemeral_low() - size)
                run = range(base, base + size)
                if not taken.intersection(run) and all(map(is_free, run)):
                    break
            else:
                sys.exit(f'no run of {size} free ports')
            taken.update(run)
            given.append(f'{now} {base} {base + size}\n')
            print(base)
        f.seek(0)
        f.truncate()
        f.writelines(given)


def config(dir, port, etcd, root, mq, brokers='', auth='0', tls='0', certs=''):
    import milvus
    data = os.path.join(os.path.dirname(milvus.__file__), 'data')
    keys = ['proxy_port', 'root_coord_port', 'proxy_internal_port', 'query_coord_port', 'query_node_port',
            'index_coord_port', 'index_node_port', 'data_coord_port', 'data_node_port']
    values = {k: str(int(port) + i) for i, k in enumerate(keys)}
    values.update(etcd_port=etcd, etcd_data_dir=f'{dir}/data/etcd', local_storage_dir=f'{dir}/data',
                  rocksmq_data_dir=f'{dir}/data/rmq', system_log_path='')

    def fill(m):
        name = re.split(r'[(:]', m.group(1).strip())[0].strip()
        return values[name] if name in values else m.group(1).partition(':')[2].strip()

    with open(f'{data}/config.yaml.template') as f:
        text = re.sub(r'\{\{(.*?)\}\}', fill, f.read())

    def change(pattern, new, count=1):
        nonlocal text
        text, n = re.subn(pattern, new, text, count=count, flags=re.M)
        if n == 0:
            sys.exit(f'config.yaml.template has no /{pattern}/')

    change(r'rootPath: by-dev', f'rootPath: {root}')
    change(r'endpoints: localhost:', 'endpoints: 127.0.0.1:')
    change(r'embed: true', 'embed: false')
    change(r'type: rocksmq', f'type: {mq}')
    change(r'cluster: by-dev', f'cluster: {root}')
    change(r'^  ip:.*', '  ip: 127.0.0.1', count=0)  # where the parts of one instance find each other
    change(r'maxDatabaseNum: \d+', 'maxDatabaseNum: 1024')
    change(r'^(log:\n  level:) \w+', r'\1 warn')
    if auth == '1':
        change(r'authorizationEnabled: false', 'authorizationEnabled: true')
    if certs:
        change(r'(  ssl:\n    )enabled: false', r'\1enabled: true')
        for key, file in ('tlsCert', 'root.pem'), ('tlsKey', 'root.key'), ('tlsCACert', 'ca.pem'):
            change(f'^    {key}: .*', f'    {key}: {certs}/{file}')
    if tls != '0':
        change(r'tlsMode: 0', f'tlsMode: {tls}')
        for key, file in ('serverPemPath', 'server.pem'), ('serverKeyPath', 'server.key'), ('caPemPath', 'ca.pem'):
            change(f'^  {key}: .*', f'  {key}: {certs}/{file}')
    if mq == 'kafka':
        text += (f'\nkafka:\n  brokerList: {brokers}\n  saslUsername:\n  saslPassword:\n'
                 '  saslMechanisms:\n  securityProtocol:\n')
    os.makedirs(f'{dir}/configs', exist_ok=True)
    os.makedirs(f'{dir}/data', exist_ok=True)
    with open(f'{dir}/configs/milvus.yaml', 'w') as f:
        f.write(text)
    shutil.copy(f'{data}/glog.conf', f'{dir}/configs/glog.conf')


if __name__ == '__main__':
    if sys.argv[1] == 'ports':
        ports(map(int, sys.argv[2:]))
    else:
        config(sys.argv[2], **dict(a.split('=', 1) for a in sys.argv[3:]))
