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
    alive = {id(one) for one in lasting(alert, now_us, limits or Limits())}
    said: dict[int, set[str]] = {}
    # Most speakers share what they are asked for: each such group is decided once.
    groups: dict[tuple[tuple[int, ...], tuple[str, ...]], set[str]] = {}
    for speaker_id in found.speakers:
        offered = tuple(number for number, whom in enumerate(found.by_info) if speaker_id in whom)
        groups.setdefault((offered, tuple(languages.get(speaker_id, ()))), set()).add(speaker_id)
    for (offered, preferred), speakers in groups.items():
        living = [number for number in offered if id(alert.infos[number]) in alive]
        chosen = choose([alert.infos[number] for number in living], preferred)
        if chosen is not None:
            number = next(number for number in living if alert.infos[number] is chosen)
            said.setdefault(number, set()).update(speakers)
    return {number: frozenset(speakers) for number, speakers in sorted(said.items())}


def _main(language: str) -> str:
    return language.partition("-")[0].casefold()
