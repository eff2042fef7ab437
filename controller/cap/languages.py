"""In which language an alert is spoken where: chosen for each area from those that the alert has."""

from collections.abc import Mapping, Sequence

from controller.cap.limits import Limits
from controller.cap.matching import Match
from controller.cap.model import Alert, Info
from controller.cap.states import lasting


def choose(infos: Sequence[Info], preferred: Sequence[str]) -> Info | None:
    """The info that is spoken where these languages are preferred, first of all first; None of no infos.

    Each preference is looked for as it is, then by its main part alone ("vi-VN" also finds "vi" and "vi-x-north").
    Where none is found English is taken, then what comes first. Of several in one language the first counts: by
    the standard later ones may add to it, not override it.
    """
    for wanted in (*preferred, "en"):
        exact = next((one for one in infos if one.language.casefold() == wanted.casefold()), None)
        found = exact or next((one for one in infos if _main(one.language) == _main(wanted)), None)
        if found is not None:
            return found
    return infos[0] if infos else None


def spoken(
    alert: Alert, found: Match, languages: Mapping[str, Sequence[str]], now_us: int, limits: Limits | None = None
) -> dict[int, frozenset[str]]:
    """For each info that is spoken anywhere (its place in ``alert.infos``) the speakers that speak it. ``languages``:
    what each speaker's area prefers, by the speaker's id; where that is missing, what comes first. What has expired is
    not spoken.
    """
    living = {id(one) for one in lasting(alert, now_us, limits or Limits())}
    alive = [number for number, info in enumerate(alert.infos) if id(info) in living]
    said: dict[int, set[str]] = {}
    for offered, speakers in _shared(found, alive):
        infos = [alert.infos[number] for number in offered]
        # Most speakers are asked for alike: each such group is decided once.
        groups: dict[tuple[str, ...], set[str]] = {}
        for speaker_id in speakers:
            groups.setdefault(tuple(languages.get(speaker_id, ())), set()).add(speaker_id)
        for preferred, alike in groups.items():
            chosen = choose(infos, preferred)
            number = next(number for number in offered if alert.infos[number] is chosen)
            said.setdefault(number, set()).update(alike)
    return {number: frozenset(speakers) for number, speakers in sorted(said.items())}


def _shared(found: Match, numbers: Sequence[int]) -> list[tuple[list[int], frozenset[str]]]:
    """The speakers that are offered the same infos, and which these are."""
    parts: list[tuple[list[int], frozenset[str]]] = [([], found.speakers)]
    for number in numbers:
        whom = found.by_info[number]
        split = []
        for offered, speakers in parts:
            split.append(([*offered, number], speakers & whom))
            split.append((offered, speakers - whom))
        parts = [one for one in split if one[1]]
    return [one for one in parts if one[0]]


def _main(language: str) -> str:
    return language.partition("-")[0].casefold()
