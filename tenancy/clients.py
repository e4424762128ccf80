"""Where a request comes from: one reading of the client's address, for logs, limits and the audit log alike."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str | None:
    """Return the address of the client, None if there is none, as on a Unix socket.

    With TRUST_PROXY it is the last one in `X-Forwarded-For`, which the proxy itself has added: whatever stands before
    it came from the client, who may write there what they like. A proxy that adds nothing readable is named itself.
    """
    peer = parse_address(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUST_PROXY:
        return peer
    return parse_address(request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2]) or peer


def parse_address(text: str) -> str | None:
    """Return the address in `ip`, `ip:port`, `[v6]` or `[v6]:port`, None if there is none.

    An IPv4 address that is mapped into IPv6 is the IPv4 address, and a zone is left out: otherwise one client would
    have several addresses, each with limits of its own.
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
