"""The names of files, for display only. The key of an object never depends on them."""

import re
import unicodedata
from uuid import UUID

MOST = 255  # characters
SUFFIX = 20
# Other, which no name needs: controls, halves of surrogates, and what turns the direction of text around, so that
# "gnp.exe" would be read as "exe.png".
INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def clean_name(text: str) -> str:
    """Return what is left of a name that a client sent: its last part, in one line, 255 characters at most."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", text))[-1]
    shown = "".join(letter for letter in last if unicodedata.category(letter) not in INVISIBLE)
    name = " ".join(shown.split()).strip(". ")
    if len(name) > MOST:
        stem, dot, suffix = name.rpartition(".")
        end = f".{suffix}" if dot and len(suffix) < SUFFIX else ""
        name = (stem if end else name)[: MOST - len(end)] + end
    return name or "file"


def logo_file(picture: str) -> str:
    """Return the name in storage of a logo."""
    return f"logo/{picture}"


def avatar_file(picture: str) -> str:
    """Return the name in storage of a member's picture."""
    return f"avatars/{picture}"


# Where the objects of an attachment are in the storage of its account. The ids of attachments are unique across all
# models of attachments.


def stored_file(pk: UUID) -> str:
    """Return the name of the object that is given out. No client can write to it."""
    return str(pk)


def incoming_file(pk: UUID) -> str:
    """Return the name of the object that a client uploads."""
    return f"incoming/{pk}"


def preview_file(pk: UUID) -> str:
    """Return the name of the small picture of a file."""
    return f"previews/{pk}"
