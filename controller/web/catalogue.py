"""Keeps the catalogues complete: ``python -m controller.web.catalogue check`` or ``update``.

``check`` exits 1 and names every sentence of the templates and of `controller` that has no translation, every
translation that no sentence asks for any more, and every pair whose placeholders differ. ``update`` extracts the
sentences anew into ``locale/loa.pot`` and carries them over into the catalogues; new ones are left empty.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from controller.web.i18n import DOMAIN, LOCALE_FOLDER, Language, catalogue_path

CONTROLLER_FOLDER = Path(__file__).parents[1]
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
_DATE = datetime(2026, 1, 1, tzinfo=UTC)
_PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")


def extract(folder: Path = CONTROLLER_FOLDER) -> Catalog:
    """Every marked sentence below ``folder``, with the files it comes from (no line numbers: they only make noise)."""
    catalogue = _empty(None)
    for name, _line, sentence, comments, context in extract_from_dir(folder, METHODS, OPTIONS, KEYWORDS):
        catalogue.add(sentence, locations=[(name, 0)], auto_comments=comments, context=context)
    return catalogue


def _empty(locale: str | None) -> Catalog:
    # The date stands still, so that an extraction that finds nothing new changes nothing.
    return Catalog(
        locale=locale,
        domain=DOMAIN,
        header_comment="# Sentences of Loa's pages. The English sentence is the message id.",
        project="Loa",
        version="1",
        copyright_holder="Loa",
        msgid_bugs_address="Loa",
        last_translator="Loa",
        language_team="Loa",
        creation_date=_DATE,
        revision_date=_DATE,
        charset="utf-8",
        fuzzy=False,
    )


def problems(template: Catalog, translated: Catalog) -> Iterator[str]:
    """What is wrong with ``translated``, one line each; nothing when it is complete."""
    for message in _messages(template):
        found = translated.get(message.id, message.context)
        if found is None or _is_waiting(found):
            yield f"not translated: {_first(message)!r}"
        elif found.fuzzy:
            yield f"fuzzy: {_first(message)!r}"
        else:
            yield from _placeholder_problems(message, found)
    for message in _messages(translated):
        if template.get(message.id, message.context) is None:
            yield f"stale: {_first(message)!r}"
    for gone in translated.obsolete:
        yield f"obsolete: {gone!r}"


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _forms(said: str | Sequence[str] | None) -> Sequence[str]:
    return [said or ""] if isinstance(said, str | None) else said


def _is_waiting(message: Message) -> bool:
    return not all(_forms(message.string))


def _first(message: Message) -> str:
    return _forms(message.id)[0]


def _placeholder_problems(message: Message, found: Message) -> Iterator[str]:
    wanted = set(_PLACEHOLDER.findall(_forms(message.id)[-1]))
    for form in _forms(found.string):
        if set(_PLACEHOLDER.findall(form)) != wanted:
            yield f"placeholders differ: {_first(message)!r}"


def read(path: Path, language: Language) -> Catalog:
    """The catalogue at ``path``, or an empty one where there is none."""
    if not path.exists():
        return _empty(language.value)
    with path.open("rb") as lines:
        return read_po(lines, locale=language.value, domain=DOMAIN)


def _write(path: Path, catalogue: Catalog) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as lines:
        write_po(lines, catalogue, sort_output=True, omit_header=False, width=120, include_lineno=False)


def update(folder: Path = LOCALE_FOLDER) -> int:
    """Extracts anew; gives back how many sentences wait for a translation."""
    template = extract()
    _write(folder / f"{DOMAIN}.pot", template)
    waiting = 0
    for language in translated_languages():
        path = catalogue_path(language, folder)
        catalogue = read(path, language)
        catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        _write(path, catalogue)
        waiting += sum(1 for message in _messages(catalogue) if _is_waiting(message))
    return waiting


def check(folder: Path = LOCALE_FOLDER) -> list[str]:
    """Every problem of every catalogue, one line each."""
    template = extract()
    return [
        f"{language.value}: {problem}"
        for language in translated_languages()
        for problem in problems(template, read(catalogue_path(language, folder), language))
    ]


def translated_languages() -> list[Language]:
    """The languages that need a catalogue: all but English, which the sentences are written in."""
    return [language for language in Language if language is not Language.ENGLISH]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; gives back the exit code."""
    parser = argparse.ArgumentParser(prog="python -m controller.web.catalogue", description=__doc__)
    parser.add_argument("action", choices=["check", "update"])
    if parser.parse_args(arguments).action == "update":
        sys.stdout.write(f"{update()} sentences wait for a translation\n")
        return 0
    found = check()
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
