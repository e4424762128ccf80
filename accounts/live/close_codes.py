"""The close codes of the WebSocket, with their reasons. docs/websocket.md lists what clients do for each.

A code of the form 4xxx is 4000 and the status that the API would answer; the reason is the API's code. The handshake
in tenancy/sockets.py closes by the same rule.
"""

from tenancy.sockets import TRY_AGAIN_LATER

BROKEN = (1011, "server_error")
RECYCLED = (1012, "reconnect")
UNAVAILABLE = (TRY_AGAIN_LATER, "unavailable")
INVALID_TOKEN = (4401, "invalid_token")
NOT_AUTHENTICATED = (4401, "not_authenticated")
NOT_A_MEMBER = (4403, "not_a_member")
ROLE_CHANGED = (4403, "role_changed")
TENANT_MISMATCH = (4403, "tenant_mismatch")
SUSPENDED = (4403, "account_suspended")
TOO_MANY_FRAMES = (4429, "too_many_frames")
TOO_MANY_SOCKETS = (4429, "too_many_sockets")
