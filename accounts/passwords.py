"""Whoever has forgotten their password."""

from uuid import uuid4

from accounts.authentication import current_membership
from accounts.letters import ask_for_letter
from accounts.models import User
from tenancy.context import get_active_tenant


def ask_for_password_link(*, email: str) -> None:
    """Have a link sent to a person, if somebody here has the address: at an account its members, otherwise anybody.

    It goes to the address that the person has, not to one that they want to change to. For a stranger a job is asked
    for as well, which finds nobody: it does the same and takes as long, so it tells nothing.
    """
    user = User.objects.filter(email=email.lower(), is_active=True).first()
    if user is not None and get_active_tenant() is not None and current_membership(user) is None:
        user = None
    ask_for_letter("password_link", user_id=user.pk if user else uuid4())
