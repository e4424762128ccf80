"""The addresses and the scheme of the application: consistency of the variables of addresses."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.rules import is_url


def public_url(value: str, *, base_domain: str, port: int, trust_proxy: bool, serves_tls: bool) -> str:
    """Return PUBLIC_URL, `http://BASE_DOMAIN:PORT` where it is not set, without a slash at its end.

    Raises ImproperlyConfigured for a URL that is not the origin of BASE_DOMAIN, and for https if no request could be
    recognized as https: each would be redirected to its own URL.
    """
    url = value.removesuffix("/") or f"http://{base_domain}:{port}"
    parts = urlsplit(url) if is_url(url, ("http", "https")) else None
    if parts is None or parts.hostname != base_domain or parts.path:
        shown = "the value" if "@" in value else repr(value)  # it may contain a password
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
