"""The members with a WebSocket, whether they may keep it, and how many sockets an account has open."""

import threading
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.cache import caches
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.authentication import admit_bearer_of, current_membership
from accounts.exceptions import NotAMember, TenantMismatch
from accounts.live.close_codes import (
    INVALID_TOKEN,
    NOT_A_MEMBER,
    NOT_AUTHENTICATED,
    ROLE_CHANGED,
    SUSPENDED,
    TENANT_MISMATCH,
    TOO_MANY_SOCKETS,
)
from accounts.models import Account, Membership, Session, User
from accounts.plans import LIMITS
from accounts.session_store import KEY
from tenancy.cache import TenantRedisCache
from tenancy.context import require_active_tenant, tenant_context
from tenancy.models import AbstractTenant
from tenancy.sessions import bound_at, is_bound_here
from tenancy.sockets import Closed
from tenancy.tokens import InvalidToken, read_access

COUNTED_SECONDS = 15  # the sockets of a process that died are counted for so long


@dataclass(frozen=True)
class Visitor:
    """A member with a socket, and the credentials that opened it: an access token or a session."""

    member_id: UUID
    user_id: UUID
    role: str
    since: datetime  # when the credentials were made
    token_expires_at: float | None = None  # seconds since 1970
    session_key: str | None = None
    stamp: str = ""  # of the password that the token was made with


def admit_visitor(request: HttpRequest, token: str | None) -> Visitor:
    """Return the visitor of a new socket in the active tenant, counted until `open_sockets.leave()`. Raises Closed."""
    visitor = _of_session(request) if token is None else _of_token(token)
    open_sockets.enter()
    return visitor


def _of_token(text: str) -> Visitor:
    try:
        token = read_access(text)
        membership = admit_bearer_of(token)
    except InvalidToken as error:
        raise Closed(*INVALID_TOKEN) from error
    except TenantMismatch as error:
        raise Closed(*TENANT_MISMATCH) from error
    except NotAMember as error:
        raise Closed(*NOT_A_MEMBER) from error
    who = membership.pk, membership.user_id, membership.role, token.issued_at
    return Visitor(*who, token_expires_at=token.accepted_until, stamp=token.stamp)


def _of_session(request: HttpRequest) -> Visitor:
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    session = _sessions([key]).get(key) if key and KEY.fullmatch(key) else None
    user = User.objects.filter(pk=user_id, is_active=True).first() if (user_id := _user_id(session)) else None
    if user is None or session is None or not _holds(session, user):
        raise Closed(*NOT_AUTHENTICATED)
    membership = current_membership(user)
    since = bound_at(session)
    if membership is None or not membership.accepts_credentials_of(since):
        raise Closed(*NOT_A_MEMBER)
    return Visitor(membership.pk, user.pk, membership.role, since, session_key=key)


# Sessions ----------------------------------------------------------------------------------------------------------

# Not with `django.contrib.auth.get_user()`: after a rotation of keys it gives the session another name, of which the
# browser would receive no message over a socket; and it reads one session at a time.


def _sessions(keys: Collection[str]) -> dict[str, Any]:
    """Return those of the sessions that are there and have not expired, by their keys."""
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now()) if keys else ()
    return {row.session_key: row.get_decoded() for row in rows}


def _user_id(session: Mapping[str, Any] | None) -> UUID | None:
    try:
        return UUID(str((session or {})[SESSION_KEY]))
    except (KeyError, ValueError):
        return None


def _holds(session: Any, user: User) -> bool:
    """Return whether a session of the user was made here, by a log-in that is still right: for this password."""
    found, backend = session.get(HASH_SESSION_KEY, ""), session.get(BACKEND_SESSION_KEY)
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    right = any(constant_time_compare(found, each) for each in hashes) and user.accepts_log_in_of(bound_at(session))
    return right and backend in settings.AUTHENTICATION_BACKENDS and is_bound_here(session)


# Afterwards --------------------------------------------------------------------------------------------------------


def look_again(visitors: Collection[Visitor]) -> tuple[dict[Visitor, Closed], dict[UUID, Membership]]:
    """Return the reason for each visitor of the active tenant that has to go, and the memberships of the others.

    The number of queries does not depend on the number of visitors.
    """
    if not Account.objects.filter(pk=require_active_tenant().pk, suspended_at=None).exists():
        return {each: Closed(*SUSPENDED) for each in visitors}, {}
    members = Membership.objects.current().in_bulk([each.member_id for each in visitors])
    users = User.objects.filter(is_active=True).in_bulk([each.user_id for each in visitors])
    sessions = _sessions({each.session_key for each in visitors if each.session_key})
    reasons: dict[Visitor, Closed] = {}
    for visitor in set(visitors):
        member, user = members.get(visitor.member_id), users.get(visitor.user_id)
        if member is None or not member.accepts_credentials_of(visitor.since):
            reasons[visitor] = Closed(*NOT_A_MEMBER)
        elif user is None or not user.accepts_log_in_of(visitor.since) or _has_new_password(user, visitor.stamp):
            reasons[visitor] = Closed(*NOT_AUTHENTICATED)
        elif member.role != visitor.role:
            reasons[visitor] = Closed(*ROLE_CHANGED)
        elif visitor.session_key is not None:
            session = sessions.get(visitor.session_key)
            if _user_id(session) != visitor.user_id or not _holds(session, user):
                reasons[visitor] = Closed(*NOT_AUTHENTICATED)
    return reasons, members


def _has_new_password(user: User, stamp: str) -> bool:
    return bool(stamp) and not constant_time_compare(stamp, user.password_stamp)


class OpenSockets:
    """How many sockets the accounts have open, in all processes together. Redis has the sums."""

    def __init__(self) -> None:
        self._here: Counter[Account] = Counter()
        self._lock = threading.Lock()
        self._process = uuid4().hex

    def enter(self) -> None:
        """Count one more of the active account. Raises Closed if its plan does not include it.

        Without Redis those of this process are counted.
        """
        account = cast(Account, require_active_tenant())
        with self._lock:
            self._here[account] += 1
        try:
            if self._publish(account) > LIMITS[account.plan].sockets:
                raise Closed(*TOO_MANY_SOCKETS)
        except BaseException:
            self.leave(account)
            raise

    def leave(self, account: AbstractTenant) -> None:
        """Count one less. The next `publish()` informs the other processes."""
        with self._lock:
            self._here[cast(Account, account)] -= 1

    def publish(self) -> None:
        """Tell the other processes the numbers here, which they believe for a while. May wait for Redis."""
        for account in list(self._here):
            with tenant_context(account):
                self._publish(account)
            with self._lock:
                if not self._here[account]:
                    del self._here[account]

    def _publish(self, account: Account) -> int:
        """Tell them that of the active account, and return the sum."""
        with self._lock:
            here = self._here[account]
        cache = cast(TenantRedisCache, caches["default"])
        everywhere = cache.tally("open-sockets", self._process, here, COUNTED_SECONDS)
        return here if everywhere is None else int(everywhere)


open_sockets = OpenSockets()
