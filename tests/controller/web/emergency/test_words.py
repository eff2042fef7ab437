"""What a page says that people hear is what they hear, whatever way it was prepared."""

from agents.protocol.ids import AreaId
from controller.domain.emergencies import EmergencyDraft
from controller.domain.hazard_templates import template
from controller.domain.hazards import Hazard
from tests.controller.services.emergency_samples import FLOOD, LAN, MINH
from tests.controller.web.callers import HOME
from tests.controller.web.station import Station

DRAFT = EmergencyDraft(
    drill=False, hazard=Hazard.FLOOD, area_ids=(AreaId(HOME),), template_id="flood", values=FLOOD, siren=True
)


async def shown(station: Station, path: str) -> str:
    async with station.browser() as admin:
        return (await admin.get(path)).says


async def test_words_of_ones_own_in_a_template_are_those_that_are_confirmed(station: Station) -> None:
    own = EmergencyDraft(
        drill=False,
        hazard=Hazard.FLOOD,
        area_ids=(AreaId(HOME),),
        template_id="flood",
        texts={"vi": "Đập Đông xả lũ, bà con lên đồi ngay."},
    )
    desk = station.desk.emergencies
    made = await desk.prepare(own, LAN)
    await desk.book.wait_ready(made.emergency_id)
    page = await shown(station, f"/emergency/{made.emergency_id}")
    wording = template("flood").wordings["vi"]
    assert wording.opening in page
    assert "Đập Đông xả lũ, bà con lên đồi ngay." in page
    assert "[" not in page.partition(wording.opening)[2].partition(wording.instructions)[0], "nothing is missing of it"


async def test_an_all_clear_shows_its_own_words_and_not_those_of_what_it_ends(station: Station) -> None:
    desk = station.desk.emergencies
    made = await desk.prepare(DRAFT, LAN)
    await desk.book.wait_ready(made.emergency_id)
    await desk.confirm(made.emergency_id, MINH)
    over = await desk.end(made.emergency_id, LAN, all_clear=True)
    page = await shown(station, f"/emergency/{over.answered_by}")
    wording = template("flood").wordings["vi"]
    assert wording.all_clear in page
    assert wording.opening not in page


async def test_a_correction_of_words_of_ones_own_shows_what_corrects_them(station: Station) -> None:
    free = EmergencyDraft(
        drill=False, hazard=Hazard.OTHER, area_ids=(AreaId(HOME),), texts={"vi": "Cầu Đông sập."}, title="Cầu sập"
    )
    desk = station.desk.emergencies
    made = await desk.prepare(free, LAN)
    await desk.book.wait_ready(made.emergency_id)
    await desk.confirm(made.emergency_id, MINH)
    correction = await desk.correct(made.emergency_id, None, LAN, "nhầm xã")
    page = await shown(station, f"/emergency/{correction.emergency_id}")
    assert template("other").wordings["vi"].correction in page
    assert "Cầu Đông sập." not in page
