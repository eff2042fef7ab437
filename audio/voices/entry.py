"""One `[[voice]]` of the file of voices, read key by key; what is wrong is said with its line and its key."""

import re
from collections.abc import Mapping, Set
from pathlib import Path

from audio.clip import VoicesUnusable

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_LONGEST_NAME = 80
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Entry:
    """The keys and values of one voice. Every method raises VoicesUnusable."""

    def __init__(self, table: Mapping[str, object], path: Path, line: int | None) -> None:
        self._table = table
        self._path = path
        self._line = line

    def wrong(self, key: str, what: str) -> VoicesUnusable:
        """The error for a key."""
        id_ = self._table.get("id")
        called = f' "{id_[:40]}"' if isinstance(id_, str) else ""
        line = f", line {self._line}" if self._line else ""
        return VoicesUnusable(f'{self._path}{line}, voice{called}: "{key}" {what}')

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._table

    def only(self, known: Set[str]) -> None:
        """Refuses any other key."""
        for key in self._table:
            if key not in known:
                raise self.wrong(key, f"is unknown here; known are {', '.join(sorted(known))}")

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty."""
        value = self._table.get(key, default)
        if value is None:
            raise self.wrong(key, "is missing")
        if not isinstance(value, str) or (not value.strip() and value != default):
            raise self.wrong(key, "must be a text in quotes that is not empty")
        if key == "name" and len(value) > _LONGEST_NAME:
            raise self.wrong(key, f"is longer than {_LONGEST_NAME} characters")
        return value

    def id(self) -> str:
        """The name under which the voice is stored."""
        value = self.text("id")
        if not _ID.fullmatch(value):
            raise self.wrong("id", "must be 1 to 40 small letters, digits or hyphens")
        return value

    def languages(self) -> frozenset[str]:
        """The languages it reads."""
        values = self.texts("languages")
        if not all(_LANGUAGE.fullmatch(each) for each in values):
            raise self.wrong("languages", 'must be codes of two or three small letters, like "vi"')
        return frozenset(values)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts that is not empty."""
        value = self._table.get(key)
        if value is None:
            raise self.wrong(key, "is missing")
        if not isinstance(value, list) or not value:
            raise self.wrong(key, 'must be a list of texts, like ["vi"]')
        found = tuple(each for each in value if isinstance(each, str) and "\0" not in each)
        if len(found) != len(value) or not found[0]:
            raise self.wrong(key, "must be a list of texts, each in quotes")
        return found

    def number(self, key: str, *, least: int, most: int, default: int | None = None) -> int:
        """A whole number within bounds."""
        value = self._table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(key, f"must be a whole number from {least} to {most}")
        return value

    def mapping(self, key: str) -> Mapping[str, str]:
        """Headers: names with their values, none unless the key is there."""
        value = self._table.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, 'must be names with values, like { Authorization = "..." }')
        found: dict[str, str] = {}
        for name, each in value.items():
            # The value itself may be a secret and is not repeated.
            if not isinstance(each, str) or not each.isprintable() or not _HEADER.fullmatch(name):
                raise self.wrong(f"{key}.{name}", "must be a name and a text of one line")
            found[name] = each
        return found

    def file(self, key: str) -> Path:
        """A file that is there; its path starts in the folder of the file of voices."""
        return self.beside(self.text(key), key)

    def beside(self, name: str, key: str) -> Path:
        """A file of this name that is there, named by `key`."""
        path = self._path.parent / name
        if not path.is_file():
            raise self.wrong(key, f"names {path}, which is no file")
        return path
