"""Password reset: the mail with the link that sets a new password."""

from uuid import uuid4

from accounts.authentication import current_membership
from accounts.emails.user_emails import ask_for_letter
from accounts.models import User
from tenancy.context import get_active_tenant


def ask_for_password_link(*, email: str) -> None:
    """Have a link sent to a person, if somebody here has the address: at an account its members, otherwise anybody.

    It goes to the address that the person has, not to one that they want to change to. For a stranger all is looked
    up and a job is asked for as well, which finds nobody: it costs the same, so it tells nothing.
    """
    user = User.objects.filter(email=email.lower(), is_active=True).first() or User()  # with an id that nobody has
    is_known_here = get_active_tenant() is None or current_membership(user) is not None
    ask_for_letter("password_link", user_id=user.pk if is_known_here else uuid4())
