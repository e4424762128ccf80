"""The mails that a demonstration has sent. Routed only if MAIL_FOLDER is set."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.csp import CSP
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from frontend.mailbox import backend

type Policy = dict[str, Any]

# The HTML of a mail is not trusted. It runs and loads nothing, and its links open new pages.
OF_A_MAIL: Policy = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": ["data:"],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
OF_THE_PAGE: Policy = {**settings.SECURE_CSP, "frame-src": [CSP.SELF]}


@require_safe
@login_not_required
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """The stored mails, newest first."""
    return render(request, "mailbox/page.html", {"mails": list(backend.newest())})


@require_safe
@login_not_required
@never_cache
@csp_override(OF_THE_PAGE)
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A mail as HTML in a frame and as text."""
    return render(request, "mailbox/mail.html", {"mail": _find(pk)})


@require_safe
@login_not_required
@never_cache
@xframe_options_sameorigin
@csp_override(OF_A_MAIL)
def html(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The content of the frame."""
    return HttpResponse(_find(pk).html.replace("<head>", '<head><base target="_blank">', 1))


def _find(pk: UUID) -> backend.StoredMail:
    mail = backend.find(pk)
    if mail is None:
        raise Http404
    return mail
