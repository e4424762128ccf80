"""Text of one line: names and titles, which stand in mails, subjects, logs and names of files."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

BREAKS = frozenset(("Cc", "Zl", "Zp", "Cs"))  # controls, separators of lines and paragraphs, halves of surrogates
# Characters that change the direction of the text around them: of what stands in a sentence after the name, too.
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
SHOWN = frozenset("LNPS")  # letters, numbers, punctuation, symbols
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159")  # letters and symbols that show nothing


def validate_line(text: str) -> None:
    """Raise ValidationError unless `text` is one line, in which something can be seen."""
    if any(unicodedata.category(each) in BREAKS or each in BIDI for each in text):
        raise ValidationError(_("Must be one line, without control characters."), code="not_a_line")
    if not any(unicodedata.category(each)[0] in SHOWN and each not in BLANK for each in text):
        raise ValidationError(_("Must contain something that can be seen."), code="invisible")


def one_line(text: str) -> str:
    """Return a text as one line, whatever it is: also one that was stored before it was validated."""
    plain = (" " if unicodedata.category(each) in BREAKS else each for each in text if each not in BIDI)
    return " ".join("".join(plain).split())
