"""Which passwords are no good here, and what happens for whoever has forgotten theirs."""

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.authentication import current_membership
from accounts.emails.user_emails import ask_for_letter
from accounts.models import User
from tenancy.context import get_active_tenant

SHORT = 3  # letters, which are in many passwords by chance
# What people think of first when they stand before this page, in lower case.
OBVIOUS = (settings.PRODUCT_NAME.casefold(), "password", "passwort", "task tracker", "tasktracker")


class NothingObvious:
    """Refuses passwords with words of this place in them: the product's, and those of the account one is at."""

    def validate(self, password: str, user: Any = None) -> None:
        typed, account = password.casefold(), get_active_tenant()
        words = (*OBVIOUS, account.slug, account.name.casefold()) if account else OBVIOUS
        if any(word in typed for word in words if len(word) > SHORT):
            raise ValidationError(self.get_help_text(), code="password_obvious")

    def get_help_text(self) -> str:
        return _("The password contains a word that others would try first here.")


def ask_for_password_link(*, email: str) -> None:
    """Have a link sent to a person, if somebody here has the address: at an account its members, otherwise anybody.

    It goes to the address that the person has, not to one that they want to change to. For a stranger all is looked
    up and a job is asked for as well, which finds nobody: it costs the same, so it tells nothing.
    """
    user = User.objects.filter(email=email.lower(), is_active=True).first() or User()  # with an id that nobody has
    is_known_here = get_active_tenant() is None or current_membership(user) is not None
    ask_for_letter("password_link", user_id=user.pk if is_known_here else uuid4())
