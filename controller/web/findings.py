"""What was noticed in a sound, with its figures and what was done about it, as sentences."""

from collections.abc import Mapping
from typing import Final

from controller.domain.sounds import Finding
from controller.web.i18n import N_, Translator
from controller.web.sentences import sentence

_SENTENCES: Final[Mapping[tuple[str, str], str]] = {
    ("very_quiet", "amplified"): N_(
        "The recording was very quiet (%(loudness_lufs)s LUFS): it was made %(gain_db)s dB louder; noise may be heard."
    ),
    ("clipped", "kept"): N_(
        "The recording was made too loud: %(percent)s %% of it is distorted, which cannot be mended. Record again if "
        "you can."
    ),
    ("mostly_silent", "trimmed"): N_(
        "Silence makes up %(percent)s %% of the recording; it was cut off at both ends. Check that it is the right "
        "file."
    ),
    ("mostly_silent", "kept"): N_("Silence makes up %(percent)s %% of the recording. Check that it is the right file."),
    ("silence_trimmed", "trimmed"): N_("Silence was cut off: %(start_s)s s at the beginning, %(end_s)s s at the end."),
    ("truncated", "kept"): N_(
        "The recording is %(duration_s)s s long, and its file says %(promised_s)s s. Check that nothing is missing at "
        "the end."
    ),
    ("off_level", "kept"): N_(
        "The loudness is %(loudness_lufs)s LUFS instead of the usual -16. Listen before you send it."
    ),
}
_DECIMALS: Final = {"start_s": 1, "end_s": 1, "duration_s": 1, "promised_s": 1}


def finding_sentence(finding: Finding, say: Translator) -> str:
    """What to tell about it; without figures where they are not known."""
    known = _SENTENCES.get((finding.code, finding.remedy))
    if known is None:
        return sentence(finding.code, say)
    figures = {name: say.format_number(value, _DECIMALS.get(name, 0)) for name, value in finding.values.items()}
    try:
        return say.gettext(known) % figures
    except KeyError:
        return sentence(finding.code, say)
