"""Ending all log-ins of a user, on all hosts, when they suspect that another person is logged in."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils import timezone

from accounts.actions.locks import lock_person
from accounts.models import User
from tenancy.sessions import bind_session


@transaction.atomic
def end_other_log_ins(*, user: User, kept: SessionBase) -> None:
    """End the sessions, sockets and tokens of all log-ins of `user` except the session `kept`.

    Personal tokens remain valid: they do not come from a log-in. The time is rounded up to the next second, since
    tokens have no fractions of seconds and none that was made before may remain valid. Raises PersonGone.
    """
    lock_person(user)
    forget_new_address(user)
    now = timezone.now()
    user.log_ins_from = now.replace(microsecond=0) + timedelta(seconds=1)
    user.save(update_fields=["log_ins_from"])
    bind_session(kept, at=user.log_ins_from)


def forget_new_address(user: User) -> None:
    """Delete the unconfirmed address that the user, or an intruder, has requested to change to.

    Its link needs no log-in. With it an intruder would get the user's address, and so a new password, days later.
    """
    EmailAddress.objects.filter(user_id=user.pk, verified=False).exclude(email=user.email).delete()
