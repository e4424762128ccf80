"""Text of one line: names and titles, which appear in mails, subjects, logs and file names."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tenancy.folding import normalized

BREAKS = frozenset(("Cc", "Zl", "Zp", "Cs"))  # controls, line and paragraph separators, surrogates
# Characters that change the text direction, also of the text that follows the name in a sentence.
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
SHOWN = frozenset("LNPS")  # letters, numbers, punctuation, symbols
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159")  # invisible letters and symbols
# Invisible characters without a meaning in a name, such as zero-width spaces and soft hyphens. They allow two names
# that look the same. Tags have a meaning in flags.
MEANINGLESS = re.compile(
    "[\u00ad\u034f\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb]+"
    "|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]+"
)
# Variation selectors have a meaning after some characters: digits, signs and scripts other than Latin, Greek and
# Cyrillic. So do joiners, which shape letters of Arabic, Indic and other scripts, and join emoji.
HAS_VARIANTS = re.compile("[0-9#*\u00a9\u00ae\u0590-\u200b\u200e-\ufdff\ufe10-\U000e00ff]")
VARIANTS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
IS_JOINED = re.compile(
    "[\u0590-\u10ff\u1700-\u1cff\u2190-\u2bff\ua800-\uabff\ufe0f\U00010a00-\U00011fff\U0001e900-\U0001faff]"
)
JOINERS = "\u200c\u200d"
HIDDEN = re.compile(f"{MEANINGLESS.pattern}|{VARIANTS.pattern}|[{JOINERS}]")


def normalized_line(text: str) -> str:
    """Return the form in which a name is stored: NFC, without invisible characters that have no meaning.

    A text of nothing else is returned unchanged, and `validate_line()` rejects it.
    """
    if text.isascii() or not HIDDEN.search(text):
        return normalized(text)
    shown = ""
    for each in normalized(MEANINGLESS.sub("", text)):
        needs = IS_JOINED if each in JOINERS else HAS_VARIANTS if VARIANTS.match(each) else None
        if needs is None or needs.match(shown[-1:]):
            shown += each
    return normalized(shown.strip() or text)


def validate_line(text: str) -> None:
    """Raise ValidationError unless `text` is one line with a visible character."""
    if any(unicodedata.category(each) in BREAKS or each in BIDI for each in text):
        raise ValidationError(_("Must be one line, without control characters."), code="not_a_line")
    if not any(unicodedata.category(each)[0] in SHOWN and each not in BLANK for each in text):
        raise ValidationError(_("Must contain a visible character."), code="invisible")


def one_line(text: str) -> str:
    """Return any text as one line, for example one that was stored before it was validated."""
    plain = (" " if unicodedata.category(each) in BREAKS else each for each in text if each not in BIDI)
    return " ".join("".join(plain).split())
