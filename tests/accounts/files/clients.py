"""How a client sends files, for each model of attachments: `Files(path of its API, field of its subject)`."""

from dataclasses import dataclass

import httpx

TEXT = b"What we agreed on: three pages, no more."
BOUNDARY = "a-line-that-is-nowhere-else"


@dataclass(frozen=True)
class Files:
    """The endpoints of one model of attachments."""

    api: str
    subject: str

    def announce(self, session, subject, *, name="minutes.txt", content_type="text/plain", size=None, **fields):
        """Return the response to a POST that announces a file."""
        body = {
            self.subject: str(subject.pk),
            "name": name,
            "content_type": content_type,
            "size": len(TEXT) if size is None else size,
        }
        return session.json("POST", self.api, body | fields)

    def attach(self, session, subject, content=TEXT, **fields):
        """Send a file to S3 and complete it; return its id. A job has to check it then."""
        response = self.announce(session, subject, size=len(content), **fields)
        assert response.status_code == 201, response.json()
        assert put(response.json()["upload"], content).status_code == 200
        pk = response.json()["id"]
        assert self.complete(session, pk).status_code == 202
        return pk

    def complete(self, session, pk):
        return session.json("POST", f"{self.api}{pk}/complete/")

    def fetch(self, session, pk):
        """Follow a download to the real server; return its response."""
        response = session.get(f"{self.api}{pk}/download/")
        assert response.status_code == 302, response.content
        return httpx.get(response["Location"], trust_env=False)

    def send(self, session, body, **headers):
        """Send a multipart body to the application."""
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return session.generic("POST", f"{self.api}upload/", body, content_type=kind, headers=headers)

    def upload(self, session, subject, content=TEXT, **about):
        """Send a file to the application."""
        return self.send(session, form(field(self.subject, subject.pk), file(content=content, **about)))


NOTES = Files("/api/v1/note-files/", "note")
API = NOTES.api


def put(upload, content, **headers):
    """Send a file with the request in `upload` to the real server."""
    return httpx.put(upload["url"], content=content, headers={**upload["headers"], **headers}, trust_env=False)


def form(*parts):
    """Return a multipart body of (headers, content), in that order."""
    lines = [f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + b"\r\n" for head, content in parts]
    return b"".join(lines) + f"--{BOUNDARY}--\r\n".encode()


def field(name, value):
    return f'Content-Disposition: form-data; name="{name}"', str(value).encode()


def file(name="minutes.txt", content=TEXT, content_type="text/plain", called="file"):
    disposition = f'Content-Disposition: form-data; name="{called}"; filename="{name}"'
    return f"{disposition}\r\nContent-Type: {content_type}", content


def keys_of(account):
    """Return the names of the account's objects, without the methods of the storage."""
    from tenancy.context import tenant_context
    from tenancy.storage import storage

    with tenant_context(account):
        client, prefix = storage.connection.meta.client, f"tenants/{account.pk}/"
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=storage.bucket_name, Prefix=prefix)
        return {each["Key"].removeprefix(prefix) for page in pages for each in page.get("Contents", ())}
