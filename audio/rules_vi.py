"""Pure: what a rule of the normaliser is, and the patterns that the rules share.

Every pattern reads a text once from left to right: it starts where no part of the same thing stands before it, and
repeats without going back (`++`), so that no text takes longer than its length.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Match = re.Match[str]
Said = Callable[[Match], str | None]
Row = tuple[str, str, Said]

# Vietnamese letters count as letters; a digit or a letter beside a match makes it another word.
START = r"(?<!\w)"
END = r"(?!\w)"
# A number may not stand inside of a longer one.
ALONE = r"(?<![\w.,/-])"
NUMBER = r"(?:\d{1,3}(?:\.\d{3})++(?:,\d++)?+(?!\d)|\d{1,3}(?:,\d{3}){2,}+(?!\d)|\d++(?:[.,]\d{1,9}+)?+)"
NO_MORE = r"(?![\d]|[.,]\d)"
DAY = r"(?:0?[1-9]|[12]\d|3[01])"
MONTH = r"(?:0?[1-9]|1[0-2])"
YEAR = r"(?:1[5-9]|20|21)\d\d"
TO = r" ?- ?"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is said for what matches; `said` may return None to leave a match as it is."""

    name: str
    pattern: re.Pattern[str]
    said: Said

    def apply(self, text: str) -> str:
        """The text with every match said."""

        def replacement(match: Match) -> str:
            said = self.said(match)
            return match[0] if said is None else said

        return self.pattern.sub(replacement, text)


def any_of(words: Iterable[str]) -> str:
    """A pattern for any of some words, the longest first."""
    return "|".join(re.escape(each) for each in sorted(words, key=len, reverse=True))
