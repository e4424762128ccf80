"""The settings of an account, on its host."""

from django.urls import path

from frontend.views.settings import general, members

urlpatterns = [
    path("", general.index, name="settings"),
    path("plan/", general.plan, name="plan"),
    path("members/", members.index, name="members"),
    path("members/leave/", members.leave, name="leave_account"),
    path("members/transfer/", members.transfer, name="transfer_account"),
    path("members/<uuid:pk>/role/", members.change_role, name="change_role"),
    path("members/<uuid:pk>/remove/", members.remove, name="remove_member"),
    path("invitations/<uuid:pk>/resend/", members.resend, name="resend_invitation"),
    path("invitations/<uuid:pk>/revoke/", members.revoke, name="revoke_invitation"),
]
