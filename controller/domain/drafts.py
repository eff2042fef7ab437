"""What a person asks for when a bulletin or a programme is made or changed; checked before anything is kept."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from agents.protocol.ids import AreaId
from agents.protocol.values import AiringClass
from controller.domain import bulletins, programmes, relays
from controller.domain.bulletins import Frame, Origin
from controller.domain.errors import Invalid
from controller.domain.programmes import BulletinItem, Item, RelayItem, SilenceItem
from controller.domain.sounds import Profile, Reading, SoundId

FARTHEST_EXPIRY_US: Final = 100 * 366 * 86_400_000_000
"""From now on. What lies beyond the years of a calendar can be shown on no page."""
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")


@dataclass(frozen=True, kw_only=True, slots=True)
class TextVariant:
    """To be read by a voice."""

    reading: Reading

    @property
    def language(self) -> str:
        return self.reading.language


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingVariant:
    """A file that was handed in; it belongs to whoever makes the bulletin from here on."""

    language: str
    path: Path
    file_name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptVariant:
    """A sound that the bulletin has, or had."""

    language: str
    sound_id: SoundId


VariantDraft = TextVariant | RecordingVariant | KeptVariant


@dataclass(frozen=True, kw_only=True, slots=True)
class BulletinDraft:
    """An empty title is taken from the text or the file. ``profile`` shapes what is made anew."""

    title: str
    variants: tuple[VariantDraft, ...]
    airing_class: AiringClass = AiringClass.ORDINARY
    area_id: AreaId | None = None
    frame: Frame = Frame()  # noqa: RUF009 - frozen
    expires_at_us: int | None = None
    profile: Profile = Profile.PLAIN


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgrammeDraft:
    title: str
    items: tuple[Item, ...]
    airing_class: AiringClass = AiringClass.ORDINARY
    area_id: AreaId | None = None
    frame: Frame = Frame()  # noqa: RUF009 - frozen


def check_bulletin(draft: BulletinDraft, now_us: int, origin: Origin = Origin.STATION) -> None:
    """Of the station's own bulletins none is an emergency: those come from above, or go another way than a bulletin.

    Raises `Invalid`: ``variant_missing``, ``too_many_variants``, ``variant_twice``, ``language_unknown``,
    ``class_unknown``, ``class_reserved``, ``expiry_passed``, ``too_far_ahead``, ``times_out_of_range``,
    ``pause_out_of_range``.
    """
    languages = [variant.language for variant in draft.variants]
    if not languages:
        raise Invalid("neither a text nor a recording", code="variant_missing")
    if len(languages) > bulletins.MOST_VARIANTS:
        raise Invalid(f"at most {bulletins.MOST_VARIANTS} languages", code="too_many_variants")
    for language in languages:
        if not _LANGUAGE.fullmatch(language):
            raise Invalid(f"{language[:20]} is no language", code="language_unknown")
    if len(set(languages)) < len(languages):
        raise Invalid("a language comes twice", code="variant_twice")
    _check_class(draft.airing_class, bulletins.CLASSES)
    if draft.airing_class is AiringClass.EMERGENCY and origin is Origin.STATION:
        raise Invalid("an emergency of the station's own", code="class_reserved")
    if draft.expires_at_us is not None and draft.expires_at_us <= now_us:
        raise Invalid("the expiry has passed", code="expiry_passed")
    if draft.expires_at_us is not None and draft.expires_at_us > now_us + FARTHEST_EXPIRY_US:
        raise Invalid("the expiry is more than a hundred years ahead", code="too_far_ahead")
    if not 1 <= draft.frame.times <= bulletins.MOST_TIMES:
        raise Invalid(f"read from 1 to {bulletins.MOST_TIMES} times", code="times_out_of_range")
    _check_pause(draft.frame)


def check_programme(draft: ProgrammeDraft) -> ProgrammeDraft:
    """The draft as it is kept; its relays as `relays.checked` gives them.

    Raises `Invalid`: ``items_missing``, ``too_many_items``, ``silence_out_of_range``, ``programme_too_long``,
    ``class_unknown``, ``pause_out_of_range``, and what `relays.checked` raises.
    """
    if not any(isinstance(item, BulletinItem | RelayItem) for item in draft.items):
        raise Invalid("a programme needs a bulletin or a relay", code="items_missing")
    if len(draft.items) > programmes.MOST_ITEMS:
        raise Invalid(f"at most {programmes.MOST_ITEMS} items", code="too_many_items")
    items = tuple(relays.checked(item) if isinstance(item, RelayItem) else item for item in draft.items)
    for item in items:
        if isinstance(item, SilenceItem) and not 0 < item.seconds <= programmes.LONGEST_SILENCE_S:
            raise Invalid(f"at most {programmes.LONGEST_SILENCE_S:.0f} s", code="silence_out_of_range")
    check_length(sum(item.seconds for item in items if not isinstance(item, BulletinItem)))
    _check_class(draft.airing_class, programmes.CLASSES)
    _check_pause(draft.frame)
    return replace(draft, items=items)


def check_length(seconds: float) -> None:
    """Of a programme, or of the part of it that is known. Raises `Invalid` (``programme_too_long``)."""
    if seconds > programmes.LONGEST_S:
        raise Invalid(f"{seconds:.0f} s; at most {programmes.LONGEST_S:.0f} s", code="programme_too_long")


def _check_class(wanted: AiringClass, known: Sequence[AiringClass]) -> None:
    if wanted not in known:
        raise Invalid(f"no class {wanted}", code="class_unknown")


def _check_pause(frame: Frame) -> None:
    if not 0 <= frame.pause_s <= bulletins.LONGEST_PAUSE_S:
        raise Invalid(f"from 0 to {bulletins.LONGEST_PAUSE_S:.0f} s", code="pause_out_of_range")
