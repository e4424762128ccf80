"""Users. Shared, since a user exists independently of accounts."""

from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenancy.fields import LineField, UUIDv7Field
from tenancy.zones import validate_time_zone


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, email: str, password: str | None = None, *, confirmed: bool = False, **fields: Any
    ) -> "User":
        """Create a user, without a usable password if none is given. Raises ValueError without an e-mail address.

        `confirmed` states that the address is known to be the user's; otherwise the user cannot log in.
        """
        from allauth.account.models import EmailAddress

        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        EmailAddress.objects.using(self._db).create(user=user, email=user.email, verified=confirmed, primary=True)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in with an e-mail address, which is stored in lower case."""

    id = UUIDv7Field()
    email = models.EmailField(_("email"), unique=True)
    name = LineField(max_length=150, blank=True)
    # The time zone of dates in pages and emails for this user. None: that of each account.
    time_zone = models.CharField(max_length=64, null=True, blank=True, validators=[validate_time_zone])  # noqa: DJ001
    is_staff = models.BooleanField(default=False)  # works for the platform
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)
    # The row stays without personal data, since former memberships refer to it.
    deleted_at = models.DateTimeField(null=True, editable=False)
    log_ins_from = models.DateTimeField(null=True, editable=False)  # earlier log-ins have ended, on all hosts

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_is_lower_case"),
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    def get_full_name(self) -> str:
        return gettext("A former member") if self.deleted_at else self.name or self.email

    def accepts_log_in_of(self, moment: datetime) -> bool:
        """Return whether a session or token of a log-in at that time is still valid."""
        return self.log_ins_from is None or moment >= self.log_ins_from

    @property
    def password_stamp(self) -> str:
        """A text that changes with the password: tokens contain it and become invalid with that password."""
        return salted_hmac("accounts.tokens", self.password, algorithm="sha256").hexdigest()[:32]

    @property
    def log_in_stamp(self) -> str:
        """A text that changes with the password and when all log-ins end. Both invalidate log-ins that have begun."""
        return f"{self.password_stamp}:{self.log_ins_from}"

    @property
    def is_confirmed(self) -> bool:
        """Whether the user has confirmed their address. One query."""
        from allauth.account.models import EmailAddress

        return bool(EmailAddress.objects.filter(user_id=self.pk, email=self.email, verified=True).exists())
