"""Authentication by password, session and token, which succeeds only for members of the active tenant."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import structlog
from allauth.account.auth_backends import AuthenticationBackend
from celery import current_app
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, verify_password
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from kombu.exceptions import OperationalError

from accounts.audit import client_address
from accounts.exceptions import NotAMember, TenantMismatch
from accounts.models import Membership, User
from tenancy.compiled import CompiledQuery
from tenancy.context import get_active_tenant
from tenancy.jobs import enqueue
from tenancy.tokens import InvalidToken, TenantAccessToken, TenantRefreshToken

logger = structlog.get_logger("accounts.authentication")

MEMBER = CompiledQuery(
    Membership, lambda user_id: Membership.objects.current().filter(user_id=user_id), related=["user"]
)


def current_membership(user: User) -> Membership | None:
    """Return the membership of `user` in the active tenant, if it has not ended, from the database."""
    membership = Membership.objects.current().filter(user_id=user.pk).first()
    if membership is not None:
        membership.user = user
    return membership


class MemberBackend(AuthenticationBackend):  # type: ignore[misc]
    """Authenticates by e-mail address and password.

    A right password is refused like a wrong one in three cases: on a tenant's host for a non-member, and on every host
    for an inactive user and for an unconfirmed address. Otherwise an attacker who signs up with another's address
    would learn by logging in whether it was known. An unconfirmed user gets the confirmation mail again.

    Every refusal costs the same, whatever its reason: the same rows are looked up for an unknown address.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """Return the user with this e-mail address and password, if they may log in here.

        The method of allauth also finds users by addresses that they have requested and not confirmed.
        """
        email, password = str(credentials.get("email") or "").lower(), str(credentials.get("password") or "")
        user = User.objects.filter(email=email).first()
        is_right, is_outdated = verify_password(password, user.password if user else UNUSABLE_PASSWORD_PREFIX)
        candidate = user or User(email=email)  # with a new id, so that the same rows are looked up
        is_confirmed = candidate.is_confirmed
        is_known_here = get_active_tenant() is None or current_membership(candidate) is not None
        may_enter = is_right and candidate.is_active and is_known_here
        if user is None or not may_enter or not is_confirmed:
            report_refused_log_in(user=user, may_confirm=may_enter and not is_confirmed)
            return None
        if is_outdated:
            user.set_password(password)
            user.save(update_fields=["password"])
        return user


def admit_bearer_of(token: TenantAccessToken | TenantRefreshToken) -> Membership:
    """Return the current membership of the user of a log-in's token, if the password has not changed since.

    Raises InvalidToken, and what `admit()` raises.
    """
    membership = admit(token.user_id, token.tenant_id, issued_at=token.issued_at)
    if token.stamp and not constant_time_compare(token.stamp, membership.user.password_stamp):
        raise InvalidToken("The log-in of the token has ended.")
    return membership


def admit(user_id: UUID, tenant_id: UUID, *, issued_at: datetime, by_log_in: bool = True) -> Membership:
    """Return the current membership, in the active tenant, of the user whom a valid token names.

    An access token ends with its log-in; a personal token has a separate expiry. Raises InvalidToken,
    TenantMismatch, NotAMember.
    """
    tenant = get_active_tenant()
    membership = None
    if tenant is not None:
        membership = MEMBER.first(user_id=user_id)
    user = membership.user if membership else User.objects.filter(pk=user_id).first()
    if user is None or not user.is_active or (by_log_in and not user.accepts_log_in_of(issued_at)):
        raise InvalidToken("The log-in of the token has ended.")
    if tenant is None or tenant_id != tenant.pk:  # the resolvers refuse this too, if they are switched on
        raise TenantMismatch
    if membership is None:
        raise NotAMember
    if not membership.accepts_credentials_of(issued_at):
        raise InvalidToken("The log-in of the token has ended.")
    return membership


def report_refused_log_in(*, user: User | None, may_confirm: bool = False) -> None:
    """Enqueue the job that follows every refused log-in. `may_confirm` says that only the confirmation was missing.

    The job writes the audit log of a member's account and repeats the confirmation mail. Done in the request, this
    would reveal by the time of the answer which users are known. The job goes through the outbox of the active
    account. On the public site, which has no outbox, it is lost when the broker is down, which is logged.
    """
    user_id = str(user.pk if user else uuid4())
    if get_active_tenant() is not None:
        moment = timezone.now().isoformat()
        enqueue("accounts.log_in_refused", user_id=user_id, confirm=may_confirm, ip=client_address.get(), at=moment)
        return

    def send() -> None:
        try:
            current_app.tasks["accounts.log_in_refused_on_public_site"].delay(user_id, may_confirm)
        except OperationalError:
            logger.exception("refusal_lost")

    transaction.on_commit(send)
