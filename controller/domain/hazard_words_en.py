"""What is said in English. Telephone numbers stand in words: they are read one by one."""

from typing import Final

from controller.domain.hazards import Hazard, Wording

DRILL_WORDS_EN: Final = "This is a drill. I repeat, this is a drill."

_NOT_TRUE: Final = "Do not act on that announcement, and wait for the next one from this station. We apologise."
_AS_USUAL: Final = "You may go back to your daily life. Keep listening to this station."

WORDS_EN: Final = {
    Hazard.STORM: Wording(
        name="Storm",
        event="Storm",
        opening="Emergency announcement: a storm. Please listen.",
        middle="Storm {name} will reach {place}, with winds of {strength}, from {time}.",
        instructions="Stay inside a solid building, secure doors and roofs, keep away from windows, tall trees and "
        "power "
        "lines. Boats go to shelter now, and nobody stays aboard. If you live in a weak house or on low ground, leave "
        "as the commune directs. For rescue, call one one two.",
        correction=f"Correction. The storm announcement just made was not correct. {_NOT_TRUE}",
        all_clear=f"All clear. The storm has passed. {_AS_USUAL} Beware of broken power lines and fallen trees.",
    ),
    Hazard.FLOOD: Wording(
        name="Flood",
        event="Flood",
        opening="Emergency announcement: a flood. Please listen.",
        middle="The water of {river} is rising fast and will flood {place} from {time}.",
        instructions="Bring children, old people, belongings and animals to high ground now. Switch off the power "
        "when water "
        "enters the house. Do not wade through flooded roads. For rescue, call one one two.",
        correction=f"Correction. The flood announcement just made was not correct. {_NOT_TRUE}",
        all_clear=f"All clear. The flood has gone down. {_AS_USUAL} Check the wiring before you use it, and boil "
        f"water.",
    ),
    Hazard.FLASH_FLOOD: Wording(
        name="Flash flood, landslide",
        event="Flash flood, landslide",
        opening="Emergency alarm: flash flood and landslide. Leave dangerous places now.",
        middle="Flash floods and landslides may happen at {place} within {time}. The shelter is {shelter}.",
        instructions="If you are near a stream, below a slope or on one, leave your house now and do not go back for "
        "anything. "
        "Help children and old people, and tell your neighbours. Do not cross streams or sliding roads. "
        "For rescue, call one one two.",
        correction=f"Correction. The alarm just given was not correct. {_NOT_TRUE}",
        all_clear=f"All clear. The danger of flash floods and landslides has passed. {_AS_USUAL}",
    ),
    Hazard.DAM_RELEASE: Wording(
        name="Dam release",
        event="Dam release",
        opening="Emergency announcement: water is released from a dam. People near the river, please listen.",
        middle="{dam} reservoir releases water at {time}. The river will rise at {place}.",
        instructions="Leave the river bed and the banks now. Bring boats, fish cages, pumps and cattle to a safe "
        "place. "
        "Do not bathe or fish in the river. For rescue, call one one two.",
        correction=f"Correction. The dam announcement just made was not correct. {_NOT_TRUE}",
        all_clear=f"All clear. The release has ended and the river is calm. {_AS_USUAL}",
    ),
    Hazard.FIRE: Wording(
        name="Fire",
        event="Fire",
        opening="Emergency announcement: fire. Please listen.",
        middle="There is a fire at {place}. People at {nearby}, leave your houses and go to {shelter}.",
        instructions="Stay calm, keep low, cover your nose and mouth with a wet cloth, do not use lifts. Give way to "
        "fire "
        "engines and keep away. To report a fire, call one one four.",
        correction=f"Correction. The fire announcement just made was not correct. {_NOT_TRUE}",
        all_clear=f"All clear. The fire has been put out. {_AS_USUAL}",
    ),
    Hazard.EPIDEMIC: Wording(
        name="Epidemic",
        event="Epidemic",
        opening="Emergency announcement: an outbreak of disease. Please listen.",
        middle="There are cases of {disease} at {place}. From {time} on, people at {place} do as follows.",
        instructions="Stay at home where you can, wear a mask, wash your hands with soap. If you have a fever or feel "
        "ill, "
        "call the health station and do not travel. Do not believe rumours.",
        correction=f"Correction. The announcement of disease just made was not correct. {_NOT_TRUE}",
        all_clear=f"All clear. The outbreak is under control. {_AS_USUAL}",
    ),
    Hazard.MISSING_PERSON: Wording(
        name="Missing person",
        event="Missing person",
        opening="A person is missing. Please listen and help.",
        middle="{name}, {description}, has been missing since {time} and was last seen at {place}. "
        "If you know anything, call {phone}.",
        instructions="Please look around your house, garden, pond, well and empty buildings. If you find this person, "
        "stay "
        "together and tell the police of the commune at once. Thank you.",
        correction=f"Correction. The announcement of a missing person was not correct. {_NOT_TRUE}",
        all_clear="The missing person has been found. Thank you for your help.",
    ),
    Hazard.OTHER: Wording(
        name="Other emergency",
        event="Emergency",
        opening="Emergency announcement. Please listen.",
        middle="{message}",
        instructions="Stay calm, do as the authorities direct, and help children, old and disabled people.",
        correction=f"Correction. The emergency announcement just made was not correct. {_NOT_TRUE}",
        all_clear=f"All clear. The emergency is over. {_AS_USUAL}",
    ),
    Hazard.ALL_CLEAR: Wording(
        name="All clear",
        event="All clear",
        opening="All clear.",
        middle="The danger of {danger} at {place} has passed.",
        instructions=f"{_AS_USUAL} Thank you for your help.",
        correction="Correction. The all clear just given was not correct. The danger is still there. "
        "Keep doing as you were told, and wait for the next announcement.",
    ),
    Hazard.DRILL: Wording(
        name="Drill",
        event="Drill",
        opening="The station is holding an emergency drill.",
        middle="We imagine {situation} at {place}.",
        instructions="If you take part in the drill, do as your leader says. Everybody else carries on as usual. "
        "There is no need to worry.",
        correction="The drill stops here. Carry on as usual.",
        all_clear="The drill has ended. Thank you for taking part.",
    ),
}
