"""A client in Python, of what openapi-python-client has made of the document: generated.py URL; 343-clients.t runs it."""
import importlib
import pkgutil
import sys

import cdc_client
from cdc_client import Client
from cdc_client.api.tasks import get_task, list_tasks
from cdc_client.models import Health, State, Tasks

for module in pkgutil.walk_packages(cdc_client.__path__, "cdc_client."):
    importlib.import_module(module.name)

client = Client(base_url=sys.argv[1])
seen = []
for asked in (Health.PAUSED, State.PAUSED):
    answer = list_tasks.sync(client=client, state=asked)
    assert isinstance(answer, Tasks), answer
    seen += ["%s %s %s" % (asked, task.task_id, task.health) for task in answer.tasks]
missing = get_task.sync_detailed("nope", client=client)
assert missing.parsed.title == "Not Found", missing
seen.append("%d %d" % (missing.status_code, missing.parsed.code))
print(", ".join(seen))
