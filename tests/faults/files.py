"""An account with a token, a web process that reaches S3 through a proxy, and large files to upload."""

import http.client
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from accounts.actions.attachment_inspection import inspect_attachment
from accounts.actions.tokens import create_personal_token
from projects.actions.projects import create_project
from tasks.actions.tasks import create_task
from tasks.models import Attachment
from tenancy.context import tenant_context
from tenancy.models import get_tenant_model
from tenancy.testing import join, make_user
from tests.faults.gate import Gate, gate_to
from tests.isolation.live import running_web_process
from tests.pooler.pgbouncer import with_database

API = "/api/v1/attachments/"
BOUNDARY = "a-line-that-is-nowhere-else"
MIB = 2**20
PATTERN = bytes(range(256)) * (MIB // 256)


@dataclass
class Office:
    """An account, a user in it, and a task."""

    account: Any
    member: Any
    task: Any
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Host": f"{self.account.slug}.localhost"}

    def inspect(self, pk: str) -> None:
        """Run the work of the job."""
        with tenant_context(self.account):
            inspect_attachment(attachment_id=UUID(pk))

    def rows(self) -> list[tuple[str, int]]:
        with tenant_context(self.account):
            return list(Attachment.objects.values_list("state", "size"))


def open_office(media_access: str = "proxied") -> Office:
    # With a unique slug: the web process caches hosts longer than a test runs.
    create = get_tenant_model()._default_manager.create
    account = create(slug=f"files-{uuid4().hex[:8]}", name="Files", media_access=media_access)
    member = join(make_user(f"member-{account.slug}"), account, "owner")
    with tenant_context(account):
        _, token = create_personal_token(actor=member, name="files")
        project = create_project(actor=member, name="Website")
        task = create_task(actor=member, project=project, title="Keep the files")
    return Office(account, member, task, token)


@dataclass
class Web:
    url: str
    process: Any
    gate: Gate
    log: Path

    def memory(self, name: str = "VmHWM") -> int:
        """Return how many bytes the process has in memory, at most since `forget()`."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = [each for each in status.splitlines() if each.startswith(name)]
        return int(line.split()[1]) * 1024

    def forget(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def connect(self, timeout: float = 60) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", int(self.url.rpartition(":")[2]), timeout=timeout)


@contextmanager
def web_behind_gate(folder: Path) -> Iterator[Web]:
    url = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    with gate_to(os.environ["S3_ENDPOINT_URL"]) as gate:
        log = folder / "web.log"
        with running_web_process(url, log, connections=4, S3_ENDPOINT_URL=gate.url) as (address, process):
            yield Web(address, process, gate, log)


def body_of(office: Office, size: int) -> tuple[Iterator[bytes], int]:
    """Return a multipart body with a file of `size` bytes, in pieces, and its length."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="task"\r\n\r\n{office.task.pk}\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n'
    ).encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()

    def pieces() -> Iterator[bytes]:
        yield head
        for first in range(0, size, MIB):
            yield PATTERN[: min(MIB, size - first)]
        yield tail

    return pieces(), len(head) + size + len(tail)


def headers_of(office: Office, length: int | None) -> dict[str, str]:
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return {**office.headers, **kind} | ({"Content-Length": str(length)} if length is not None else {})


def send(web: Web, office: Office, size: int, *, timeout: float = 60) -> tuple[int, bytes, Any]:
    """Upload a file of `size` bytes; return status, body and headers of the answer."""
    pieces, length = body_of(office, size)
    asking = web.connect(timeout)
    asking.request("POST", f"{API}upload/", body=pieces, headers=headers_of(office, length))
    with closing(asking):
        answer = asking.getresponse()
        return answer.status, answer.read(), answer.headers
