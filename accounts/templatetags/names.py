"""`{% load names %}`: names and titles in mails, where they are nothing but that."""

from django import template

from accounts.emails.sending import quoted
from tenancy.lines import one_line

register = template.Library()


@register.filter(name="quoted")
def _quoted(name: object) -> str:
    """Return a name within a sentence: `{{ account|quoted }}` is “Acme”."""
    return quoted(name)


@register.filter
def line(text: object) -> str:
    """Return a name or title as one line: `{{ account.name|line }}`."""
    return one_line(str(text))
