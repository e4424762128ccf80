"""Links that are sent to people."""

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from accounts.models import User
from tenancy.context import get_active_tenant


class PasswordLinkTokens(PasswordResetTokenGenerator):
    """Makes the key of a password link, which is worth nothing on the host of another account."""

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        tenant = get_active_tenant()
        return f"{super()._make_hash_value(user, timestamp)}:{tenant.pk if tenant else 'public'}"
