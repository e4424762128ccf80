"""Password reset: the mail with the link that sets a new password."""

from uuid import uuid4

from accounts.authentication import current_membership
from accounts.emails.user_emails import enqueue_user_email
from accounts.models import User
from tenancy.context import get_active_tenant


def ask_for_password_link(*, email: str) -> None:
    """Send a password reset link to a user, at the host of an account only to its members.

    It goes to the confirmed address, not to one that the user wants to change to. For an unknown address the same rows
    are looked up and a job is enqueued that sends no mail: it costs the same, so the response time reveals nothing.
    """
    user = User.objects.filter(email=email.lower(), is_active=True).first() or User()  # a new id, which no user has
    is_known_here = get_active_tenant() is None or current_membership(user) is not None
    enqueue_user_email("password_link", user_id=user.pk if is_known_here else uuid4())
