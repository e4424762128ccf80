"""Sessions in the database: `SESSION_ENGINE`."""

import re
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends import db
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import Membership, Session, User
from tenancy.compiled import CompiledQuery
from tenancy.context import get_active_tenant

KEY = re.compile(r"[a-z0-9]{32}")  # what Django makes

MEMBER = CompiledQuery(
    Membership,
    lambda key, now: (
        Membership.objects.current()
        .filter(user__sessions__session_key=key, user__sessions__expire_date__gt=now)
        .annotate(session_data=F("user__sessions__session_data"))
    ),
    related=["user"],
    annotated=["session_data"],
)


class SessionStore(db.SessionStore):
    """Sessions whose user, and the user's membership in the active tenant, are read in the same statement.

    Rejects cookies that cannot be a session key: PostgreSQL would raise an error for some texts.
    """

    # As read with the session; None before, and if there is no such row.
    user: User | None = None
    membership: Membership | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def load(self) -> dict[str, Any]:
        """Return the data. Without a session of this key that has not expired, they are empty and the key is None."""
        row = self._find()
        if row is None:
            self._session_key = None
            return {}
        data = row.get_decoded()
        if SESSION_KEY in data:
            self.user = row.user
        else:
            self.membership = None
        return data

    async def aload(self) -> dict[str, Any]:
        return await sync_to_async(self.load)()

    async def asave(self, must_create: bool = False) -> None:
        await sync_to_async(self.save)(must_create)

    def read_user(self) -> User | None:
        """Return the user of the session, as read with it, if `django.contrib.auth.get_user()` would return them.

        Otherwise None. Then Django has to decide: after a rotation of keys it also saves the session under a new key.
        """
        user_id, backend, found = (self.get(key, "") for key in (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY))
        user = self.user
        if user is None or str(user.pk) != user_id or not user.is_active:
            return None
        if backend not in settings.AUTHENTICATION_BACKENDS:
            return None
        return user if constant_time_compare(found, user.get_session_auth_hash()) else None

    def read_membership(self, user: User) -> Membership | None:
        """Return the membership of `user` in the active tenant, as read with the session; None if it was not."""
        member, tenant = self.membership, get_active_tenant()
        if member is None or tenant is None or (member.account_id, member.user_id) != (tenant.pk, user.pk):
            return None
        return member

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast(Session, super().create_model_instance(data))
        row.user_id = data.get(SESSION_KEY)
        return row

    def _find(self) -> Session | None:
        """Return the row with its user, and set the membership."""
        key, now = self.session_key or "", timezone.now()
        self.membership = None
        if get_active_tenant() is not None:
            found: Any = MEMBER.first(key=key, now=now)
            if found is not None:
                self.membership = found
                return Session(session_key=key, session_data=found.session_data, user=found.user)
        # On the public site, and for a session of an anonymous user or of a user who is no member.
        return Session.objects.select_related("user").filter(session_key=key, expire_date__gt=now).first()

    def _validate_session_key(self, key: Any) -> bool:
        return bool(key) and KEY.fullmatch(key) is not None
