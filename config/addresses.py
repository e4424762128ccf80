"""Where the application is reached, and by which scheme: what the variables of addresses must say together."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.rules import is_url


def public_url(value: str, *, base_domain: str, port: int, trust_proxy: bool, serves_tls: bool) -> str:
    """Return PUBLIC_URL, `http://BASE_DOMAIN:PORT` where it is not set, without a slash at its end.

    Raises ImproperlyConfigured for one that is not the origin of BASE_DOMAIN, and for https where no request would be
    known to come by it: each would be redirected to the address that it came to.
    """
    url = value.removesuffix("/") or f"http://{base_domain}:{port}"
    parts = urlsplit(url) if is_url(url, ("http", "https")) else None
    if parts is None or parts.hostname != base_domain or parts.path:
        shown = "the value" if "@" in value else repr(value)  # there may be a password in it
        raise ImproperlyConfigured(
            f"PUBLIC_URL: {shown} is not valid. Use http(s)://{base_domain}[:port], without path, query and user; "
            "BASE_DOMAIN has the host."
        )
    is_https = parts.scheme == "https"
    if is_https and not (trust_proxy or serves_tls):
        raise ImproperlyConfigured(
            f"PUBLIC_URL: {value!r} is https, and neither TRUST_PROXY nor SERVES_TLS is set, so every request would "
            "be redirected to itself. Set TRUST_PROXY=1 behind a proxy that sets X-Forwarded-Proto, or SERVES_TLS=1 "
            "where the web server has the certificate."
        )
    if serves_tls and not is_https:
        raise ImproperlyConfigured(f"SERVES_TLS: it is set, and PUBLIC_URL is {url!r}. Set https there, or unset it.")
    return url.lower()
