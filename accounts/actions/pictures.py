"""The logo of an account and the pictures of its members."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from accounts.actions.authorization import authorize
from accounts.audit import record_audit
from accounts.files.images import NotAnImage, shrink
from accounts.files.names import avatar_file, logo_file
from accounts.models import Account, Membership
from accounts.permissions import require
from tenancy.context import require_active_tenant
from tenancy.jobs import enqueue
from tenancy.routing import forget_tenant
from tenancy.storage import StorageUnavailable, storage

LARGEST = 20 * 2**20  # bytes, before it is scaled down: photos of 48 megapixels have 15 MB
ABANDONED = timedelta(days=1)
LOGO_PIXELS, AVATAR_PIXELS = 256, 128


def set_logo(*, account: Account, actor: Membership, content: bytes) -> None:
    """Set the logo of the account.

    Raises PermissionDenied, ValidationError if the content is not an image, TooManyImages, StorageUnavailable.
    """
    require(actor, "account.update")
    picture = _keep(content, LOGO_PIXELS, logo_file)
    with _removed_if_refused(logo_file(picture)):
        _change_logo(account, actor, picture)


def remove_logo(*, account: Account, actor: Membership) -> None:
    """Remove the logo, if there is one. Raises PermissionDenied."""
    require(actor, "account.update")
    _change_logo(account, actor, "")


@transaction.atomic
def _change_logo(account: Account, actor: Membership, picture: str) -> None:
    account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    authorize(actor, "account.update")
    before, account.logo = account.logo, picture
    account.save(update_fields=["logo"])
    if before:
        enqueue("accounts.remove_picture", name=logo_file(before))
    if before != picture:
        record_audit(action="account.logo_changed", actor=actor, subject=account, data={"logo": bool(picture)})
    forget_tenant(account)


def set_avatar(*, actor: Membership, content: bytes) -> None:
    """Set the avatar of `actor` in this account.

    Raises ValidationError if the content is not an image, PermissionDenied, TooManyImages, StorageUnavailable.
    """
    require(actor, "profile.update")
    picture = _keep(content, AVATAR_PIXELS, avatar_file, square=True)
    with _removed_if_refused(avatar_file(picture)):
        _change_avatar(actor, picture)


def remove_avatar(*, actor: Membership) -> None:
    """Remove the avatar of `actor`, if there is one. Raises PermissionDenied."""
    require(actor, "profile.update")
    _change_avatar(actor, "")


@transaction.atomic
def forget_avatar(member: Membership) -> None:
    """Remove the picture of a deleted user, whose membership has ended."""
    _replace_avatar(Membership.objects.select_for_update(no_key=True).get(pk=member.pk), "")


@transaction.atomic
def _change_avatar(actor: Membership, picture: str) -> None:
    authorize(actor, "profile.update", changes_member=True)
    _replace_avatar(actor, picture)


def _replace_avatar(found: Membership, picture: str) -> None:
    before, found.avatar = found.avatar, picture
    found.save(update_fields=["avatar"])
    if before:
        enqueue("accounts.remove_picture", name=avatar_file(before))


def _keep(content: bytes, pixels: int, file: Any, *, square: bool = False) -> str:
    """Store a re-encoded picture under a new name, so that browsers may cache its URL for ever.

    The object is stored before the row that names it. After a rollback the sweeper removes the object.
    """
    try:
        made = shrink(content, pixels, square=square)
    except NotAnImage as error:
        raise ValidationError({"picture": str(error)}) from error
    picture = uuid4().hex
    storage.save(file(picture), File(BytesIO(made)))
    return picture


@contextmanager
def _removed_if_refused(name: str) -> Iterator[None]:
    """Delete the object if the member has lost the permission while the picture was made."""
    try:
        yield
    except PermissionDenied:
        with suppress(StorageUnavailable):  # the sweeper does it
            storage.delete(name)
        raise


def remove_picture(*, name: str) -> None:
    """Delete the object of a picture that no row names any more. Raises StorageUnavailable."""
    if name not in _shown():
        storage.delete(name)


def _shown() -> set[str]:
    """Return the names of the pictures that rows name."""
    logo = Account.objects.values_list("logo", flat=True).get(pk=require_active_tenant().pk)
    avatars = Membership.objects.exclude(avatar="").values_list("avatar", flat=True)
    return {logo_file(logo), *(avatar_file(each) for each in avatars)}


def sweep_pictures() -> int:
    """Delete the objects that no row names, except new ones; return how many. Raises StorageUnavailable."""
    before = timezone.now() - ABANDONED
    old = [each.name for folder in ("logo/", "avatars/") for each in storage.walk(folder) if each.since < before]
    unused = set(old) - _shown()
    for name in unused:
        storage.delete(name)
    return len(unused)
