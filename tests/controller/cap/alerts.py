"""Alerts of our own making, small and whole, with parts that a test can put in, change or leave out."""

from datetime import datetime

from controller.cap import Limits, Outcome, Reading, Rule, Trust, read, state_of
from controller.cap.model import NAMESPACE

SENT = "2026-11-22T05:30:00+07:00"
SENDER = "tram@example.org"
SQUARE = "10.0,106.0 10.0,107.0 11.0,107.0 11.0,106.0 10.0,106.0"


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


NOW_US = us("2026-11-22T05:40:00+07:00")


def area(inner: str = f"<polygon>{SQUARE}</polygon>", name: str = "Vùng trũng") -> str:
    return f"<area><areaDesc>{name}</areaDesc>{inner}</area>"


def info(
    *,
    language: str = "<language>vi-VN</language>",
    category: str = "Met",
    event: str = "Lũ",
    responses: str = "",
    urgency: str = "Immediate",
    severity: str = "Severe",
    certainty: str = "Observed",
    times: str = "<expires>2026-11-22T11:30:00+07:00</expires>",
    texts: str = "<headline>Lũ lên nhanh</headline><description>Nước sông dâng.</description>",
    resources: str = "",
    areas: str | None = None,
) -> str:
    return (
        f"<info>{language}<category>{category}</category><event>{event}</event>{responses}<urgency>{urgency}</urgency>"
        f"<severity>{severity}</severity><certainty>{certainty}</certainty>{times}{texts}{resources}"
        f"{area() if areas is None else areas}</info>"
    )


def text(
    *,
    identifier: str = "lu.1",
    sender: str = SENDER,
    sent: str = SENT,
    status: str = "Actual",
    kind: str = "Alert",
    scope: str = "<scope>Public</scope>",
    more: str = "",
    infos: str | None = None,
    after: str = "",
    namespace: str = NAMESPACE,
) -> str:
    return (
        f'<alert xmlns="{namespace}"><identifier>{identifier}</identifier><sender>{sender}</sender><sent>{sent}</sent>'
        f"<status>{status}</status><msgType>{kind}</msgType>{scope}{more}{info() if infos is None else infos}{after}"
        "</alert>"
    )


def cap(**changes: str) -> bytes:
    """One alert; what it is made of can be changed by name."""
    return text(**changes).encode()


def look(raw: bytes, *, trust: Trust | None = None, now_us: int = NOW_US, limits: Limits | None = None) -> Reading:
    return read(raw, limits=limits or Limits(), trust=trust or Trust(), now_us=now_us)


def ends(raw: bytes, *, now_us: int = NOW_US, rules: tuple[Rule, ...] = (), **more: object) -> Outcome:
    return state_of(look(raw, now_us=now_us), now_us=now_us, rules=rules, **more)  # type: ignore[arg-type]


def codes(found: Reading | Outcome) -> set[str]:
    return {one.code for one in found.reasons}


def references(*identifiers: str, sender: str = SENDER, sent: str = SENT) -> str:
    return f"<references>{' '.join(f'{sender},{one},{sent}' for one in identifiers)}</references>"
