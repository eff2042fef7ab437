"""Pure: words a minute -> what a voice is told.

A word is what people count: in Vietnamese a syllable (*chữ*), elsewhere what spaces part. The count is over a notice
read to its end, its pauses between sentences included: what a listener would measure with a clock. The figures were
measured with notices of 120 to 170 words in sentences of 12 to 20 words; a test measures them again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

SLOWEST_WPM, DEFAULT_WPM, FASTEST_WPM = 110, 125, 150
SENTENCE_PAUSE_S = 0.35
_WORDS_IN_A_SENTENCE = 16


@dataclass(frozen=True, slots=True)
class EspeakPace:
    """How espeak-ng reads one language: `points` are (words a minute, value of its option -s), rising.

    `word_gap` is its option -g: a pause between words, in its own unit (about 50 ms at these speeds).
    """

    points: tuple[tuple[float, int], ...]
    word_gap: int = 0

    def speed(self, words_per_minute: float) -> int:
        """The value of espeak-ng's option -s, on the straight lines through the points."""
        points = self.points
        at = next((i for i in range(1, len(points) - 1) if words_per_minute <= points[i][0]), len(points) - 1)
        (low, slow), (high, fast) = points[at - 1], points[at]
        return round(slow + (fast - slow) * (words_per_minute - low) / (high - low))


# espeak-ng's own count is far from words: at "125" it reads 174 Vietnamese syllables a minute. Below 110 a minute its
# slowest speed is reached, so that Vietnamese words are also set a little apart, which helps over horns.
ESPEAK: Mapping[str, EspeakPace] = MappingProxyType(
    {
        "vi": EspeakPace(
            ((108.2, 84), (118.0, 92), (128.1, 100), (141.2, 110), (153.5, 120), (167.3, 130)), word_gap=1
        ),
        "en": EspeakPace(((92.9, 80), (108.9, 100), (119.3, 110), (129.4, 120), (139.7, 130), (158.8, 150))),
    }
)
# Languages that nobody measured are taken for English, whose words are longer.
OTHERS = ESPEAK["en"]


def espeak_pace(language: str) -> EspeakPace:
    """How espeak-ng reads a language."""
    return ESPEAK.get(language, OTHERS)


# Read once with a voice whose pace is unknown, to know it.
MEASURED_WITH: Mapping[str, str] = MappingProxyType(
    {
        "vi": "Trạm y tế xã tổ chức tiêm vắc xin phòng bệnh sởi cho trẻ em, đề nghị các gia đình đưa trẻ đến đúng giờ.",
        "en": "The health station vaccinates children against measles this week, so please bring your child in time.",
    }
)


def speaking_time_s(words: int, words_per_minute: float) -> float:
    """How long `words` of running speech sound, without the pauses that come between sentences."""
    return words * 60 / words_per_minute - SENTENCE_PAUSE_S * words / _WORDS_IN_A_SENTENCE
