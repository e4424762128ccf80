"""Single sign-on from the public site to the host of an account: see `accounts.actions.login_handoff`."""

import re
import secrets
from typing import cast
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import get_script_prefix
from django.utils.csp import CSP
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions.login_handoff import create_ticket, find_account_of, redeem_ticket
from accounts.emails.links import public_url
from accounts.models import User
from accounts.tokens import hash_of
from frontend.shared.access import VisitorRequest
from tenancy.cache import CacheUnavailable
from tenancy.routing import tenant_origin, tenant_reverse

COOKIE = f"{settings.COOKIE_PREFIX}login_handoff"
COOKIE_SECONDS = 600  # includes the time for a log-in with a code on the public site
CHALLENGE = re.compile(r"[0-9a-f]{64}")


@require_safe
@login_not_required
@never_cache
def enter(request: VisitorRequest) -> HttpResponse:
    """Redirect members to the wanted page of the account, and other clients to the public site for single sign-on."""
    wanted = _safe_next(request.GET.get("next", ""))
    if request.membership is not None:
        return HttpResponseRedirect(wanted)  # redirect() could interpret the text as the name of a view
    nonce = secrets.token_urlsafe(32)
    query = urlencode({"account": request.tenant.slug, "challenge": hash_of(nonce)})
    response = redirect(f"{public_url('offer_ticket')}?{query}")
    state = signing.dumps({"nonce": nonce, "next": wanted}, salt=COOKIE)
    response.set_cookie(COOKIE, state, max_age=COOKIE_SECONDS, secure=settings.HTTPS, httponly=True, samesite="Lax")
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def offer(request: HttpRequest) -> HttpResponse:
    """On the public site: ask the user to continue. POST redirects with a one-time ticket. Raises Http404."""
    user = cast(User, request.user)
    challenge = request.GET.get("challenge", "")
    account = find_account_of(user, request.GET.get("account", ""))
    if not CHALLENGE.fullmatch(challenge):
        raise Http404
    if request.method == "POST":
        try:
            token = create_ticket(user=user, account=account, challenge=challenge)
        except CacheUnavailable:
            return redirect(tenant_reverse("account_login", tenant=account))
        return redirect(f"{tenant_reverse('redeem_ticket', tenant=account)}?{urlencode({'token': token})}")
    log_in = tenant_reverse("account_login", tenant=account)
    response = render(request, "account/offer.html", {"account": account, "log_in": log_in})
    # Browsers apply form-action to the redirect after the form too.
    origin = tenant_origin(account)
    response._csp_config = {**settings.SECURE_CSP, "form-action": [CSP.SELF, origin]}  # type: ignore[attr-defined]
    return response


@require_safe
@login_not_required
@never_cache
def redeem(request: VisitorRequest) -> HttpResponse:
    """On the host of the account: log in the user of the ticket. Without a valid one redirect to the log-in page."""
    if request.membership is not None:
        return redirect(get_script_prefix())
    state = _read_cookie(request)
    try:
        user = redeem_ticket(text=request.GET.get("token", ""), nonce=state.get("nonce", ""))
    except CacheUnavailable:
        user = None
    if user is None:
        response = redirect("account_login")
    else:
        user.backend = settings.AUTHENTICATION_BACKENDS[0]
        get_adapter(request).login(request, user, by="hand-over")
        response = HttpResponseRedirect(_safe_next(state.get("next", "")))
    response.delete_cookie(COOKIE, samesite="Lax")
    return response


def _read_cookie(request: HttpRequest) -> dict[str, str]:
    try:
        state: dict[str, str] = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=COOKIE_SECONDS)
    except signing.BadSignature:
        return {}
    return state


def _safe_next(url: str) -> str:
    """Return `url` if it is a page of this host, otherwise the first page."""
    return url if url and get_adapter().is_safe_url(url) else get_script_prefix()
