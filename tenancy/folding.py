"""Text in the forms in which it is stored, compared, sorted and searched.

`normalized()` is the form in which text is stored. `folded()` ignores case, accents and width, so that it serves both
for sorting and for searching. It is computed here and stored beside the text: PostgreSQL has ICU collations only where
it was built with ICU, which the embedded server is not, and the case mapping of its other locales depends on the
platform.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate, islice

MOST_IMAGES = 20_000  # remembered: more than the characters of all living scripts but the rare ideographs
BLOCK = 512  # characters that are read one by one to find one of them
MOST_MARKS = 30  # on one character, as in the Stream-Safe Text Format of Unicode (UAX 15)
LONG, JOINER = 1_000, "\u034f"  # characters of a text in which marks are counted; COMBINING GRAPHEME JOINER
# Accents and vowel points that users leave out: Latin, Greek, Cyrillic, Hebrew and Arabic. Marks of other scripts are
# letters of their own.
OPTIONAL_MARKS = (
    *((0x0300, 0x036F), (0x0483, 0x0487), (0x0591, 0x05BD), (0x05BF, 0x05C7), (0x0610, 0x061A), (0x064B, 0x065F)),
    *((0x0670, 0x0670), (0x06D6, 0x06ED), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F)),
    *((0xFE00, 0xFE0F), (0xE0100, 0xE01EF)),  # which variant of a sign is shown
)
# Scripts that write words without spaces between them: Thai, Lao, Tibetan, Burmese, Khmer, Chinese, Japanese. Korean
# has spaces, and particles behind its words; each syllable is found.
UNSPACED = (
    *((0x0E00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0xA4CF), (0xAC00, 0xD7FF), (0xF900, 0xFAFF)),
    *((0xFF66, 0xFFDC), (0x20000, 0x3FFFF)),
)
# Letters that Unicode does not decompose, although people type them without the stroke or as two letters.
PLAIN = str.maketrans(
    dict(zip("øđłħŧıðƀɨʉ", "odlhtidbiu", strict=True)) | {"æ": "ae", "œ": "oe", "þ": "th", "ς": "σ", "ё": "е"}
)
# Punctuation of which keyboards have one kind: text processors write others in its place.
PLAIN |= str.maketrans(dict.fromkeys("‘’‛ʻʼ׳′", "'") | dict.fromkeys("“”‟״", '"') | dict.fromkeys("‐‒–—―−", "-"))
# Kana with a mark for voice that is a character of its own, as half-width kana have it, and the kana that both are.
VOICE_MARKS = dict(zip("\u3099\u309a\u309b\u309c\uff9e\uff9f", "\u3099\u309a" * 3, strict=True))
KANA = [chr(code) for code in (*range(0x3041, 0x30FF), *range(0xFF66, 0xFF9E))]
VOICED = {
    kana + mark: one
    for kana in KANA
    for mark, combining in VOICE_MARKS.items()
    if len(one := unicodedata.normalize("NFKC", kana + combining)) == 1
}
NO_IMAGE = "\u2060"  # takes the place of the mark
DISTINCT = frozenset("йїўѓќ")  # Cyrillic letters of their own, which Unicode decomposes
TRIMMED = "".join(chr(code) for code in range(0x3100) if unicodedata.category(chr(code)) in ("Pi", "Pf", "Ps", "Pe"))
TRIMMED += ",.;:!?¡¿…‚„\"'、。，．；：！？"  # punctuation around a word that is looked for is no part of it


def normalized(text: str) -> str:
    """Return `text` in NFC: characters that can be entered in several ways are the same afterwards.

    Marks on one letter are put in order, which takes the square of their number. No script has more than
    MOST_MARKS, so a long text gets a joiner behind each so many, as in the Stream-Safe Text Format.
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
    """Return what `text` is compared by: without case, accents and width, with a space before each word.

    Each character has an image of its own, so a part of a text has a part of its image. Punctuation has a space
    behind it. A character of a script without spaces is a word, with a space on either side.
    """
    return f" {_translated(text)}"


def sort_key(text: str) -> str:
    """Return what names are sorted by, byte by byte. Names that differ in case and accents only have the same key."""
    return " ".join(folded(normalized(text)).split())


def search_words(text: str) -> list[str]:
    """Return the words of a query, as parts of `folded()` texts: each is the beginning of a word.

    Words that another one contains are left out, since they are found with it. The order is that of the query.
    """
    chunks = (chunk.strip(TRIMMED) or chunk for chunk in normalized(text).split())
    words = [word for word in dict.fromkeys(map(_word, chunks)) if word.strip()]
    return [word for word in words if not any(word in other for other in words if other != word)]


def is_unspaced(character: str) -> bool:
    """Say whether a character belongs to a script that writes words without spaces."""
    return _is_in(UNSPACED, ord(character))


def first_span(text: str, words: Iterable[str]) -> tuple[int, int] | None:
    """Return where the first of `search_words()` is in a text, or None. It costs less than all `spans()`."""
    image = _Image(text)
    return min((place for word in words for place in islice(image.find(word), 1)), default=None)


def spans(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Return where `search_words()` are in a text, as places of its own characters; no two of them overlap."""
    image = _Image(text)
    found: list[tuple[int, int]] = []
    for start, end in sorted(each for word in words for each in image.find(word)):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


class _Image:
    """The folded text, and which of its characters is the image of which one."""

    def __init__(self, text: str) -> None:
        self.text = _voiced(text)
        blocks = [self.text[start : start + BLOCK].translate(_images) for start in range(0, len(text), BLOCK)]
        self.ends = list(accumulate(map(len, blocks)))
        self.folded = " " + "".join(blocks)
        self.read: dict[int, list[int]] = {}  # blocks of which the end of each character's image is known

    def find(self, word: str) -> Iterable[tuple[int, int]]:
        lead = word.startswith(" ")  # the space before a word is the end of what is before it
        place = self.folded.find(word)
        while place >= 0:
            first, last = place - 1 + lead, place + len(word) - 2
            yield self._origin(first), self._after(self._origin(last))
            place = self.folded.find(word, place + len(word))

    def _origin(self, offset: int) -> int:
        """Return the place of the character whose image has this offset."""
        block = bisect_right(self.ends, offset)
        if block == len(self.ends):
            return len(self.text)
        if block not in self.read:
            characters = self.text[block * BLOCK : (block + 1) * BLOCK]
            self.read[block] = list(accumulate(len(_images[ord(each)]) for each in characters))
        return block * BLOCK + bisect_right(self.read[block], offset - (self.ends[block - 1] if block else 0))

    def _after(self, place: int) -> int:
        """Return the end of a character with the marks on it."""
        end = place + 1
        for after in self.text[end : end + MOST_MARKS]:
            if unicodedata.category(after)[0] != "M" and after != NO_IMAGE:
                break
            end += 1
        return end


def _translated(text: str) -> str:
    return _voiced(text).translate(_images)


def _voiced(text: str) -> str:
    """Return a text of the same length, in which kana with a mark are one character and one that has no image."""
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
        case "Cf":  # joiners, soft hyphens, marks of direction
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
