"""Sessions in the database: `SESSION_ENGINE`."""

import re
from typing import Any

from django.contrib.sessions.backends import db

KEY = re.compile(r"[a-z0-9]{32}")  # what Django makes


class SessionStore(db.SessionStore):
    """Takes a cookie that no session was ever called for no session: PostgreSQL would not even compare some texts."""

    def _validate_session_key(self, key: Any) -> bool:
        return bool(key) and KEY.fullmatch(key) is not None
