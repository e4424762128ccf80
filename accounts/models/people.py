"""People, who exist outside all accounts: shared."""

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
        """Create a person, without a usable password when none is given. Raises ValueError without an e-mail.

        `confirmed` says that the address is known to be theirs: without that they get no further than a log-in page.
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
    """A person, outside all accounts. Logs in by e-mail, which is kept in lower case."""

    id = UUIDv7Field()
    email = models.EmailField(_("e-mail"), unique=True)
    name = LineField(max_length=150, blank=True)
    # Of the days and times that pages and mails show this user. None: that of each account.
    time_zone = models.CharField(max_length=64, null=True, blank=True, validators=[validate_time_zone])  # noqa: DJ001
    is_staff = models.BooleanField(default=False)  # works for the platform
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)
    # The row stays, with nothing of the person in it, since the memberships that have ended refer to it.
    deleted_at = models.DateTimeField(null=True, editable=False)
    log_ins_from = models.DateTimeField(null=True, editable=False)  # those of before have ended, on all hosts

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
        """Say whether a session or token that a log-in of that time has made goes on."""
        return self.log_ins_from is None or moment >= self.log_ins_from

    @property
    def password_stamp(self) -> str:
        """A text that changes with the password: tokens carry it, and end with that password."""
        return salted_hmac("accounts.tokens", self.password, algorithm="sha256").hexdigest()[:32]

    @property
    def log_in_stamp(self) -> str:
        """What changes with the password and the end of all log-ins, which also end every log-in that has begun."""
        return f"{self.password_stamp}:{self.log_ins_from}"

    @property
    def is_confirmed(self) -> bool:
        """Say whether somebody has shown that they read the mail of this person's address. One query."""
        from allauth.account.models import EmailAddress

        return bool(EmailAddress.objects.filter(user_id=self.pk, email=self.email, verified=True).exists())
