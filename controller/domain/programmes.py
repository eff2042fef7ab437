"""Programmes: an ordered list of bulletins and silences between an opening and a closing signature tune."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NewType

from agents.protocol.ids import AreaId, BulletinId
from agents.protocol.values import AiringClass, ClipPart, Part
from controller.domain.bulletins import Bulletin, Frame, TuneId, content_parts, silence

ProgrammeId = NewType("ProgrammeId", str)

MOST_ITEMS: Final = 60
LONGEST_SILENCE_S: Final = 600.0
CLASSES: Final = (AiringClass.ORDINARY, AiringClass.PRIORITY)
_PLAIN: Final = Frame()


@dataclass(frozen=True, kw_only=True, slots=True)
class BulletinItem:
    """A bulletin, as it is when the programme is sent. Its own tunes are left out: the programme has some."""

    bulletin_id: BulletinId
    kind: Literal["bulletin"] = "bulletin"


@dataclass(frozen=True, kw_only=True, slots=True)
class SilenceItem:
    """A silence of so many seconds, up to ten minutes."""

    seconds: float
    kind: Literal["silence"] = "silence"


Item = BulletinItem | SilenceItem


@dataclass(frozen=True, kw_only=True, slots=True)
class Programme:
    """``frame.times`` says nothing here; ``frame.pause_s`` lies between items. Revisions as those of bulletins."""

    programme_id: ProgrammeId
    title: str
    airing_class: AiringClass
    area_id: AreaId | None
    items: tuple[Item, ...]
    created_at_us: int
    created_by: str
    changed_at_us: int
    changed_by: str
    frame: Frame = _PLAIN
    revision: int = 1
    withdrawn: bool = False

    @property
    def bulletin_ids(self) -> tuple[BulletinId, ...]:
        """Those that it holds, in order, each as often as it is heard."""
        return tuple(item.bulletin_id for item in self.items if isinstance(item, BulletinItem))


def programme_parts(
    programme: Programme, bulletins: Mapping[BulletinId, Bulletin], tunes: Mapping[TuneId, ClipPart]
) -> tuple[Part, ...]:
    """What is heard of the programme: the usual pause between any two things, or the silence that somebody put there.

    Raises `ValueError` where a bulletin is not ready, `KeyError` where one is not in ``bulletins``.
    """
    frame = programme.frame
    groups: list[Sequence[Part]] = [content_parts(bulletins[one]) for one in programme.bulletin_ids]
    gaps = _gaps(programme.items)
    # A silence at either end lies between the content and the tune.
    if frame.opening is not None and frame.opening in tunes:
        gaps.insert(0, None)
        groups.insert(0, (tunes[frame.opening],))
    if frame.closing is not None and frame.closing in tunes:
        gaps.append(None)
        groups.append((tunes[frame.closing],))
    parts: list[Part] = []
    for number, (gap, group) in enumerate(zip(gaps, (*groups, ()), strict=True)):
        between = 0 < number < len(groups)
        pause = silence((frame.pause_s if between else 0.0) if gap is None else gap)
        parts.extend((pause, *group) if pause else group)
    return tuple(parts)


def _gaps(items: Sequence[Item]) -> list[float | None]:
    """The silence that was asked for before each bulletin and after the last, in seconds; None where there is none."""
    gaps: list[float | None] = [None]
    for item in items:
        match item:
            case SilenceItem(seconds=seconds):
                gaps[-1] = (gaps[-1] or 0.0) + seconds
            case BulletinItem():
                gaps.append(None)
    return gaps
