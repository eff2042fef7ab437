"""CAP alerts of our own making, as another system would send them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from tests.controller.fakes import SECOND_US, T0_US

SENDER = "tram@thuyvan.example"
HOUR_US = 3_600 * SECOND_US


def written(instant_us: int) -> str:
    """As CAP writes an instant."""
    return datetime.fromtimestamp(instant_us // SECOND_US, UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")


@dataclass(kw_only=True)
class Info:
    language: str = "vi-VN"
    event: str = "Lũ quét"
    severity: str = "Severe"
    urgency: str = "Immediate"
    certainty: str = "Likely"
    headline: str = "Lũ quét trên suối Đông."
    description: str = "Nước đang lên nhanh."
    instruction: str = "Rời khỏi bờ suối ngay."
    expires_us: int = T0_US + HOUR_US
    area: str = (
        "<area><areaDesc>Xã</areaDesc><geocode><valueName>code</valueName><value>{code}</value></geocode></area>"
    )
    resources: str = ""

    def xml(self, code: str) -> str:
        return (
            f"<info><language>{self.language}</language><category>Met</category><event>{escape(self.event)}</event>"
            f"<urgency>{self.urgency}</urgency><severity>{self.severity}</severity>"
            f"<certainty>{self.certainty}</certainty><expires>{written(self.expires_us)}</expires>"
            f"<headline>{escape(self.headline)}</headline><description>{escape(self.description)}</description>"
            f"<instruction>{escape(self.instruction)}</instruction>{self.resources}{self.area.format(code=code)}</info>"
        )


@dataclass(kw_only=True)
class Made:
    """An alert; ``code`` is that of the area that it is for."""

    identifier: str = "A-1"
    sender: str = SENDER
    sent_us: int = T0_US - 60 * SECOND_US
    status: str = "Actual"
    kind: str = "Alert"
    scope: str = "Public"
    references: tuple["Made", ...] = ()
    infos: tuple[Info, ...] = field(default_factory=lambda: (Info(),))
    code: str = "x-1"
    note: str = ""

    def xml(self) -> bytes:
        named = " ".join(f"{one.sender},{one.identifier},{written(one.sent_us)}" for one in self.references)
        references = f"<references>{named}</references>" if named else ""
        note = f"<note>{self.note}</note>" if self.note else ""
        infos = "".join(one.xml(self.code) for one in self.infos)
        return (
            '<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
            f"<identifier>{self.identifier}</identifier><sender>{self.sender}</sender>"
            f"<sent>{written(self.sent_us)}</sent><status>{self.status}</status><msgType>{self.kind}</msgType>"
            f"<scope>{self.scope}</scope>{note}{references}{infos}</alert>"
        ).encode()
