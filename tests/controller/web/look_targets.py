"""The choice of speakers: of a few, and of thousands; and the way to HTTPS."""

from collections.abc import Sequence

from controller.web import views
from controller.web.parts import Secure
from controller.web.targetviews import FoldedArea, Inside, SpeakersBeside, Where


def areas(rows: Sequence[views.SpeakerRow]) -> list[views.TargetArea]:
    """These speakers in two areas, all chosen."""
    return [
        views.TargetArea(
            id=f"area{n}",
            name=name,
            ready=ready,
            speakers=[views.TargetSpeaker(id=s.id, name=s.name, state=s.state, checked=True) for s in inside],
        )
        for n, (name, ready, inside) in enumerate([("Thôn Đông", 2, rows[:2]), ("Thôn Tây", 0, rows[2:])])
    ]


def _area(number: int, inside: Inside | None = None) -> FoldedArea:
    return FoldedArea(
        id=f"commune{number}",
        name=f"Xã Hoà Bình {number}",
        count=184,
        ready=184 - number % 2,
        checked=number < 3,
        inside=inside,
    )


_SPEAKERS = [
    views.TargetSpeaker(id=f"t{n}", name=f"Cột loa {n}", state=state, checked=n % 2 == 0)
    for n, state in enumerate(views.SpeakerState)
]
_OPENED = Inside(area_id="commune1", areas=[], speakers=_SPEAKERS, shown=7, rest=177, rest_ready=170, rest_checked=True)
_COMMUNES = [_area(n, _OPENED if n == 1 else None) for n in range(20)]
_PROVINCE = FoldedArea(
    id="province",
    name="Tỉnh Phú Thọ",
    count=3_680,
    ready=3_670,
    checked=False,
    inside=Inside(area_id="province", areas=_COMMUNES, speakers=[], shown=100),
)
FOLDED = Where(top=Inside(area_id="", areas=[_PROVINCE], speakers=[], shown=100))
NOTHING = {"where": Where(), "speakers": SpeakersBeside(rows=[], total=0, ready=0)}
TRUST = {
    "secure": Secure(authority_pem=b"-----BEGIN CERTIFICATE-----\nbG9h\n-----END CERTIFICATE-----\n", port=8443),
    "address": "/live",
    "there": True,
    "others": [("vi", "/trust?to=/&language=vi"), ("en", "/trust?to=/&language=en")],
}
