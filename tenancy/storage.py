"""Files of tenants, in S3. The only module that knows django-storages.

    storage.save("exports/<id>", file)      # to the key tenants/<active tenant>/exports/<id>

Names are made by the program and never by people. Like a table's rows, a tenant's objects are only reached while it is
active.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import SuspiciousFileOperation
from django.utils.functional import cached_property
from storages.backends.s3 import S3Storage

from tenancy.context import require_active_tenant

NAME = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)*")
PIECE = 256 * 1024  # bytes of a streamed object that are in memory at once
CLIENT = Config(
    signature_version="s3v4",
    s3={"addressing_style": "path"},  # a bucket is no host name everywhere
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 2},
    # Trailing checksums are Amazon's own; other servers take the bytes of the trailer for content, or refuse them.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


class StorageUnavailable(Exception):
    """S3 does not answer, or not as it should: answered with 503."""


@dataclass(frozen=True)
class StoredFile:
    """An object that is being read: its size in bytes and its content, to be iterated once."""

    size: int
    pieces: Iterator[bytes]


class TenantStorage(S3Storage):  # type: ignore[misc]
    """Keeps every object under the prefix of the active tenant. All methods raise NoActiveTenant without one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, client_config=CLIENT, transfer_config=TransferConfig(use_threads=False))

    @cached_property
    def connection(self) -> Any:
        """The one of the process. To make one takes 50 ms, and under ASGI every request has a thread of its own.

        Shared by threads is only its client, which is made for that.
        """
        return super().connection

    def _normalize_name(self, name: str) -> str:
        """Return the key of a name: what every method of the base class asks before it asks S3.

        Raises NoActiveTenant, SuspiciousFileOperation for a name that no program of ours makes.
        """
        tenant = require_active_tenant()
        if not NAME.fullmatch(name):
            raise SuspiciousFileOperation(f"{name!r} is no name of a file: use lower-case words and ids with slashes.")
        return f"tenants/{tenant.pk}/{name}"

    def _save(self, name: str, content: Any) -> str:
        with _answering(name):
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        """Delete an object, if there is one. Raises StorageUnavailable."""
        with _answering(name):
            super().delete(name)

    def exists(self, name: str) -> bool:
        """Say whether there is an object. Raises StorageUnavailable."""
        with _answering(name):
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        """Return the size of an object in bytes. Raises FileNotFoundError, StorageUnavailable."""
        with _answering(name):
            return int(super().size(name))

    def delete_all(self) -> None:
        """Delete every object of the active tenant. Raises StorageUnavailable."""
        prefix, client = f"tenants/{require_active_tenant().pk}/", self.connection.meta.client
        with _answering(prefix):
            while found := client.list_objects_v2(Bucket=self.bucket_name, Prefix=prefix).get("Contents"):
                for each in found:
                    client.delete_object(Bucket=self.bucket_name, Key=each["Key"])

    def read(self, name: str) -> StoredFile:
        """Begin to read an object, without taking it into memory. Raises FileNotFoundError, StorageUnavailable."""
        key = self._normalize_name(name)
        with _answering(name):
            found = self.connection.meta.client.get_object(Bucket=self.bucket_name, Key=key)
        return StoredFile(found["ContentLength"], _pieces(name, found["Body"]))


def _pieces(name: str, body: Any) -> Iterator[bytes]:
    try:
        with _answering(name):
            yield from body.iter_chunks(PIECE)
    finally:
        body.close()


@contextmanager
def _answering(name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
            raise FileNotFoundError(f"There is no object {name!r}.") from error
        raise StorageUnavailable(f"S3 refused {name!r}: {error}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise StorageUnavailable(f"S3 does not answer about {name!r}: {error}") from error
