"""Tokens with other claims, signed with our key or another one."""

import jwt
from django.conf import settings


def forge(token, *, key=None, algorithm="HS256", **claims):
    """Return `token` with other `claims`, without those that are None."""
    payload = jwt.decode(token, options={"verify_signature": False})
    payload = {name: value for name, value in {**payload, **claims}.items() if value is not None}
    return jwt.encode(payload, settings.SIMPLE_JWT["SIGNING_KEY"] if key is None else key, algorithm=algorithm)
