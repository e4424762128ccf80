"""The IP address of the client of a request, for logs, rate limits and the audit log."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str | None:
    """Return the address of the client; None if there is none, as on a Unix socket.

    With TRUST_PROXY it is the last address in `X-Forwarded-For`, which the proxy has added. Earlier ones come from
    the client and can be forged. Without a valid address there, return that of the proxy.
    """
    peer = parse_address(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUST_PROXY:
        return peer
    return parse_address(request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2]) or peer


def parse_address(text: str) -> str | None:
    """Return the address in `ip`, `ip:port`, `[v6]` or `[v6]:port`; None if there is none.

    IPv4-mapped IPv6 addresses become IPv4 and zones are removed, so that a client has one address and one rate limit.
    """
    host = text.strip().strip('"')
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address)
