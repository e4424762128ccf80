"""A tour of the REST API from a client program.

    python examples/tour.py [BASE [EMAIL [PASSWORD [ACCOUNT [OTHER]]]]]

The defaults are those of `make demo`. Needs httpx. What it makes stays there to be looked at in the browser.
"""

import argparse
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx

API = "/api/v1"


def main() -> None:
    arguments = read_arguments()
    base, account = arguments.base, arguments.account

    with connect(base, account) as api:
        credentials = {"email": arguments.email, "password": arguments.password}
        tokens = read(api.post(f"{API}/auth/token/", json=credentials))
        api.headers["Authorization"] = f"Bearer {tokens['access']}"
        print(f"Logged in to {tokens['account']['slug']}.")

        projects = list(rows(api, f"{API}/projects/"))
        print(f"First project: {projects[0]['key']}.")

        # If the answer gets lost, the same request can be sent again: the task is created once.
        new = {"project": projects[0]["id"], "title": "Order the cake", "due_date": "2030-01-31"}
        once = {"Idempotency-Key": str(uuid4())}
        task = read(api.post(f"{API}/tasks/", json=new, headers=once))
        print(f"Created {task['key']}: {task['title']}.")
        again = read(api.post(f"{API}/tasks/", json=new, headers=once))
        print(f"Sent it again: still {again['key']}.")

        column = next(rows(api, f"{API}/statuses/?project={projects[0]['id']}&category=doing"))
        url = f"{API}/tasks/{task['key']}"  # a key is accepted instead of an id
        moved = read(api.post(f"{url}/move/", json={"status": column["id"]}))
        print(f"Moved it to {column['name']}, version {moved['version']}.")

        completed = read(api.post(f"{url}/complete/"))
        print(f"Completed it, version {completed['version']}.")

        read(api.post(f"{API}/comments/", json={"task": task["key"], "body": "With marzipan, please."}))
        found = next(rows(api, f"{API}/search/?q=marzipan"))
        print(f"Commented on it, and found {found['key']} by that {found['matches'][0]['in']}.")

        # Before the access token expires, ten minutes later. A refresh token works once; the answer has the next one.
        tokens = read(api.post(f"{API}/auth/token/refresh/", json={"refresh": tokens["refresh"]}))
        authorization = f"Bearer {tokens['access']}"
        me = read(api.get(f"{API}/me/", headers={"Authorization": authorization}))
        print(f"Refreshed the tokens of {me['email']}, {me['role']}.")

    # The same person belongs to the other account too, but this token does not.
    with connect(base, arguments.other) as other:
        refused = other.get(f"{API}/projects/", headers={"Authorization": authorization})
        print(f"At {arguments.other}: {refused.json()['code']}.")
    print(f"See http://{account}.{base}/tasks/{task['key']}/")


def read_arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", nargs="?", default="localhost:8000", help="host and port of the public site")
    parser.add_argument("email", nargs="?", default="demo@example.com")
    parser.add_argument("password", nargs="?", default="password")
    parser.add_argument("account", nargs="?", default="tenant-0", help="the account to work in")
    parser.add_argument("other", nargs="?", default="tenant-1", help="another account of the same person")
    return parser.parse_args(given)


def connect(base: str, account: str) -> httpx.Client:
    """Return a client for an account.

    The host selects the account. Python's resolver does not support `*.localhost`, so the client connects to this
    machine and sends the host as a header. For any other base, `base_url=f"https://{account}.{base}"` is all that is
    needed.
    """
    port = base.partition(":")[2] or "80"
    headers = {"Host": f"{account}.{base}"}
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30, trust_env=False)


def read(response: httpx.Response) -> Any:
    """Return the content of a response. An error ends the tour with the message of the API."""
    data = response.json()
    if response.is_error:
        request = response.request
        raise SystemExit(
            f"{request.method} {request.url.path}: {response.status_code} {data['code']}: {data['detail']} "
            f"{data['errors'] or ''}"
        )
    return data


def rows(api: httpx.Client, path: str | None) -> Iterator[Any]:
    """Yield the rows of a list, page by page."""
    while path:
        page = read(api.get(path))
        yield from page["results"]
        # `next` has the account's host in it, where this client is already.
        path = httpx.URL(page["next"]).raw_path.decode() if page["next"] else None


if __name__ == "__main__":
    main()
