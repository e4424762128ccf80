"""Accounts (the tenants), their domains, people, and who belongs where in which role."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.hues import HUES
from accounts.plans import Plan
from accounts.slugs import refuse_reserved_slug
from tenancy.constraints import TenantUniqueConstraint
from tenancy.fields import TenantForeignKey, UUIDv7Field
from tenancy.models import AbstractDomain, AbstractTenant, TenantManager, TenantModel
from tenancy.tokens import TenantRefreshToken


class MediaAccess(models.TextChoices):
    """How files leave an account."""

    PRESIGNED = "presigned", _("From storage, by a link that works for a minute")
    PROXIED = "proxied", _("Through the application, which asks for rights each time")


class Account(AbstractTenant):
    """A customer: the tenant. Its slug is its subdomain."""

    # Whoever runs this for themselves is not to meet a price list: smaller plans are for those who sell accounts.
    plan = models.CharField(max_length=20, choices=Plan, default=Plan.BUSINESS)
    # None: one that goes by the slug.
    accent_hue = models.PositiveSmallIntegerField(null=True, blank=True, choices=[(hue, str(hue)) for hue in HUES])
    media_access = models.CharField(max_length=10, choices=MediaAccess, default=MediaAccess.PRESIGNED)
    logo = models.CharField(max_length=32, blank=True, editable=False)  # which one; "" is none
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("slug",)

    def clean(self) -> None:
        super().clean()
        refuse_reserved_slug(self.slug)
        if self.variant not in settings.TENANCY["VARIANTS"]:
            raise ValidationError({"variant": _("There is no such variant.")})


class Domain(AbstractDomain):
    """A host name of an account's own. Shared: it is looked up before a tenant is known."""

    tenant = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="domains")

    class Meta:
        ordering = ("host",)
        constraints = [
            models.UniqueConstraint(fields=["tenant"], condition=models.Q(is_primary=True), name="one_primary_domain"),
        ]


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
    name = models.CharField(max_length=150, blank=True)
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
            models.CheckConstraint(
                condition=models.Q(email=models.functions.Lower("email")), name="email_is_lower_case"
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    def get_full_name(self) -> str:
        return gettext("A former member") if self.deleted_at else self.name or self.email

    def get_short_name(self) -> str:
        return self.get_full_name() if self.deleted_at else self.name.split(" ")[0] or self.email

    def accepts_log_in_of(self, moment: datetime) -> bool:
        """Say whether a session or token that a log-in of that time has made goes on."""
        return self.log_ins_from is None or moment >= self.log_ins_from

    @property
    def is_confirmed(self) -> bool:
        """Say whether somebody has shown that they read the mail of this person's address. One query."""
        from allauth.account.models import EmailAddress

        return bool(EmailAddress.objects.filter(user_id=self.pk, email=self.email, verified=True).exists())


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    MEMBER = "member", _("Member")
    VIEWER = "viewer", _("Viewer")


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> Self:
        """Return the memberships that have not ended."""
        return self.filter(ended_at=None)

    def visible_to(self, membership: "Membership") -> Self:
        """Return all: the members of an account see each other."""
        return self


class Membership(TenantModel):
    """A person's place in an account. Ended, not deleted, since their work refers to it."""

    user_field = "user"  # as_user(user) reads one's own memberships across accounts
    erased_with_tenant = True  # the audit log refers to them

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    mail_notifications = models.BooleanField(default=True)  # a mail for each of them, beside the row in the inbox
    mail_digest = models.BooleanField(default=True)  # a mail in the morning
    digest_day = models.DateField(null=True, blank=True, editable=False)  # of the last one: there is one a day
    avatar = models.CharField(max_length=32, blank=True, editable=False)  # which one; "" is none
    joined_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    readmitted_at = models.DateTimeField(null=True, editable=False)  # when it last began anew after an end

    objects: ClassVar = TenantManager.from_queryset(MembershipQuerySet)()

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["user"], name="one_membership_per_user")]
        # The one index that does not start with the account: as_user() asks by person.
        indexes = [models.Index(fields=["user"], name="membership_user")]

    def __str__(self) -> str:
        return f"{self.user_id} ({self.role})"

    def accepts_credentials_of(self, moment: datetime) -> bool:
        """Say whether a session or token of that time is of this membership, and not of one that has ended before.

        To the second, which is as exact as tokens are.
        """
        return self.readmitted_at is None or moment >= self.readmitted_at.replace(microsecond=0)

    @property
    def as_role(self) -> Role:
        return Role(self.role)


class RefreshFamily(TenantModel):
    """All refresh tokens that followed from one log-in, each made for the one before. Only the last one works."""

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="refresh_families")
    current_token_id = models.UUIDField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(editable=False)  # with the current token
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "refresh families"
        indexes = [models.Index(fields=["account", "member"], name="refresh_family_member")]

    def __str__(self) -> str:
        return f"log-in of {self.member_id} at {self.created_at}"

    def accepts(self, token: TenantRefreshToken) -> bool:
        """Say whether `token`, whose signature and expiry were checked, is the one that works."""
        return self.revoked_at is None and self.current_token_id == token.token_id

    def follow(self, token: TenantRefreshToken) -> None:
        """Make `token` the one that works."""
        self.current_token_id, self.expires_at = token.token_id, token.expires_at


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return the member's own, whatever their role, without those that were revoked."""
        return self.filter(member=membership, revoked_at=None)

    def valid(self) -> Self:
        """Return those that were not revoked and have not expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


class ApiToken(TenantModel):
    """A personal token: lets a program act as a member, in this account alone. Its text is not kept."""

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=50, editable=False)  # how the text begins, to know it again by
    text_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, editable=False)  # to the minute
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = TenantManager.from_queryset(ApiTokenQuerySet)()

    class Meta:
        ordering = ("-id",)
        constraints = [TenantUniqueConstraint(fields=["text_hash"], name="api_token_text")]
        indexes = [models.Index(fields=["account", "member"], name="api_token_member")]

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(TenantModel):
    """A POST that was carried out, and what was answered: see accounts/rest/idempotency.py."""

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    # Of method, path and key, which together may be longer than an index takes.
    request_hash = models.CharField(max_length=64)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)  # 0 is never committed: the effect belongs to the transaction
    body = models.TextField(null=True)  # noqa: DJ001  # NULL: not kept, because it is a secret; "" is that of 204
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [TenantUniqueConstraint(fields=["member", "request_hash"], name="idempotency_key")]
        indexes = [models.Index(fields=["account", "created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return f"{self.status} for {self.member_id}"


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, membership: Membership) -> Self:
        """Return all to owners and admins, and nothing to others."""
        return self if membership.role in (Role.OWNER, Role.ADMIN) else self.none()


class AuditEntry(TenantModel):
    """Who did what that matters for who sees or may do what. Written by `accounts.audit`, and never changed."""

    append_only = True
    erased_with_tenant = True

    actor = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    actor_email = models.EmailField(blank=True)  # as it was: it outlives the person
    ip = models.GenericIPAddressField(null=True)
    action = models.CharField(max_length=50)  # "member.role_changed"
    object_id = models.UUIDField()
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = TenantManager.from_queryset(AuditEntryQuerySet)()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="audit_newest"),
            models.Index(fields=["account", "actor"], name="audit_actor"),
            models.Index(fields=["account", "action", "-created_at"], name="audit_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_email}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> Self:
        """Return those that were neither accepted nor revoked; their links may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)

    def valid(self) -> Self:
        """Return those whose links work."""
        return self.open().filter(expires_at__gt=timezone.now())

    def visible_to(self, membership: Membership) -> Self:
        """Return the open ones to owners and admins, and nothing to others."""
        return self.open() if membership.role in (Role.OWNER, Role.ADMIN) else self.none()


class Invitation(TenantModel):
    """Lets whoever reads the mail of an address become a member. The text of its link is not kept."""

    email = models.EmailField(_("e-mail"))
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    invited_by = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    token_hash = models.CharField(max_length=64, blank=True, editable=False)  # "" until the mail is sent
    created_at = models.DateTimeField(auto_now_add=True)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)  # when a mail was last asked for
    expires_at = models.DateTimeField(editable=False)
    accepted_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = TenantManager.from_queryset(InvitationQuerySet)()

    class Meta:
        ordering = ("-id",)
        constraints = [
            TenantUniqueConstraint(
                fields=["email"], condition=Q(accepted_at=None, revoked_at=None), name="one_open_invitation"
            ),
            models.CheckConstraint(condition=~Q(role=Role.OWNER), name="nobody_is_invited_as_owner"),
        ]
        indexes = [
            models.Index(fields=["account", "token_hash"], name="invitation_token"),
            models.Index(fields=["account", "invited_by"], name="invitation_invited_by"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def has_expired(self) -> bool:
        """Whether its link does not work any more."""
        return self.expires_at <= timezone.now()
