"""A text as words, in any script: what separates them, what stays together, and how an English contraction parts."""

from __future__ import annotations

import re
import unicodedata

# A longer run without a space (a key, a picture in base64) is cut there, so that a stream need not hold it all.
LONGEST = 100
# Scripts that put no spaces between words, by the first word of their letters' names: each letter is a token there.
_UNSPACED = {"CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "YI", "BOPOMOFO"}
_SPECIAL = {"'": "a", "’": "a", "-": "h", "‐": "h", "_": "h", "\u200d": "z", "\u200b": "s", "\ufeff": "s"}
_SPECIAL |= dict.fromkeys(".,:/", "p") | {chr(c): "f" for c in range(0x1F3FB, 0x1F400)}
_SPECIAL |= {chr(c): "r" for c in range(0x1F1E6, 0x1F200)}


class _Kinds(dict):
    """What each character is, in one letter, worked out when it is first seen.

    s space, l letter, c letter of a script without spaces, d digit, m mark on the one before, f format, z joiner,
    r half of a flag, a apostrophe, h hyphen, p what may stand inside a number, o any other.
    """

    def __missing__(self, code: int) -> str:
        c = chr(code)
        kind = _SPECIAL.get(c)
        if kind is None:
            category = unicodedata.category(c)
            if category[0] == "L":
                name = unicodedata.name(c, "").removeprefix("HALFWIDTH ")
                kind = "c" if re.split("[ -]", name)[0] in _UNSPACED else "l"
            elif category[0] == "Z" or category == "Cc":
                kind = "s"
            else:
                kind = {"N": "d", "M": "m"}.get(category[0], "f" if category == "Cf" else "o")
        self[code] = kind
        return kind


_KINDS = _Kinds()
# On the letters that _KINDS gives. A picture may carry marks and be joined to another: a family is one token.
_TOKEN = re.compile(
    "[ld][ldmfz]*(?:(?:[ah]|(?<=d)p(?=d))[ld][ldmfz]*)*"
    "|c[mfz]*|rr|[or][mf]*(?:z[o][mf]*)*[mfz]*|(?P<same>a+|h+|p+)|[mfz]+"
)
# Parts as the Penn Treebank has them (ca|n't, it|'s), and the elided words of French and Italian (l'|homme).
_ENDING = re.compile(r"(?i)(.+?)(n't|'(?:s|re|ve|ll|d|m))")
_ELIDED = re.compile(r"(?i)([cdjlmnst]|qu)'(?=\w{2})")
_CLITIC = re.compile(r"(?i)n't|'(?:s|re|ve|ll|d|m)")


def kinds(text: str) -> str:
    """What each character of a text is, a letter each (see _Kinds): regular expressions read that in any script."""
    return text.translate(_KINDS)


def split(chunk: str) -> list[str]:
    """Part a run of characters without spaces into words, numbers, signs and pictures.

    Words keep their hyphens and numbers their points (well-made, 3.14, 12:30); English contractions part as in the
    Penn Treebank (do|n't, it|'s), and a typographic apostrophe counts as the plain one. Signs are a token each, the
    same one repeated (...) one together. A letter of a script without spaces (Chinese, Japanese, Thai) is a token,
    with its marks.

    >>> split("(don't!)")
    ['(', 'do', "n't", '!', ')']
    """
    chunk = chunk.replace("’", "'")
    if _CLITIC.fullmatch(chunk):
        return [chunk]
    found = []
    for match in _TOKEN.finditer(kinds(chunk)):
        token = chunk[match.start() : match.end()]
        if match["same"]:
            found += [run[0] for run in re.finditer(r"(.)\1*", token)]
        elif "'" in token:
            found += _parts(token)
        else:
            found.append(token)
    return found


def _parts(word: str) -> list[str]:
    """A word with an apostrophe inside."""
    ending = _ENDING.fullmatch(word)
    if ending:
        return [*_parts(ending[1]), ending[2]]
    elided = _ELIDED.match(word)
    return [word[: elided.end()], word[elided.end() :]] if elided else [word]
