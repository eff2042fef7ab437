"""Sentences that boxes write about how an action or a self-test ended, in the reader's language.

Rules: a box writes English. What it writes is matched whole against the sentences that are known, with its figures and
names in their places; one that is not known, of an older or a newer agent, is shown as it came.
"""

import re
from collections.abc import Iterable
from typing import Final

from controller.web.i18n import N_, Translator

SENTENCES: Final = (
    # how actions end
    N_("Too much was asked for at once."),
    N_("The program was started again."),
    N_("The program ended before it was done. Ask again."),
    N_("Its turn came too late, after others. Ask again."),
    N_("It took too long and was given up."),
    N_("It could not be done: %(error)s."),
    N_("A tone of 1 kHz sounded for %(seconds)s s."),
    N_("It said %(digits)s, the digits of its plate."),
    N_("%(lines)s lines were sent."),
    N_(
        "It is night (22:00 to 05:00). Where somebody stands beside the horn, ask for the self-test in quiet hours too."
    ),
    N_("The time is not known, so it may be night."),
    # why it may not sound
    N_("A stop holds."),
    N_("Something is on the air."),
    N_("The time is not known, so it may be quiet hours."),
    N_("An airing begins too soon."),
    N_("It is quiet hours, or will be before it is over."),
    N_("Another sound of this device is being played."),
    N_("Something that goes before it took the air."),
    N_("The volume is 0 %, so there is nothing to hear."),
    N_("The sound output did not play the pattern in time."),
    N_("The pattern did not sound."),
    # what was heard
    N_("%(tones)s of %(all)s tones stood out of the background of %(level)s dB."),
    N_("The horn was %(level)s dB softer than when it was calibrated."),
    N_("%(level)s dB, %(above)s above the rest."),
    N_("The tune stood %(level)s dB above what was there before it."),
    N_("What was heard does not follow the tune."),
    N_("The tune was followed (%(share)s) at %(level)s dB."),
    N_("The amplifier took no more current while it was to sound."),
    N_("The amplifier took %(share)s %% of the current that it took when calibrated."),
    N_("The current rose by %(rise)s."),
    N_("This device has neither a microphone nor a current sensor: see its settings."),
    N_("The reference cannot be kept: %(error)s."),
    N_("It is too noisy here: the pattern stood only %(level)s dB out."),
    N_("The microphone gave too little: %(error)s. Try again."),
    N_("The current sensor gave too little: %(error)s."),
    N_("Calibrated: the current rose by %(rise)s."),
    N_("Calibrated: %(level)s dB at the microphone, the horn sounds %(late)s ms later."),
    N_("The microphone %(device)s cannot be opened. Check its name and its plug."),
    N_("The microphone %(device)s gives no sound. Check it and its driver."),
    N_("The microphone %(device)s gave nothing. Try again."),
    N_("The current sensor %(path)s cannot be read. Check its path."),
    # what the controller itself writes
    N_("The speaker did not take the order: %(reason)s."),
    N_("The speaker did not answer. Look whether it is connected, and ask again."),
    N_("The speaker took the order and never told how it ended. Ask again."),
)


def _patterns(sentences: Iterable[str]) -> list[tuple[re.Pattern[str], str]]:
    made = []
    for sentence in sentences:
        plain = re.split(r"%\((\w+)\)s", sentence.replace("%%", "%"))
        there = [re.escape(part) if place % 2 == 0 else f"(?P<{part}>.+)" for place, part in enumerate(plain)]
        made.append((re.compile("".join(there), re.DOTALL), sentence))
    return made


_KNOWN: Final = _patterns(SENTENCES)


def box_sentence(written: str, say: Translator) -> str:
    """What a box wrote, translated where the sentence is known."""
    for pattern, sentence in _KNOWN:
        found = pattern.fullmatch(written)
        if found is not None:
            return say.gettext(sentence, **found.groupdict())
    return written
