"""Whether a request may reach a view of the API at all."""

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.permissions import may


class RoleAllows(BasePermission):
    """An action is for those to whom the view's `permissions` allow it.

    `permissions` maps actions to names of `accounts.permissions`. Of the rest, reading is for every member, and
    writes are refused to all.
    Asked before anything is looked up, so the answer says nothing about what exists. Anonymous requests are answered
    with 401 by REST framework. A session on the public host is 403: it is somebody, but in no account.
    """

    def has_permission(self, request: Request, view: object) -> bool:
        membership = getattr(request, "membership", None)
        if membership is None:
            return False
        action = getattr(view, "action", None)
        if action is None:  # the method is answered with 405
            return True
        permission = getattr(view, "permissions", {}).get(action)
        return request.method in SAFE_METHODS if permission is None else may(membership, permission)
