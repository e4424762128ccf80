"""Web addresses in text: their begin and end."""

import re

# Scripts without spaces between words, scripts that append particles to words, and their punctuation: an address ends
# before them (`https://example.com/a。`, `https://example.com/a를`). Browsers copy such letters percent-encoded.
# Only a label of a host may consist of them.
_WIDE = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff"
    "\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_LABEL = rf"(?:(?:(?![{_WIDE}])[\w-])+|(?:[{_WIDE}](?<=\w))+)"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
_SIGN = rf"(?:(?![{_WIDE}])[^\s\x00-\x1f\x7f<>\"`\\^{{|}}\[\]])"
_REST = rf"[/?#](?:{_SIGN}|\[{_SIGN}*\])*"
# Text that continues a host, so that the link would lead to another host than it shows. It is no link then. These
# are the rest of a name after dots, marks of emphasis or an escape, and an @, which ends a user name.
_MARK = r"[-.:*~`$+=\u00ad\u200b-\u200f\u2060-\u2064\ufeff]"
_ESCAPE = r"[%\\](?=\S)|&(?!(?:lt|gt|quot|nbsp);)#?\w{1,31};"
_MORE = rf"{_MARK}*(?:(?![{_WIDE}])\w|{_ESCAPE})"
_AT = r"(?:@|&commat;|&[#]0*64;|&[#][xX]0*40;)"
_NAME = rf"(?:(?![{_WIDE}])[^\s/?#@]|[{_WIDE}](?<=\w))"
_LONGEST = 100  # characters of a name that are checked; a longer name counts as a user name
_USER = rf"(?:(?!{_AT}){_NAME}){{0,{_LONGEST}}}{_AT}|{_NAME}{{{_LONGEST}}}"
_ADDRESS = rf"(?>{_HOST})(?>(?::\d{{1,5}})?)(?:{_REST}|(?!{_MORE}|{_USER}))"

SCHEMES = re.compile(r"(?<![0-9a-z+.-])https?$", re.ASCII | re.IGNORECASE)
AFTER_SCHEME = re.compile(rf"://{_ADDRESS}")
WWW = rf"(?<![0-9A-Za-z_@:/.-])(?=[wW]{{3}}\.{_LABEL}\.{_LABEL}){_ADDRESS}"
_ENTITY = re.compile(r"&\w{1,31};$")
_PAIRS = {")": "(", "]": "["}


def without_punctuation(address: str) -> str:
    """Return an address without the punctuation of the sentence, such as the end of `https://example.com/a).`.

    Brackets that are opened in the address belong to it: `https://en.wikipedia.org/wiki/Tree_(graph_theory)`.
    """
    surplus = {close: address.count(close) - address.count(opened) for close, opened in _PAIRS.items()}
    end = len(address)
    while end:
        last = address[end - 1]
        if last == ";" and (entity := _ENTITY.search(address, max(0, end - 33), end)):
            end = entity.start()
        elif last in ".,;:!?'*_~…’”»":
            end -= 1
        elif surplus.get(last, 0) > 0:
            surplus[last] -= 1
            end -= 1
        else:
            break
    return address[:end]
