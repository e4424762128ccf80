"""What tests of files share: how a client sends one."""

import httpx

API = "/api/v1/attachments/"
TEXT = b"What we agreed on: three pages, no more."


def announce(session, task, *, name="minutes.txt", content_type="text/plain", size=None, **fields):
    """Return the answer to POST attachments/."""
    body = {
        "task": str(task.pk),
        "name": name,
        "content_type": content_type,
        "size": len(TEXT) if size is None else size,
    }
    return session.json("POST", API, body | fields)


def put(upload, content, **headers):
    """Send a file as `upload` says, to the real server."""
    return httpx.put(upload["url"], content=content, headers={**upload["headers"], **headers}, trust_env=False)


def attach(session, task, content=TEXT, **fields):
    """Send a file straight to S3 and complete it; return its id. A job has to look at it then."""
    response = announce(session, task, size=len(content), **fields)
    assert response.status_code == 201, response.json()
    assert put(response.json()["upload"], content).status_code == 200
    pk = response.json()["id"]
    assert complete(session, pk).status_code == 202
    return pk


def complete(session, pk):
    return session.json("POST", f"{API}{pk}/complete/")


def fetch(session, pk):
    """Follow a download to the real server; return its answer."""
    response = session.get(f"{API}{pk}/download/")
    assert response.status_code == 302, response.content
    return httpx.get(response["Location"], trust_env=False)


def keys_of(account):
    """Return the names of the account's objects, asked for without the storage's own methods."""
    from tenancy.context import tenant_context
    from tenancy.storage import storage

    with tenant_context(account):
        client, prefix = storage.connection.meta.client, f"tenants/{account.pk}/"
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=storage.bucket_name, Prefix=prefix)
        return {each["Key"].removeprefix(prefix) for page in pages for each in page.get("Contents", ())}
