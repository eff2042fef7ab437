"""What the pages of programmes are given; see `controller.web.views` for the rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from agents.protocol.ids import BulletinId
from controller.domain import relays
from controller.domain.bulletins import Bulletin, BulletinState
from controller.domain.errors import Invalid
from controller.domain.programmes import BulletinItem, Item, Programme, RelayItem, SilenceItem
from controller.web import views
from controller.web.i18n import Translator
from controller.web.moments import moment
from controller.web.sentences import sentence

RELAY: Final = "relay"
"""What the form carries for a relay in place of a bulletin's id; its fields come besides."""
_SILENT: Final = views.Track()


@dataclass(frozen=True, kw_only=True)
class ProgrammeRow:
    """A programme in a list."""

    id: str
    title: str
    bulletins: int
    relays: int
    changed_at: datetime
    changed_by: str
    revision: int


@dataclass(frozen=True, kw_only=True)
class RelayTyped:
    """The fields of a relay as they were typed. ``spare_id`` is the bulletin that is heard where it cannot be had."""

    name: str = ""
    source_url: str = ""
    minutes: str = ""
    second_url: str = ""
    spare_id: str = ""


@dataclass(frozen=True, kw_only=True)
class ItemShown:
    """One item of the editor. ``value`` is what the form carries: a bulletin's id, a silence's seconds, or `RELAY`.

    ``problem_sentence`` says why a bulletin cannot be heard now, or what is wrong with a relay; ``silence`` is true for
    a silence, ``relay`` is there for a relay.
    """

    value: str
    title: str
    duration_s: float
    silence: bool = False
    problem_sentence: str = ""
    relay: RelayTyped | None = None


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A bulletin that can be put into the programme."""

    id: str
    title: str
    duration_s: float
    changed_by: str


@dataclass(frozen=True, kw_only=True)
class ProgrammeForm:
    """The editor. ``id`` is empty for a new programme; ``focus`` the button to be focused after a move; ``spares`` are
    bulletins that can be heard in place of a relay.
    """

    id: str = ""
    title: str = ""
    revision: int = 0
    items: Sequence[ItemShown] = ()
    track: views.Track = _SILENT
    opening: str = ""
    closing: str = ""
    pause_s: float = 1.0
    airing_class: str = "ordinary"
    searched: str = ""
    offered: Sequence[Offered] = ()
    spares: Sequence[Offered] = ()
    problem: str = ""
    focus: str = ""


@dataclass(frozen=True, kw_only=True)
class ProgrammeRevision:
    """One state of a programme in its history."""

    number: int
    at: datetime
    by: str
    title: str
    items: int


def programme_row(programme: Programme) -> ProgrammeRow:
    """One line of the list."""
    return ProgrammeRow(
        id=programme.programme_id,
        title=programme.title,
        bulletins=len(programme.bulletin_ids),
        relays=len(programme.relays),
        changed_at=moment(programme.changed_at_us),
        changed_by=programme.changed_by,
        revision=programme.revision,
    )


def items_shown(
    items: Sequence[Item], bulletins: Mapping[BulletinId, Bulletin], say: Translator, now_us: int
) -> list[ItemShown]:
    """The items in their order, each with what is wrong with it."""
    return [_item_shown(item, bulletins, say, now_us) for item in items]


def _item_shown(item: Item, bulletins: Mapping[BulletinId, Bulletin], say: Translator, now_us: int) -> ItemShown:
    match item:
        case SilenceItem(seconds=seconds):
            return ItemShown(value=f"{seconds:g}", title=say.gettext("Silence"), duration_s=seconds, silence=True)
        case RelayItem():
            return _relay_shown(item, say)
        case BulletinItem(bulletin_id=bulletin_id):
            found = bulletins.get(bulletin_id)
            if found is None:
                gone = say.gettext("This bulletin is no longer there. Take it out.")
                return ItemShown(value=bulletin_id, title=bulletin_id, duration_s=0.0, problem_sentence=gone)
            problem = _problem(found, say, now_us)
            return ItemShown(
                value=bulletin_id, title=found.title, duration_s=content_s(found), problem_sentence=problem
            )


def relay_typed(relay: RelayItem) -> RelayTyped:
    """Its fields, as the form has them."""
    return RelayTyped(
        name=relay.name,
        source_url=relay.source_url,
        minutes=f"{relay.seconds / 60:.10g}",
        second_url=relay.second_url,
        spare_id=relay.fallback_bulletin_id or "",
    )


def _relay_shown(relay: RelayItem, say: Translator) -> ItemShown:
    """Nothing is wrong yet with one whose fields are still empty."""
    problem = ""
    if relay.name or relay.source_url:
        try:
            relays.checked(relay)
        except Invalid as error:
            problem = sentence(error.code, say)
    return ItemShown(
        value=RELAY,
        title=say.gettext("Relay: %(name)s", name=relay.name) if relay.name else say.gettext("Relay"),
        duration_s=relay.seconds,
        problem_sentence=problem,
        relay=relay_typed(relay),
    )


def _problem(found: Bulletin, say: Translator, now_us: int) -> str:
    if found.withdrawn:
        return say.gettext("This bulletin is withdrawn. Take it out.")
    if found.expired(now_us):
        return say.gettext("This bulletin has expired. Take it out, or give it a later end.")
    match found.state:
        case BulletinState.PREPARING:
            return say.gettext("Its sound is still being prepared.")
        case BulletinState.FAILED | BulletinState.CANCELLED:
            return say.gettext("Its sound could not be prepared. Open the bulletin and mend it.")
        case _:
            return ""


def content_s(bulletin: Bulletin) -> float:
    """How long one bulletin sounds within a programme, in seconds; nothing while it is not ready."""
    clips = [variant.sound.clips for variant in bulletin.variants if variant.sound.clips]
    if len(clips) < len(bulletin.variants):
        return 0.0
    frame = bulletin.frame
    once_s = sum(one.frames for one in clips) / 48_000 + frame.pause_s * (len(clips) - 1)
    return once_s * frame.times + frame.pause_s * (frame.times - 1)
