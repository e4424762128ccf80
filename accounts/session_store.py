"""Sessions in the database: `SESSION_ENGINE`."""

import re
from typing import Any

from django.contrib.sessions.backends import db

KEY = re.compile(r"[a-z0-9]{32}")  # what Django makes


class SessionStore(db.SessionStore):
    """Rejects cookies that cannot be a session key: PostgreSQL would raise an error for some texts."""

    def _validate_session_key(self, key: Any) -> bool:
        return bool(key) and KEY.fullmatch(key) is not None
