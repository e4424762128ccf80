"""Sending emails in the name of an account, as HTML and as text. Links lead to the stored host of the account.

Templates extend `mail/base.html` and `mail/base.txt`. Emails that a member can switch off extend `mail/member.…`.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.text import Truncator

from tenancy.context import get_active_tenant
from tenancy.lines import one_line
from tenancy.routing import tenant_origin

LONGEST_SUBJECT, LONGEST_NAME = 120, 80  # characters
QUOTES = str.maketrans(dict.fromkeys('“”„«»"', "'"))  # within a name, so that it cannot close the quotation


def send(
    *,
    to: str,
    subject: str,
    template: str,
    context: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send `mail/<template>.html` with `mail/<template>.txt` as its alternative, in the name of the active account.

    Without an active tenant the email is from the product itself.
    """
    values = {"account": get_active_tenant(), "product": settings.PRODUCT_NAME, **home_of_account(), **(context or {})}
    text = render_to_string(f"mail/{template}.txt", values)
    mail = EmailMultiAlternatives(
        Truncator(one_line(subject)).chars(LONGEST_SUBJECT),
        text,
        to=[to],
        headers={**(headers or {}), "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string(f"mail/{template}.html", values), "text/html")
    mail.send()


def home_of_account() -> dict[str, str]:
    """Return the context of the base templates: `origin`, the URL of the account, empty without one."""
    tenant = get_active_tenant()
    return {"origin": f"{tenant_origin(tenant)}/" if tenant else ""}


def quoted(name: object) -> str:
    """Return the name of a user or an account in quotation marks, for use within a sentence."""
    return f"“{Truncator(one_line(str(name)).translate(QUOTES)).chars(LONGEST_NAME)}”"
