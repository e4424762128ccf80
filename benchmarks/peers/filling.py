"""`python -m benchmarks.peers.filling FIRST LAST`: makes the tenants FIRST to LAST - 1 with all their rows.

`PEER` names the module that makes one: `create_tenant(slug)`, which is measured, `load(tenant, projects)` and
`log_in(tenant)`, which returns the Cookie header of a session of its owner. Prints JSON: the `seconds` of each
creation, and the `cookies` of the first two.
"""

import json
import os
import sys
import time
from importlib import import_module

import django

from benchmarks.peers.rows import rows_of, slug_of

LOGGED_IN = 2


def fill(first: int, last: int) -> dict[str, list[object]]:
    peer = import_module(os.environ["PEER"])
    seconds: list[object] = []
    cookies: list[object] = []
    for number in range(first, last):
        started = time.perf_counter()
        tenant = peer.create_tenant(slug_of(number))
        seconds.append(time.perf_counter() - started)
        peer.load(tenant, rows_of(number))
        if number < LOGGED_IN:
            cookies.append(peer.log_in(tenant))
    return {"seconds": seconds, "cookies": cookies}


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(fill(*map(int, sys.argv[1:]))))
