"""Files of tenants, in S3. The only module that knows django-storages.

    storage.save("exports/<id>", file)      # to the key tenants/<active tenant>/exports/<id>
    storage.presign_download("<id>", ...)   # a URL that opens this one object, for a minute

Names are made by the program and never by people. Like a table's rows, a tenant's objects are only reached while it is
active.
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

COPY_SECONDS = 200  # S3 answers a copy when it is done; in jobs alone, which may take longer


class StorageUnavailable(Exception):
    """S3 does not answer, or not as it should: answered with 503."""


@dataclass(frozen=True)
class StoredFile:
    """An object that is being read: its size in bytes and its content, to be iterated once."""

    size: int
    pieces: "Pieces"


@dataclass(frozen=True)
class StoredName:
    """The name of an object without the tenant's prefix, and when it was written, or begun to be."""

    name: str
    since: datetime


class TenantStorage(S3Storage):  # type: ignore[misc]
    """Keeps every object under the prefix of the active tenant. All methods raise NoActiveTenant without one."""

    def __init__(self, *, public_endpoint_url: str = "", client_config: Config = CLIENT, **options: Any) -> None:
        super().__init__(**options, client_config=client_config, transfer_config=TransferConfig(use_threads=False))
        self._options = options
        self._public_endpoint_url = public_endpoint_url or options.get("endpoint_url", "")

    @cached_property
    def _public(self) -> Any:
        """The client that signs URLs for browsers, which know another endpoint than this process. It sends nothing."""
        return TenantStorage(**{**self._options, "endpoint_url": self._public_endpoint_url}).connection.meta.client

    @cached_property
    def _patient(self) -> Any:
        config = CLIENT.merge(Config(read_timeout=COPY_SECONDS, retries={"mode": "standard", "total_max_attempts": 1}))
        return TenantStorage(**self._options, client_config=config).connection.meta.client

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

    def read(self, name: str, *, start: int = 0, stop: int | None = None) -> StoredFile:
        """Begin to read an object, or the bytes from `start` to before `stop`, without taking it into memory.

        Raises FileNotFoundError, StorageUnavailable, also when the server sends another number of bytes than that.
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
        """Return a URL that gives out an object, and nothing else, until it expires; browsers are told to save it."""
        answer = {"ResponseContentDisposition": disposition, "ResponseContentType": "application/octet-stream"}
        return self._presign("get_object", name, seconds, answer)

    def presign_upload(self, name: str, *, seconds: int, content_type: str, size: int) -> str:
        """Return a URL that takes exactly `size` bytes of `content_type` with PUT, as often as sent until it expires.

        So nothing may rely on what was under `name` before: copy it away, then look.
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
        """Delete every object of the active tenant, and what was begun to be written. Raises StorageUnavailable."""
        for found in list(self.walk()):
            self.delete(found.name)
        with suppress(FileNotFoundError):  # some servers say so when there is none
            self.abort_uploads(before=datetime.max.replace(tzinfo=UTC))

    def _prefix(self) -> str:
        return f"tenants/{require_active_tenant().pk}/"

    # Writing piece by piece ----------------------------------------------------------------------------------------

    def begin(self, name: str) -> "Upload":
        """Begin to write an object of a size that nobody knows yet. Raises StorageUnavailable."""
        key = self._normalize_name(name)
        with _answering(name):
            begun = self._client.create_multipart_upload(
                Bucket=self.bucket_name, Key=key, ContentType="application/octet-stream"
            )
        return Upload(self._client, name, {"Bucket": self.bucket_name, "Key": key, "UploadId": begun["UploadId"]})

    def abort_uploads(self, *, before: datetime) -> int:
        """Take back what was begun before that time and never finished; return how much. Raises StorageUnavailable."""
        prefix, number = self._prefix(), 0
        with suppress(FileNotFoundError), _answering(prefix):  # what some servers say when there is nothing
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket_name, Prefix=prefix
            )
            # Collected first: what is taken back would move the pages.
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
    """An object that is being written. It is not there before `finish()`, and then all of it is.

    At most one part of it is in memory.
    """

    PART = 6 * 2**20  # bytes; S3 takes none that are smaller than 5 MiB, and at most 10,000 of them

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
        """Make it an object. Raises StorageUnavailable."""
        if self._part or not self._parts:
            self._send()
        with _answering(self._name):
            self._client.complete_multipart_upload(**self._key, MultipartUpload={"Parts": self._parts})

    def abort(self) -> None:
        """Take back what was written. When S3 does not answer, `abort_uploads()` will do it some day."""
        self._part.clear()
        with suppress(StorageUnavailable, FileNotFoundError), _answering(self._name):
            self._client.abort_multipart_upload(**self._key)

    def _send(self) -> None:
        number = len(self._parts) + 1
        with _answering(self._name), BytesIO(self._part) as part:
            self._part.clear()
            sent = self._client.upload_part(**self._key, PartNumber=number, Body=part)
        self._parts.append({"ETag": sent["ETag"], "PartNumber": number})


# Django's default storage, which is one of these.
storage: TenantStorage = cast(TenantStorage, default_storage)


class Pieces:
    """The content of an object, to be iterated once, or closed: its connection is kept so long."""

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
