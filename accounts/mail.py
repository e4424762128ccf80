"""Mails in the name of an account, as HTML and as text. Links lead to the account's own domain, as it is stored.

Templates extend `mail/base.html` and `mail/base.txt`; those to members, who choose what they get, `mail/member.…`.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.text import Truncator

from tenancy.context import get_active_tenant
from tenancy.routing import tenant_origin

# Signs that turn around what stands behind them.
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def send(
    *,
    to: str,
    subject: str,
    template: str,
    context: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send `mail/<template>.html` with `mail/<template>.txt` beside it, in the name of the active account.

    Without one it is from the product itself.
    """
    values = {"account": get_active_tenant(), **home_of_account(), **(context or {})}
    text = render_to_string(f"mail/{template}.txt", values)
    mail = EmailMultiAlternatives(
        one_line(subject), text, to=[to], headers={**(headers or {}), "Auto-Submitted": "auto-generated"}
    )
    mail.attach_alternative(render_to_string(f"mail/{template}.html", values), "text/html")
    mail.send()


def home_of_account() -> dict[str, str]:
    """Return what the base templates say of where a mail is from: `origin`, empty without an account."""
    tenant = get_active_tenant()
    return {"origin": f"{tenant_origin(tenant)}/" if tenant else ""}


def one_line(text: str) -> str:
    """Return a text as a header may have it: what breaks lines or turns them around is taken out."""
    plain = (" " if unicodedata.category(each) in ("Cc", "Zl", "Zp") else each for each in text if each not in BIDI)
    return Truncator(" ".join("".join(plain).split())).chars(120)
