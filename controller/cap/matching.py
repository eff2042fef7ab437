"""Which speakers an alert is for: by code, polygon and circle; and in which language each hears it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from controller.cap.model import Alert, Info


@dataclass(frozen=True, slots=True)
class Place:
    """A speaker: where it stands, and the codes of its area and of all areas above that."""

    speaker_id: str
    latitude: float | None
    longitude: float | None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GeocodeNames:
    """Which geocodes are read. ``direct``: names whose values are codes of areas as we have them; ``tables``: for other
    names, what their values are in our codes. Names and codes are compared whatever their case.
    """

    direct: frozenset[str] = frozenset()
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """``speakers``: all that are reached. ``by_info``: for each info of the alert, in its order, whom it is for.
    ``unplaced``: descriptions of areas of which nothing could be found on our map: a person has to choose.
    ``widened``: areas whose outline was too tangled to follow, taken by their bounds instead.
    """

    speakers: frozenset[str]
    by_info: tuple[frozenset[str], ...]
    unplaced: tuple[str, ...] = ()
    widened: tuple[str, ...] = ()


class PlaceIndex:
    """Speakers, ready to be asked about. Make it once for many alerts."""

    def __init__(self, places: Sequence[Place]) -> None:
        self.places = tuple(places)


def match(alert: Alert, places: Sequence[Place] | PlaceIndex, names: GeocodeNames) -> Match:
    """The speakers that an alert is for."""
    raise NotImplementedError


def choose(infos: Sequence[Info], preferred: Sequence[str]) -> Info | None:
    """The info that is spoken where these languages are preferred, first of all first; None of no infos."""
    raise NotImplementedError


def spoken(
    alert: Alert, found: Match, languages: Mapping[str, Sequence[str]], now_us: int
) -> dict[int, frozenset[str]]:
    """For each info that is spoken anywhere (its place in ``alert.infos``) the speakers that speak it. ``languages``:
    what each speaker's area prefers, by the speaker's id. What has expired is not spoken.
    """
    raise NotImplementedError
