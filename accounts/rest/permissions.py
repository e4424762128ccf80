"""The check whether a member may use an action of the API."""

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.permissions import may


class RoleAllows(BasePermission):
    """Allows an action to the roles of the view's `permissions`.

    `permissions` maps actions to names of `accounts.permissions`. Other actions are allowed to every member if they
    read, and to no member if they write. The check comes before any lookup, so the response reveals nothing about what
    exists. REST framework answers anonymous requests with 401. A session of the public site gets 403, since it has no
    membership.
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
