"""The members of the account. All members can view them, owners and admins can change them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import invitations, members
from accounts.models import Invitation, Membership, Role
from accounts.permissions import may, require
from frontend.account_settings.forms import ROLES, ChooseRole, Invite, Transfer, TypeName
from frontend.shared.access import MemberRequest
from frontend.shared.forms import errors_in_words, posted, submit
from frontend.shared.pages import page_of

PAGE_SIZE = 50


@dataclass(frozen=True)
class Refusal:
    """The reason why an action on the row with this id was refused."""

    row: UUID
    text: str


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest) -> HttpResponse:
    """The members and the open invitations. POST sends an invitation."""
    if request.method == "POST":
        require(request.membership, "member.manage")
    form = Invite(posted(request))
    sent = submit(form, invitations.invite, actor=request.membership)
    if not sent.is_done:
        return _page(request, form, status=sent.status)
    messages.success(request, _("The invitation was sent to %(email)s.") % {"email": form.cleaned_data["email"]})
    return redirect("members")


@require_POST
def change_role(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Change the role of a member."""
    require(request.membership, "member.manage")
    member, form = _member(pk), ChooseRole(request.POST)
    sent = submit(form, members.change_role, member=member, actor=request.membership)
    if not sent.is_done:
        return _refused(request, pk, form, sent.status)
    messages.success(request, _("The role of %(name)s was changed.") % {"name": member.user})
    return redirect("members")


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask for the name of a member. POST removes the member."""
    require(request.membership, "member.manage")
    member = _member(pk)
    name = member.name
    form = TypeName(posted(request), expected=name, label=_("Type “%(name)s” to confirm") % {"name": name})
    sent = submit(form, lambda name: members.remove_member(member=member, actor=request.membership))
    if sent.is_done:
        messages.success(request, _("%(name)s is no longer a member.") % {"name": name})
        return redirect("members")
    context = {
        "form": form,
        "title": _("Remove %(name)s") % {"name": name},
        "text": _(
            "The member loses access at once, on every device. Their tasks and comments are kept, with their name."
        ),
        "verb": _("Remove from the account"),
    }
    return render(request, "account_settings/confirm.html", context, status=sent.status)


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: MemberRequest) -> HttpResponse:
    """Ask for confirmation. POST ends the membership of the user."""
    form = forms.Form(posted(request))
    sent = submit(form, members.leave_account, actor=request.membership)
    if sent.is_done:
        return redirect("account_login")
    context = {
        "form": form,
        "title": _("Leave %(account)s") % {"account": request.tenant},
        "text": _("You lose access at once. Your tasks and comments are kept. To return, you need an invitation."),
        "verb": _("Leave the account"),
    }
    return render(request, "account_settings/confirm.html", context, status=sent.status)


@require_http_methods(["GET", "HEAD", "POST"])
def transfer(request: MemberRequest) -> HttpResponse:
    """Transfer the account to another member."""
    require(request.membership, "account.transfer")
    people = Membership.objects.current().exclude(role=Role.OWNER).prefetch_related("user").order_by("joined_at", "id")
    name = request.tenant.name
    label = _("Type the name of the account, “%(name)s”, to confirm") % {"name": name}
    form = Transfer(posted(request), people=people, expected=name, label=label)
    sent = submit(form, lambda member, name: members.transfer_account(member=member, actor=request.membership))
    if sent.is_done:
        messages.success(request, _("%(name)s now owns this account.") % {"name": form.cleaned_data["member"].user})
        return redirect("members")
    context = {
        "form": form,
        "title": _("Transfer %(account)s") % {"account": request.tenant},
        "text": _("The new owner has all permissions, including deleting the account. You become an admin."),
        "verb": _("Transfer the account"),
    }
    return render(request, "account_settings/confirm.html", context, status=sent.status)


@require_POST
def resend(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Send an invitation again, with a new link."""
    return _invited(request, pk, invitations.resend_invitation, _("A new link was sent to %(email)s."))


@require_POST
def revoke(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Revoke an invitation."""
    return _invited(request, pk, invitations.revoke_invitation, _("The invitation of %(email)s was revoked."))


def _invited(request: MemberRequest, pk: UUID, action: Callable[..., None], done: str) -> HttpResponse:
    require(request.membership, "member.manage")
    invitation = get_object_or_404(Invitation.objects.visible_to(request.membership), pk=pk)
    form = forms.Form(request.POST)
    sent = submit(form, action, invitation=invitation, actor=request.membership)
    if not sent.is_done:
        return _refused(request, pk, form, sent.status)
    messages.success(request, done % {"email": invitation.email})
    return redirect("members")


def _refused(request: MemberRequest, pk: UUID, form: forms.Form, status: int) -> HttpResponse:
    """Show the page again, with the reason for the refusal beside the row of the form."""
    return _page(request, Invite(), Refusal(pk, errors_in_words(form)), status=status)


def _page(request: MemberRequest, form: Invite, refusal: Refusal | None = None, status: int = 200) -> HttpResponse:
    people = Membership.objects.visible_to(request.membership).current().prefetch_related("user")
    page = page_of(request, people.order_by("joined_at", "id"), PAGE_SIZE)
    manages = may(request.membership, "member.manage")
    invited = Invitation.objects.visible_to(request.membership).prefetch_related("invited_by__user")
    context: dict[str, Any] = {
        "page": page,
        "invited": list(invited) if manages else [],
        "form": form if manages else None,
        "roles": ROLES,
        "refusal": refusal,
    }
    return render(request, "account_settings/members.html", context, status=status)


def _member(pk: UUID) -> Membership:
    return get_object_or_404(Membership.objects.current().prefetch_related("user"), pk=pk)
