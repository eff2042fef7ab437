"""Something that another level handed in, for the tests of the pages."""

from agents.protocol.ids import AreaId
from agents.protocol.values import AiringClass
from controller.domain.drafts import BulletinDraft, TextVariant
from controller.domain.handing_in import HandIn, HandInId, HandInState, Sent, Written
from controller.domain.rights import Actor
from controller.domain.sounds import Reading
from controller.services.hand_ins.handing_in import Handing
from tests.controller.web.station import Station

SENDER = Actor(name="token:Sở TTTT Hưng Yên", scopes=(), token_id="t-1")
TEXT = "Ngày mai tạm ngừng cấp nước."


async def handed(
    station: Station,
    title: str = "Tin từ tỉnh",
    airing_class: AiringClass = AiringClass.ORDINARY,
    valid_until_us: int | None = None,
) -> HandIn:
    reading = Reading(text=TEXT, language="vi")
    draft = BulletinDraft(title=title, variants=(TextVariant(reading=reading),), airing_class=airing_class)
    wanted = Handing(
        reference=title,
        draft=draft,
        areas=(AreaId(station.area_id),),
        valid_from_us=None,
        valid_until_us=valid_until_us,
        sent=Sent(digest=title, written=(Written("vi", TEXT),)),
    )
    made, _ = await station.desk.hand_ins.hand_in(wanted, SENDER)
    await station.wait_ready(made.bulletin_id)
    async with station.desk.events.subscribe() as events:
        while (await state(station, made.hand_in_id)) is HandInState.PREPARING:
            await anext(aiter(events))
    return made


async def state(station: Station, hand_in_id: HandInId) -> HandInState:
    return (await station.desk.hand_ins.reports.get(hand_in_id)).hand_in.state
