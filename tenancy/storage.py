"""Files of tenants in S3. The only module that uses django-storages.

    storage.save("exports/<id>", file)      # to the key tenants/<active tenant>/exports/<id>
    storage.presign_download("<id>", ...)   # a URL of this object, valid for a minute

Names come from code and never from users. Objects of a tenant, like its rows, are accessible only while it is active.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Self, cast

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.db import connections
from django.utils.functional import cached_property
from storages.backends.s3 import S3Storage

from tenancy.context import require_active_tenant

NAME = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)*")
PIECE = 256 * 1024  # bytes in memory of a streamed object
CLIENT = Config(
    signature_version="s3v4",
    s3={"addressing_style": "path"},  # not all servers support buckets as host names
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 2},
    # Trailing checksums are specific to AWS; other servers store them as content, or refuse them.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)

COPY_SECONDS = 200  # S3 responds to a copy when it is done; for jobs only


def _return_connections(**_: Any) -> None:
    for each in connections.all(initialized_only=True):
        if not each.in_atomic_block:  # close_old_connections() would end a transaction
            each.close()


class StorageUnavailable(Exception):
    """S3 is unavailable or returns an unexpected response. The API returns 503."""


@dataclass(frozen=True)
class StoredFile:
    """An object that is being read: its size in bytes and an iterator of its content."""

    size: int
    pieces: "Pieces"


@dataclass(frozen=True)
class StoredName:
    """The name of an object without the prefix of the tenant, and the time of its last change."""

    name: str
    since: datetime


class TenantStorage(S3Storage):  # type: ignore[misc]
    """S3 storage with a key prefix for each tenant. All methods raise NoActiveTenant without a tenant."""

    def __init__(self, *, public_endpoint_url: str = "", client_config: Config = CLIENT, **options: Any) -> None:
        super().__init__(**options, client_config=client_config, transfer_config=TransferConfig(use_threads=False))
        self._options = options
        self._public_endpoint_url = public_endpoint_url or options.get("endpoint_url", "")

    @cached_property
    def _public(self) -> Any:
        """The client that signs URLs with the endpoint for browsers. It sends no requests."""
        return TenantStorage(**{**self._options, "endpoint_url": self._public_endpoint_url}).connection.meta.client

    @cached_property
    def _patient(self) -> Any:
        config = CLIENT.merge(Config(read_timeout=COPY_SECONDS, retries={"mode": "standard", "total_max_attempts": 1}))
        return TenantStorage(**self._options, client_config=config).connection.meta.client

    @cached_property
    def connection(self) -> Any:
        """The connection of the process. Creating one takes 50 ms, and the base class creates one for each thread.

        Threads share only its client, which is thread-safe. Before each request to S3, the thread returns its
        connections to PostgreSQL: S3 can take as long as the timeouts of CLIENT. In a transaction it keeps them.
        """
        connection = super().connection
        connection.meta.client.meta.events.register("before-call.s3", _return_connections)
        return connection

    def _normalize_name(self, name: str) -> str:
        """Return the key of a name. All methods of the base class call this before a request.

        Raises NoActiveTenant, and SuspiciousFileOperation for an invalid name.
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
        """Return whether an object exists. Raises StorageUnavailable."""
        with _answering(name):
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        """Return the size of an object in bytes. Raises FileNotFoundError, StorageUnavailable."""
        with _answering(name):
            return int(super().size(name))

    def read(self, name: str, *, start: int = 0, stop: int | None = None) -> StoredFile:
        """Open an object, or its bytes from `start` to before `stop`, as a stream.

        Raises FileNotFoundError, and StorageUnavailable, also if the server sends another number of bytes.
        """
        key, part = self._normalize_name(name), {}
        if start or stop is not None:
            part = {"Range": f"bytes={start}-{'' if stop is None else stop - 1}"}
        with _answering(name):
            found = self._client.get_object(Bucket=self.bucket_name, Key=key, **part)
        if stop is not None and found["ContentLength"] != stop - start:
            found["Body"].close()
            raise StorageUnavailable(f"S3 has {found['ContentLength']} bytes of {name!r}, not {stop - start}.")
        return StoredFile(found["ContentLength"], Pieces(name, found["Body"]))

    def copy(self, source: str, target: str) -> None:
        """Copy an object inside S3. Raises FileNotFoundError, StorageUnavailable. May take minutes: for jobs."""
        origin = {"Bucket": self.bucket_name, "Key": self._normalize_name(source)}
        with _answering(source):
            self._patient.copy_object(Bucket=self.bucket_name, Key=self._normalize_name(target), CopySource=origin)

    # URLs for others -----------------------------------------------------------------------------------------------

    def presign_download(self, name: str, *, seconds: int, disposition: str) -> str:
        """Return a presigned URL to download one object until it expires. Browsers save the file."""
        answer = {"ResponseContentDisposition": disposition, "ResponseContentType": "application/octet-stream"}
        return self._presign("get_object", name, seconds, answer)

    def presign_upload(self, name: str, *, seconds: int, content_type: str, size: int) -> str:
        """Return a presigned URL for PUT of exactly `size` bytes of `content_type`.

        It can be used repeatedly until it expires, so copy the object to another name before checking the content.
        """
        return self._presign("put_object", name, seconds, {"ContentType": content_type, "ContentLength": size})

    def _presign(self, operation: str, name: str, seconds: int, values: dict[str, Any]) -> str:
        params = {"Bucket": self.bucket_name, "Key": self._normalize_name(name), **values}
        return str(self._public.generate_presigned_url(operation, Params=params, ExpiresIn=seconds))

    # What there is -------------------------------------------------------------------------------------------------

    def walk(self, folder: str = "") -> Iterator[StoredName]:
        """Yield the objects of the active tenant whose names begin with `folder`. Raises StorageUnavailable."""
        prefix = self._prefix()
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=prefix + folder)
        with _answering(folder):
            for page in pages:
                for found in page.get("Contents", ()):
                    yield StoredName(found["Key"].removeprefix(prefix), found["LastModified"])

    def delete_all(self) -> None:
        """Delete all objects and unfinished uploads of the active tenant. Raises StorageUnavailable."""
        for found in list(self.walk()):
            self.delete(found.name)
        with suppress(FileNotFoundError):  # some servers return 404 without uploads
            self.abort_uploads(before=datetime.max.replace(tzinfo=UTC))

    def _prefix(self) -> str:
        return f"tenants/{require_active_tenant().pk}/"

    # Writing piece by piece ----------------------------------------------------------------------------------------

    def begin(self, name: str) -> "Upload":
        """Begin a multipart upload, for an object of unknown size. Raises StorageUnavailable."""
        key = self._normalize_name(name)
        with _answering(name):
            begun = self._client.create_multipart_upload(
                Bucket=self.bucket_name, Key=key, ContentType="application/octet-stream"
            )
        return Upload(self._client, name, {"Bucket": self.bucket_name, "Key": key, "UploadId": begun["UploadId"]})

    def abort_uploads(self, *, before: datetime) -> int:
        """Abort unfinished uploads that began before that time; return their number. Raises StorageUnavailable."""
        prefix, number = self._prefix(), 0
        with suppress(FileNotFoundError), _answering(prefix):  # some servers return 404 without uploads
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket_name, Prefix=prefix
            )
            # Collected first: aborting changes the pages.
            old = [each for page in pages for each in page.get("Uploads", ()) if each["Initiated"] < before]
            for each in old:
                self._client.abort_multipart_upload(
                    Bucket=self.bucket_name, Key=each["Key"], UploadId=each["UploadId"]
                )
                number += 1
        return number

    @property
    def _client(self) -> Any:
        return self.connection.meta.client


class Upload:
    """A multipart upload. The object exists after `finish()`, completely. At most one part is in memory."""

    PART = 6 * 2**20  # bytes; S3 accepts at most 10,000 parts of at least 5 MiB

    def __init__(self, client: Any, name: str, key: dict[str, str]) -> None:
        self._client, self._name, self._key = client, name, key
        self._part = bytearray()
        self._parts: list[dict[str, Any]] = []
        self.size = 0  # bytes so far

    def write(self, piece: bytes) -> None:
        """Add some bytes. Raises StorageUnavailable."""
        self._part += piece
        self.size += len(piece)
        if len(self._part) >= self.PART:
            self._send()

    def finish(self) -> None:
        """Complete the upload. Raises StorageUnavailable."""
        if self._part or not self._parts:
            self._send()
        with _answering(self._name):
            self._client.complete_multipart_upload(**self._key, MultipartUpload={"Parts": self._parts})

    def abort(self) -> None:
        """Abort the upload. If S3 is unavailable, `abort_uploads()` does it later."""
        self._part.clear()
        with suppress(StorageUnavailable, FileNotFoundError), _answering(self._name):
            self._client.abort_multipart_upload(**self._key)

    def _send(self) -> None:
        number = len(self._parts) + 1
        with _answering(self._name), BytesIO(self._part) as part:
            self._part.clear()
            sent = self._client.upload_part(**self._key, PartNumber=number, Body=part)
        self._parts.append({"ETag": sent["ETag"], "PartNumber": number})


# Django's default storage, which is a TenantStorage.
storage: TenantStorage = cast(TenantStorage, default_storage)


class Pieces:
    """An iterator of the content of an object. It holds a connection until it is exhausted or closed."""

    def __init__(self, name: str, body: Any) -> None:
        self._name, self._body = name, body
        self._chunks = body.iter_chunks(PIECE)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        try:
            with _answering(self._name):
                return cast(bytes, next(self._chunks))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._body.close()


@contextmanager
def _answering(name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "NoSuchUpload", "404"):
            raise FileNotFoundError(f"There is no object {name!r}.") from error
        raise StorageUnavailable(f"S3 refused {name!r}: {error}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise StorageUnavailable(f"S3 does not answer about {name!r}: {error}") from error
