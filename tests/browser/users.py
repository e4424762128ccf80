"""Users with separate browsers."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Browser, BrowserContext, Page

from tenancy.testing import PASSWORD
from tests.accounts.live.clients import Office
from tests.waiting import PATIENCE

# `*.localhost` is this machine, whatever its resolver says.
ARGUMENTS = ["--host-resolver-rules=MAP *.localhost 127.0.0.1"]
FITS = "document.documentElement.scrollWidth <= innerWidth"
SECONDS = PATIENCE  # that anything on a page may take


@dataclass
class Browsers:
    """Opens browsers for the members of an office, and collects their errors.

    A test fails at its end when a page has logged an error, run into a script's exception, broken the content security
    policy, or requested something that is absent, unless `expect()` allows it.
    """

    chromium: Browser
    office: Office
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def as_(self, role: str, *, at: Office | None = None, **options: Any) -> Page:
        """Return a page of a user who has logged in: `owner`, `admin`, `member` or `viewer`."""
        office = at or self.office
        page = self.anonymous(at=office, **options)
        name, _, value = office.cookie(role).partition("=")
        page.context.add_cookies([{"name": name, "value": value, "url": office.origin}])
        return page

    def anonymous(
        self,
        *,
        at: Office | None = None,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        javascript: bool = True,
        touch: bool = False,
    ) -> Page:
        """Return a page of a browser without cookies. Paths are those of the office's host."""
        context = self.chromium.new_context(
            base_url=(at or self.office).origin,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            java_script_enabled=javascript,
            has_touch=touch,
        )
        context.set_default_timeout(SECONDS * 1000)
        context.on("console", lambda message: self._hear(message.type, message.text, message.location["url"]))
        context.on("weberror", lambda error: self._hear("error", str(error.error), "a script"))
        self.contexts.append(context)
        return context.new_page()

    def expect(self, pattern: str) -> None:
        """Let a complaint pass that has `pattern`, a regular expression, in it; it must come: "status of 403"."""
        self.expected.append(pattern)

    def _hear(self, kind: str, text: str, place: str) -> None:
        if kind == "error":
            self.complaints.append(f"{urlsplit(place).path or place}: {text}")

    def close(self) -> None:
        """Close all, and fail if a page reported an error."""
        for context in self.contexts:
            context.close()
        missing = [each for each in self.expected if not any(re.search(each, text) for text in self.complaints)]
        assert not missing, f"Expected, and never heard: {missing}"
        surprises = [text for text in self.complaints if not any(re.search(each, text) for each in self.expected)]
        assert not surprises, "\n".join(surprises)


def give_password(user: Any) -> None:
    """Let a user log in at the live process with PASSWORD: it does not know the tests' quick hashes."""
    user.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
    user.save(update_fields=["password"])


def here(office: Office, link: str) -> str:
    """Return a link of a mail with the port of the live process instead of the port of the settings."""
    return link.replace(settings.PUBLIC_URL.rpartition("//")[2], f"{settings.BASE_DOMAIN}:{office.port}")
