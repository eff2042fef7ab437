"""Programmes: an ordered list of bulletins, silences and relays between an opening and a closing signature tune."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NewType

from agents.protocol.ids import AreaId, BulletinId
from agents.protocol.values import AiringClass, ClipPart, LivePart, Part
from agents.protocol.version import FRAMES_PER_SECOND
from controller.domain.bulletins import Bulletin, Frame, TuneId, content_parts, silence

ProgrammeId = NewType("ProgrammeId", str)

MOST_ITEMS: Final = 60
LONGEST_SILENCE_S: Final = 600.0
SHORTEST_RELAY_S: Final = 30.0
LONGEST_RELAY_S: Final = 3 * 3_600.0
LONGEST_S: Final = 12 * 3_600.0
"""Of a whole programme."""
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


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayItem:
    """A relay of another station for a fixed time: its name, where its stream is, how long; everything after it keeps
    its time. Where the stream is away or silent, the one at ``second_url`` is taken ("" where there is none), else the
    bulletin is heard again and again, else nothing.
    """

    name: str
    source_url: str
    seconds: float
    second_url: str = ""
    fallback_bulletin_id: BulletinId | None = None
    kind: Literal["relay"] = "relay"

    @property
    def sources(self) -> tuple[str, ...]:
        """Where its sound may come from, the best first."""
        return (self.source_url, self.second_url) if self.second_url else (self.source_url,)


Item = BulletinItem | SilenceItem | RelayItem
Relays = Mapping[int, RelayItem]
"""Which parts of a sequence are a relay, by the number of the part from 0."""


def item_from(written: Mapping[str, Any]) -> Item:
    """What `dataclasses.asdict` made of an item."""
    match written["kind"]:
        case "silence":
            return SilenceItem(seconds=written["seconds"])
        case "relay":
            fallback = written.get("fallback_bulletin_id")
            return RelayItem(
                name=written["name"],
                source_url=written["source_url"],
                seconds=written["seconds"],
                second_url=written.get("second_url", ""),
                fallback_bulletin_id=None if fallback is None else BulletinId(fallback),
            )
        case _:
            return BulletinItem(bulletin_id=BulletinId(written["bulletin_id"]))


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

    @property
    def needed_ids(self) -> tuple[BulletinId, ...]:
        """Those, and the ones that are heard where a relay fails, each once."""
        spare = [one.fallback_bulletin_id for one in self.relays if one.fallback_bulletin_id is not None]
        return tuple(dict.fromkeys([*self.bulletin_ids, *spare]))

    @property
    def relays(self) -> tuple[RelayItem, ...]:
        """Those that it holds, in order."""
        return tuple(item for item in self.items if isinstance(item, RelayItem))


def programme_parts(
    programme: Programme, bulletins: Mapping[BulletinId, Bulletin], tunes: Mapping[TuneId, ClipPart]
) -> tuple[Part, ...]:
    """What is heard of the programme: the usual pause between any two things, or the silence that somebody put there.
    A relay is a part of its own, that arrives while it is heard.

    Raises `ValueError` where a bulletin is not ready, `KeyError` where one is not in ``bulletins``.
    """
    return tuple(part for part, _ in _pieces(programme, bulletins, tunes))


def programme_relays(
    programme: Programme, bulletins: Mapping[BulletinId, Bulletin], tunes: Mapping[TuneId, ClipPart]
) -> dict[int, RelayItem]:
    """Which of the `programme_parts` are a relay. Raises what that raises."""
    pieces = _pieces(programme, bulletins, tunes) if programme.relays else ()
    return {number: relay for number, (_, relay) in enumerate(pieces) if relay is not None}


_Piece = tuple[Part, RelayItem | None]


def _pieces(
    programme: Programme, bulletins: Mapping[BulletinId, Bulletin], tunes: Mapping[TuneId, ClipPart]
) -> list[_Piece]:
    frame = programme.frame
    groups: list[list[_Piece]] = [_group(item, bulletins) for item in programme.items if not _is_gap(item)]
    gaps = _gaps(programme.items)
    # A silence at either end lies between the content and the tune.
    if frame.opening is not None and frame.opening in tunes:
        gaps.insert(0, None)
        groups.insert(0, [(tunes[frame.opening], None)])
    if frame.closing is not None and frame.closing in tunes:
        gaps.append(None)
        groups.append([(tunes[frame.closing], None)])
    pieces: list[_Piece] = []
    for number, (gap, group) in enumerate(zip(gaps, (*groups, []), strict=True)):
        between = 0 < number < len(groups)
        pause = silence((frame.pause_s if between else 0.0) if gap is None else gap)
        pieces += [(pause, None), *group] if pause else group
    return pieces


def _group(item: Item, bulletins: Mapping[BulletinId, Bulletin]) -> list[_Piece]:
    match item:
        case BulletinItem(bulletin_id=bulletin_id):
            return [(part, None) for part in content_parts(bulletins[bulletin_id])]
        case RelayItem(seconds=seconds):
            return [(LivePart(frames=math.floor(seconds * FRAMES_PER_SECOND)), item)]
        case SilenceItem():
            return []


def _is_gap(item: Item) -> bool:
    return isinstance(item, SilenceItem)


def _gaps(items: Sequence[Item]) -> list[float | None]:
    """The silence that was asked for before each bulletin or relay and after the last, in seconds; None where there is
    none.
    """
    gaps: list[float | None] = [None]
    for item in items:
        match item:
            case SilenceItem(seconds=seconds):
                gaps[-1] = (gaps[-1] or 0.0) + seconds
            case BulletinItem() | RelayItem():
                gaps.append(None)
    return gaps
