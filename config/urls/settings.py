"""The settings of an account, on its host."""

from django.urls import path

from frontend.account_settings import audit, danger, general, members, pictures

urlpatterns = [
    path("", general.index, name="settings"),
    path("plan/", general.plan, name="plan"),
    path("pictures/", pictures.index, name="pictures"),
    path("pictures/logo/", pictures.set_logo, name="set_logo"),
    path("pictures/logo/remove/", pictures.remove_logo, name="remove_logo"),
    path("pictures/avatar/", pictures.set_avatar, name="set_avatar"),
    path("pictures/avatar/remove/", pictures.remove_avatar, name="remove_avatar"),
    path("audit/", audit.index, name="audit"),
    path("audit/export/", audit.export, name="export_audit"),
    path("danger/", danger.index, name="danger"),
    path("danger/export/", danger.export, name="export_account"),
    path("members/", members.index, name="members"),
    path("members/leave/", members.leave, name="leave_account"),
    path("members/transfer/", members.transfer, name="transfer_account"),
    path("members/<uuid:pk>/role/", members.change_role, name="change_role"),
    path("members/<uuid:pk>/remove/", members.remove, name="remove_member"),
    path("invitations/<uuid:pk>/resend/", members.resend, name="resend_invitation"),
    path("invitations/<uuid:pk>/revoke/", members.revoke, name="revoke_invitation"),
]
