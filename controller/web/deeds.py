"""What nobody does by mistake: a button that was held down, or a word that was typed."""

import unicodedata
from collections.abc import Iterable

from controller.domain.errors import Invalid
from controller.web.forms import Form

DRILL_WORDS = ("diễn tập", "drill")


def require_deed(form: Form, held: str, words: Iterable[str], *, drill: bool) -> None:
    """Either the button of the thing called ``held`` was held down, or one of ``words`` was typed. A drill asks for its
    own word alone, so that hands which practised it do not send the real thing. Raises `Invalid` (``word_wrong``).
    """
    if not drill and held and form.text("held") == held:
        return
    wanted = {plain(word) for word in (DRILL_WORDS if drill else words)}
    if plain(form.text("word")) not in wanted - {""}:
        raise Invalid(code="word_wrong")


def plain(word: str) -> str:
    """Without accents, case and spaces: who is in a hurry may have no Vietnamese keyboard."""
    parts = unicodedata.normalize("NFD", word.casefold().replace("đ", "d"))
    return "".join(letter for letter in parts if letter.isalnum())
