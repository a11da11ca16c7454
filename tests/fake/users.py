"""Users, roles and grants of the Milvus in memory (milvus.py). What goes without having been there is refused."""
import os
import pickle

from columns import walk
from pymilvus.grpc_gen import milvus_pb2 as pb


class Refused(Exception):
    def __init__(self, code, reason):
        self.code, self.reason = code, reason


def members(data):
    return {n: v for n, v in walk(data)}


class Users:
    """users: {name: roles}, roles: {name: grants}, a grant is (object, object name, privilege, database)."""

    def load_users(self, path):
        self.users_path = path
        self.users, self.roles = {'root': set()}, {'admin': set(), 'public': set()}
        if os.path.exists(path):
            with open(path, 'rb') as f:
                self.users, self.roles = pickle.load(f)

    def save_users(self):
        with open(self.users_path + '.new', 'wb') as f:
            pickle.dump((self.users, self.roles), f)
        os.replace(self.users_path + '.new', self.users_path)

    def ListCredUsers(self, r):
        return pb.ListCredUsersResponse(usernames=list(self.users))

    def CreateCredential(self, r):
        if r.username in self.users:
            raise Refused(65535, f'user already exists: {r.username}')
        self.users[r.username] = set()
        self.save_users()

    def DeleteCredential(self, r):
        self.users.pop(r.username, None)
        self.save_users()

    def CreateRole(self, r):
        if r.entity.name in self.roles:
            raise Refused(65535, f'role [name:"{r.entity.name}"] already exist')
        self.roles[r.entity.name] = set()
        self.save_users()

    def DropRole(self, r):
        if self.roles.pop(r.role_name, None) is None:
            raise Refused(65535, f'not found the role, maybe the role isn\'t existed: {r.role_name}')
        for roles in self.users.values():
            roles.discard(r.role_name)
        self.save_users()

    def OperateUserRole(self, r):
        if r.username not in self.users or r.role_name not in self.roles:
            raise Refused(65535, 'not found the user or the role')
        (self.users[r.username].add if r.type == 0 else self.users[r.username].discard)(r.role_name)
        self.save_users()

    def grants(self, role):
        if role not in self.roles:
            raise Refused(65535, f'not found the role, maybe the role isn\'t existed: {role}')
        return self.roles[role]

    def OperatePrivilege(self, r):
        e = r.entity
        grant = e.object.name, e.object_name, e.grantor.privilege.name, e.db_name
        (self.grants(e.role.name).add if r.type == 0 else self.grants(e.role.name).discard)(grant)
        self.save_users()

    def OperatePrivilegeV2(self, r):
        """role 2, grantor 3 (privilege 2), type 4: 1 revokes, db_name 5, collection_name 6; the object follows."""
        m = members(r.SerializeToString())
        if m.get(4) != 1:
            raise Refused(65535, 'this fake only revokes so')
        privilege = members(members(m[3])[2])[1].decode()
        want = m[6].decode(), privilege, m[5].decode()
        grants = self.grants(members(m[2])[1].decode())
        grants -= {g for g in grants if g[1:] == want}
        self.save_users()
