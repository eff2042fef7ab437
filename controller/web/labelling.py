"""Labels for boxes, with a QR code that leads to the page of the speaker.

Rules: the code is drawn here, and no other host learns of it. It holds an address alone, and no secret: who scans it
still has to sign in.
"""

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import segno
from aiohttp import web

from agents.protocol.ids import DeviceId, SpeakerId, plate_digits
from controller.domain.errors import Invalid, NotFound
from controller.domain.rights import Right
from controller.domain.speakers import FoundDevice, Speaker
from controller.web.asking import Ask, is_https
from controller.web.i18n import N_
from controller.web.pages import frame_of, page

MOST_LABELS: Final = 200


@dataclass(frozen=True, kw_only=True)
class LabelShown:
    """One label. ``plate`` are the digits that the box speaks when it is to show which one it is; ``side`` is that of
    the code in modules, ``path`` its dark ones.
    """

    station: str
    name: str
    area: str
    id: str
    plate: str
    address: str
    side: int
    path: str


def qr_path(text: str) -> tuple[int, str]:
    """The side of the QR code of ``text`` in modules, and its dark modules as a path; medium error correction, as
    labels get scratched.
    """
    rows = segno.make_qr(text, error="m").matrix
    drawn = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            length = 0
            while x + length < len(row) and row[x + length]:
                length += 1
            if length:
                drawn.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length or 1
    return len(rows), "".join(drawn)


async def labels(ask: Ask) -> web.StreamResponse:
    """GET /labels?speaker=*&device=*: those of speakers, and of devices that are still new."""
    query = ask.request.query
    speaker_ids = list(dict.fromkeys(query.getall("speaker", [])))
    device_ids = list(dict.fromkeys(query.getall("device", [])))
    if len(speaker_ids) + len(device_ids) > MOST_LABELS:
        raise Invalid(f"at most {MOST_LABELS}", code="too_many_labels")
    base = base_address(ask)
    shown = [await _of_speaker(ask, SpeakerId(one), base) for one in speaker_ids]
    shown += [_of_device(ask, DeviceId(one), base) for one in device_ids]
    warning = ask.say.gettext(_ONLY_HERE) if shown and _only_here(base) else ""
    return page(ask, "labels.html", frame=await frame_of(ask), labels=shown, address_sentence=warning)


_ONLY_HERE: Final = N_(
    "You opened this page at an address that only this machine knows, and the codes would lead there. Open it at the "
    "server's address in the network, then print."
)


def base_address(ask: Ask) -> str:
    """Where this station is reached: as its settings say, else as this page was asked for."""
    if ask.parts.public_urls:
        return ask.parts.public_urls[0].rstrip("/")
    return f"{'https' if is_https(ask.request, ask.house) else 'http'}://{ask.request.host}"


def _only_here(base: str) -> bool:
    host = urlsplit(base).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _of_speaker(ask: Ask, speaker_id: SpeakerId, base: str) -> LabelShown:
    overview = await ask.parts.speakers.one(speaker_id)
    if not ask.may(Right.SEE, overview.speaker.area_id):
        raise NotFound(f"no speaker {speaker_id}", code="speaker_unknown")
    return _label(ask, overview.speaker, f"{base}/speakers/{speaker_id}", area=overview.area_name)


def _of_device(ask: Ask, device_id: DeviceId, base: str) -> LabelShown:
    found = next((one for one in ask.parts.adoption.found() if one.device_id == device_id), None)
    if found is None or not ask.may(Right.ADOPT):
        raise NotFound(f"no new device {device_id}", code="device_gone")
    return _label(ask, found, f"{base}/boxes/{device_id}")


def _label(ask: Ask, of: Speaker | FoundDevice, address: str, *, area: str = "") -> LabelShown:
    side, path = qr_path(address)
    return LabelShown(
        station=ask.parts.station_name,
        name=of.name,
        area=area,
        id=of.speaker_id if isinstance(of, Speaker) else of.device_id,
        plate=plate_digits(of.device_id),
        address=address,
        side=side,
        path=path,
    )


async def box(ask: Ask) -> web.StreamResponse:
    """GET /boxes/{device}: where a label leads that was printed before its device was adopted. Its speaker's page once
    it is one, until then the list with the new devices.
    """
    device_id = DeviceId(ask.request.match_info["device"])
    async with ask.parts.store.reading() as tx:
        speaker = await tx.speakers.by_device(device_id)
    where = "/speakers" if speaker is None else f"/speakers/{speaker.speaker_id}"
    return web.Response(status=303, headers={"Location": where})
