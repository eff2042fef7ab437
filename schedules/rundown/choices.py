"""What somebody chose between schedules, as far as it decides something."""

from functools import lru_cache

from schedules.schedule import Choice


@lru_cache(maxsize=16)
def deciding(choices: frozenset[Choice]) -> frozenset[Choice]:
    """The choices without those that go round in a circle: they decide nothing, whatever else is chosen."""
    after: dict[str, list[str]] = {}
    for choice in choices:
        after.setdefault(choice.first, []).append(choice.second)
    return frozenset(choice for choice in choices if not _leads(after, choice.second, choice.first))


def _leads(after: dict[str, list[str]], one: str, other: str) -> bool:
    """Whether other comes after one, or is it."""
    seen, waiting = {one}, [one]
    while waiting:
        for name in after.get(waiting.pop(), ()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return other in seen
