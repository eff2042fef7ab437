"""Programmes: an ordered list of bulletins and silences between an opening and a closing signature tune."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NewType

from agents.protocol.ids import AreaId, BulletinId
from agents.protocol.values import AiringClass, ClipPart, Part
from controller.domain.bulletins import Bulletin, Frame, TuneId, content_parts, framed, silence, spaced

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
    programme: Programme, bulletins: Mapping[BulletinId, Bulletin], tunes: dict[TuneId, ClipPart]
) -> tuple[Part, ...]:
    """What is heard of the programme. Raises `ValueError` where a bulletin is not ready, `KeyError` where one is not
    in ``bulletins``.
    """
    groups: list[tuple[Part, ...]] = []
    gap: float | None = None
    for item in programme.items:
        match item:
            case SilenceItem(seconds=seconds):
                gap = (gap or 0.0) + seconds
            case BulletinItem(bulletin_id=bulletin_id):
                content = content_parts(bulletins[bulletin_id])
                if groups:
                    # A silence that somebody put there stands in place of the usual pause.
                    groups[-1] = spaced([groups[-1], content], programme.frame.pause_s if gap is None else gap)
                else:
                    lead = silence(gap or 0.0)
                    groups.append((lead, *content) if lead else content)
                gap = None
    tail = silence(gap or 0.0)
    content = (*groups[0], tail) if groups and tail else groups[0] if groups else ()
    return framed(content, programme.frame, tunes)
