"""Devices that belong to nobody, and how they come to belong to this station: by a spoken code, or by a token.

Where an area is named, it is by its id or its name. A name that is not there yet makes an area where a device is
adopted; an empty one takes the first area, or one with the station's name.
"""

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from controller.domain.errors import Invalid, NotFound, Refused, Unreachable
from controller.domain.rights import EVERYWHERE, Right
from controller.domain.speakers import FoundDevice
from controller.web.api.endpoint import Body, Created, raises
from controller.web.api.speakers import AdoptedTold
from controller.web.api.values import Told, told
from controller.web.asking import Ask


class AdoptBody(Body):
    """``code`` is what the device spoke, 6 digits. ``area`` is the id or the name of an area.

    With ``replaces`` the device takes the place of that speaker's box: the speaker keeps its name, its area and all
    else, and ``name`` and ``area`` are left out.
    """

    code: str
    name: str = ""
    area: str = ""
    replaces: SpeakerId | None = None


class TokenBody(Body):
    """A token for ``uses`` devices (1 to 10,000), for ``valid_s`` seconds (at most 30 days)."""

    area: str = ""
    uses: int = 1
    valid_s: int = 86_400


class FoundTold(Told):
    """By name."""

    found: tuple[FoundDevice, ...]


class IdentifiedTold(Told):
    """How often the device can still speak its code."""

    identifies_left: int


class TokenTold(Told):
    """An enrolment token. ``text`` is its secret, which goes into the settings of devices; it is shown once, to the
    person who made it.
    """

    token_id: str
    text: str | None
    area_id: AreaId
    uses_left: int
    expires_at_us: int
    created_at_us: int
    created_by: str


class TokensTold(Told):
    """The newest first, without their secrets."""

    tokens: list[TokenTold]


async def list_found(ask: Ask) -> FoundTold:
    """Devices that nobody has adopted."""
    return FoundTold(found=ask.parts.adoption.found())


@raises(Unreachable)
@raises(Refused, "device_gone", "device_refused", "already_adopted", "too_many_identifies", "identify_too_late")
async def identify(ask: Ask, device_id: DeviceId) -> IdentifiedTold:
    """Let a device speak its code."""
    return IdentifiedTold(identifies_left=await ask.parts.adoption.identify(device_id))


@raises(Unreachable)
@raises(NotFound, "speaker_unknown")
@raises(Refused, "code_wrong", "no_code_open", "device_gone", "device_refused", "already_adopted", "box_in_use")
@raises(Invalid, "name_empty", "name_too_long", "name_taken", "area_unknown", "code_malformed")
async def adopt(ask: Ask, device_id: DeviceId, body: AdoptBody) -> Created[AdoptedTold]:
    """Adopt a device with the code that it spoke."""
    if body.replaces is None:
        area_id, new_area_name = await _area(ask, body.area)
        ask.require(Right.ADOPT, area_id or EVERYWHERE)
    else:
        area_id, new_area_name = (await ask.parts.speakers.one(body.replaces)).speaker.area_id, None
        ask.require(Right.ADOPT, area_id)
    adopted = await ask.parts.adoption.adopt(
        device_id,
        "".join(body.code.split()),
        name=body.name.strip(),
        area_id=area_id,
        new_area_name=new_area_name,
        by=ask.by,
        replaces=body.replaces,
    )
    return Created(told=told(AdoptedTold, adopted), location=f"/api/v1/speakers/{adopted.speaker_id}")


async def _area(ask: Ask, named: str) -> tuple[AreaId | None, str | None]:
    """An area by id or name; a new one by its name; where nothing is named, the only one or the station's."""
    named = named.strip()
    areas = await ask.parts.adoption.areas()
    for area in areas:
        if named in {area.area_id, area.name}:
            return AreaId(area.area_id), None
    if named:
        return None, named
    return (AreaId(areas[0].area_id), None) if areas else (None, ask.parts.station_name)


@raises(Invalid, "token_out_of_range", "area_unknown")
@raises(NotFound, "area_unknown")
async def create_enrolment_token(ask: Ask, body: TokenBody) -> Created[TokenTold]:
    """Make an enrolment token.

    Its secret is in this answer and never shown again.
    """
    area_id, new_area_name = await _area(ask, body.area)
    if area_id is None:
        raise Invalid(f"there is no area {new_area_name}", code="area_unknown")
    ask.require(Right.ADOPT, area_id)
    token = await ask.parts.adoption.create_token(area_id, body.uses, body.valid_s, ask.by)
    return Created(told=told(TokenTold, token))


async def list_enrolment_tokens(ask: Ask) -> TokensTold:
    """Enrolment tokens, without their secrets."""
    mine = [token for token in await ask.parts.adoption.tokens() if ask.may(Right.ADOPT, token.area_id)]
    return TokensTold(tokens=[told(TokenTold, token, text=None) for token in mine])
