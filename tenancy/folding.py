"""Text in the forms in which it is stored, compared, sorted and searched.

`normalized()` is the form in which text is stored. `folded()` ignores case, accents and width, for sorting and search.
Python computes it and the table stores it beside the text: the embedded PostgreSQL has no ICU collations, and the case
mapping of other locales depends on the platform.
"""

import re
import string
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate, islice

MOST_IMAGES = 20_000  # cached: more than the characters of all living scripts except rare ideographs
BLOCK = 512  # characters that are scanned one by one to find one of them
MOST_MARKS = 30  # on one character, as in the Stream-Safe Text Format of Unicode (UAX 15)
LONG, JOINER = 1_000, "\u034f"  # shortest text whose marks are limited; COMBINING GRAPHEME JOINER
# Accents and vowel points that users omit: Latin, Greek, Cyrillic, Hebrew and Arabic. Marks of other scripts are
# letters.
OPTIONAL_MARKS = (
    *((0x0300, 0x036F), (0x0483, 0x0487), (0x0591, 0x05BD), (0x05BF, 0x05C7), (0x0610, 0x061A), (0x064B, 0x065F)),
    *((0x0670, 0x0670), (0x06D6, 0x06ED), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F)),
    *((0xFE00, 0xFE0F), (0xE0100, 0xE01EF)),  # variation selectors
)
# Scripts that do not separate words by spaces: Thai, Lao, Tibetan, Burmese, Khmer, Chinese, Japanese. Korean has
# spaces, but adds particles to words; search finds each syllable.
UNSPACED = (
    *((0x0E00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0xA4CF), (0xAC00, 0xD7FF), (0xF900, 0xFAFF)),
    *((0xFF66, 0xFFDC), (0x20000, 0x3FFFF)),
)
# Letters that Unicode does not decompose, although users type them without the stroke or as two letters.
PLAIN = str.maketrans(
    dict(zip("øđłħŧıðƀɨʉ", "odlhtidbiu", strict=True)) | {"æ": "ae", "œ": "oe", "þ": "th", "ς": "σ", "ё": "е"}
)
# Punctuation that text processors replace by other characters than keyboards have.
PLAIN |= str.maketrans(dict.fromkeys("‘’‛ʻʼ׳′", "'") | dict.fromkeys("“”‟״", '"') | dict.fromkeys("‐‒–—―−", "-"))
# Kana with a separate voice mark, as half-width kana have it, and the single kana for both.
VOICE_MARKS = dict(zip("\u3099\u309a\u309b\u309c\uff9e\uff9f", "\u3099\u309a" * 3, strict=True))
KANA = [chr(code) for code in (*range(0x3041, 0x30FF), *range(0xFF66, 0xFF9E))]
VOICED = {
    kana + mark: one
    for kana in KANA
    for mark, combining in VOICE_MARKS.items()
    if len(one := unicodedata.normalize("NFKC", kana + combining)) == 1
}
NO_IMAGE = "\u2060"  # replaces the mark
DISTINCT = frozenset("йїўѓќ")  # Cyrillic letters that Unicode decomposes although they are no accented letters
CONTROLS = dict.fromkeys((*range(0x20), 0x7F), " ")
PUNCTUATION = string.punctuation  # of ASCII
TRIMMED = "".join(chr(code) for code in range(0x3100) if unicodedata.category(chr(code)) in ("Pi", "Pf", "Ps", "Pe"))
TRIMMED += ",.;:!?¡¿…‚„\"'、。，．；：！？"  # punctuation around a search word is not part of it


def normalized(text: str) -> str:
    """Return `text` in NFC: characters that can be encoded in several ways become equal.

    Normalization sorts the marks of a letter in quadratic time. No script has more than MOST_MARKS, so a joiner is
    inserted after as many in a long text, as in the Stream-Safe Text Format.
    """
    if text.isascii():
        return text
    if len(text) > LONG:
        text = _too_many_marks().sub(f"\\1{JOINER}", text)
    return unicodedata.normalize("NFC", text)


@cache
def _too_many_marks() -> re.Pattern[str]:
    marks = "".join(chr(code) for code in range(0x300, 0x1F000) if unicodedata.combining(chr(code)))
    return re.compile(f"([{marks}]{{{MOST_MARKS}}})(?=[{marks}])")


def folded(text: str) -> str:
    """Return the form of `text` for comparison: without case, accents and width, with a space before each word.

    Each character is folded separately, so a substring has a substring of the folded text. A space follows
    punctuation. A character of a script without spaces is a word, with spaces around it.
    """
    return f" {_translated(text)}"


def sort_key(text: str) -> str:
    """Return the sort key of a name, compared by bytes. Names that differ only in case or accents have equal keys."""
    return " ".join(folded(normalized(text)).split())


def search_words(text: str) -> list[str]:
    """Return the words of a query in its order, as substrings of `folded()` texts: each is the beginning of a word.

    Words that another one contains are omitted, because a match of the other one contains them.
    """
    chunks = (chunk.strip(TRIMMED) or chunk for chunk in normalized(text).split())
    words = [word for word in dict.fromkeys(map(_word, chunks)) if word.strip()]
    return [word for word in words if not any(word in other for other in words if other != word)]


def is_unspaced(character: str) -> bool:
    """Return whether the script of a character does not separate words by spaces."""
    return _is_in(UNSPACED, ord(character))


def first_span(text: str, words: Iterable[str]) -> tuple[int, int] | None:
    """Return the first place of `search_words()` in a text, or None. Faster than `spans()`."""
    image = _Image(text)
    return min((place for word in words for place in islice(image.find(word), 1)), default=None)


def spans(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Return the places of `search_words()` in a text, as offsets of characters. They do not overlap."""
    image = _Image(text)
    found: list[tuple[int, int]] = []
    for start, end in sorted(each for word in words for each in image.find(word)):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


class _Image:
    """The folded text, and the original character of each of its characters."""

    def __init__(self, text: str) -> None:
        self.text = _voiced(text)
        blocks = [self.text[start : start + BLOCK].translate(_images) for start in range(0, len(text), BLOCK)]
        self.ends = list(accumulate(map(len, blocks)))
        self.folded = " " + "".join(blocks)
        self.read: dict[int, list[int]] = {}  # blocks with the end of the image of each character

    def find(self, word: str) -> Iterable[tuple[int, int]]:
        lead = word.startswith(" ")  # the space before a word belongs to the character before it
        place = self.folded.find(word)
        while place >= 0:
            first, last = place - 1 + lead, place + len(word) - 2
            yield self._origin(first), self._after(self._origin(last))
            place = self.folded.find(word, place + len(word))

    def _origin(self, offset: int) -> int:
        """Return the place of the character whose image contains this offset."""
        block = bisect_right(self.ends, offset)
        if block == len(self.ends):
            return len(self.text)
        if block not in self.read:
            characters = self.text[block * BLOCK : (block + 1) * BLOCK]
            self.read[block] = list(accumulate(len(_images[ord(each)]) for each in characters))
        return block * BLOCK + bisect_right(self.read[block], offset - (self.ends[block - 1] if block else 0))

    def _after(self, place: int) -> int:
        """Return the end of a character with its marks."""
        end = place + 1
        for after in self.text[end : end + MOST_MARKS]:
            if unicodedata.category(after)[0] != "M" and after != NO_IMAGE:
                break
            end += 1
        return end


def _translated(text: str) -> str:
    return _translated_ascii(text) if text.isascii() else _voiced(text).translate(_images)


def _translated_ascii(text: str) -> str:
    """Return the same as a translation by `_images` for ASCII text, in a tenth of the time."""
    lower = text.lower() if text.isprintable() else text.lower().translate(CONTROLS)
    for mark in PUNCTUATION:
        if mark in lower:
            lower = lower.replace(mark, f"{mark} ")
    return lower


def _voiced(text: str) -> str:
    """Return a text of the same length, with one character and one without an image for each kana with a mark."""
    if any(mark in text for mark in VOICE_MARKS):
        for two, one in VOICED.items():
            text = text.replace(two, f"{one}{NO_IMAGE}")
    return text


class _Images(dict[int, str]):
    def __missing__(self, code: int) -> str:
        image = _image_of(chr(code))
        if len(self) < MOST_IMAGES:
            self[code] = image
        return image


_images = _Images()


def _image_of(character: str) -> str:
    match unicodedata.category(character):
        case "Cf":  # joiners, soft hyphens, direction marks
            return ""
        case "Cc" | "Zl" | "Zp" | "Zs":
            return " "
    lower = character.lower()
    if lower in DISTINCT:
        return lower
    letters = unicodedata.normalize("NFKD", character.casefold()).casefold().translate(PLAIN)
    plain = "".join(letter for letter in letters if not _is_in(OPTIONAL_MARKS, ord(letter)))
    return "".join(map(_spaced, unicodedata.normalize("NFC", plain)))


def _spaced(character: str) -> str:
    if unicodedata.category(character)[0] not in "LNM":
        return f"{character} ".lstrip()
    return f" {character} " if is_unspaced(character) and unicodedata.category(character)[0] != "M" else character


def _word(chunk: str) -> str:
    image = _translated(chunk)
    begins_word = image[:1].isalnum() or unicodedata.category(image[:1] or " ")[0] == "M"
    return f" {image}".rstrip() if begins_word else image.rstrip()


def _is_in(ranges: Sequence[tuple[int, int]], code: int) -> bool:
    return any(first <= code <= last for first, last in ranges)
