"""Words a minute mean what a listener with a clock counts, in each language and with each espeak-ng."""

from pathlib import Path

import pytest

from audio.speech import speak
from audio.text import pieces
from audio.tools import Espeak
from audio.voices.espeak import EspeakVoice
from audio.voices.pace import ESPEAK, FASTEST_WPM, MEASURED_WITH, SLOWEST_WPM, espeak_pace, speaking_time_s

VACCINATION = """Kính thưa bà con nhân dân trong toàn xã. Ủy ban nhân dân xã xin thông báo lịch tiêm chủng tháng này.
Sáng thứ hai tuần tới, trạm y tế xã tổ chức tiêm vắc xin phòng bệnh sởi cho trẻ em từ một đến năm tuổi. Đề nghị các gia
đình có con nhỏ đưa trẻ đến trạm đúng giờ, mang theo sổ tiêm chủng và thẻ bảo hiểm. Bà con cần theo dõi sức khỏe của trẻ
sau khi tiêm, nếu thấy trẻ sốt cao hoặc quấy khóc kéo dài thì báo ngay cho cán bộ y tế. Xin cảm ơn bà con đã chú ý."""
STORM = """Tin bão khẩn cấp. Hồi 7h ngày 15/9, tâm bão số 4 cách đảo Cồn Cỏ 180 km về phía đông, sức gió mạnh cấp 11,
giật cấp 13. Dự báo trong 24 giờ tới bão di chuyển theo hướng tây với tốc độ 15 km/h. UBND xã yêu cầu các hộ dân chằng
chống nhà cửa, đưa tàu thuyền về nơi neo đậu trước 17h00 và không ra khơi cho đến khi có thông báo mới. Mọi sự cố xin
gọi ngay số 0912 345 678 hoặc 114. Lượng mưa phổ biến 100-200 mm, có nơi trên 300 mm, đề phòng lũ quét và sạt lở đất ở
vùng núi. Bà con nghe đài thường xuyên để biết tin mới nhất."""
NEWS = """Good morning, everyone. The commune office has some news for you this week. On Monday morning, the health
station will vaccinate children between one and five years of age against measles. Please bring your child on time,
with the vaccination book and the insurance card. Watch your child after the vaccination, and call the health worker at
once if there is a high fever. In the afternoon the farmers' association will hold a class about protecting the rice
from insects, in the village house. Heavy rain and thunder are expected in the coming days, so please cover the animal
sheds, and do not cross any stream while the water is rising. Thank you for your attention."""
NOTICES = [(VACCINATION, "vi"), (STORM, "vi"), (NEWS, "en")]


@pytest.mark.parametrize("wanted", [110, 130, 150])
@pytest.mark.parametrize(("text", "language"), NOTICES, ids=["vaccination", "storm", "news"])
async def test_a_notice_is_read_at_the_pace_that_is_set(
    text: str, language: str, wanted: int, each_espeak: Espeak, tmp_path: Path
) -> None:
    notice = " ".join(text.split())
    words = sum(len(piece.text.split()) for piece in pieces(notice, language))
    assert words > 100
    spoken = await speak(notice, language, tmp_path / "x.wav", voice=EspeakVoice(each_espeak), words_per_minute=wanted)
    assert words * 60 / spoken.duration_s == pytest.approx(wanted, rel=0.08)


@pytest.mark.parametrize("language", ["vi", "en", "jra"])
def test_faster_is_faster_over_the_whole_range(language: str) -> None:
    speeds = [espeak_pace(language).speed(wpm) for wpm in range(SLOWEST_WPM, FASTEST_WPM + 1)]
    assert speeds == sorted(speeds)
    assert speeds[0] >= 80 < speeds[-1]


def test_a_measured_figure_is_given_back() -> None:
    for pace in ESPEAK.values():
        assert [pace.speed(wpm) for wpm, _ in pace.points] == [speed for _, speed in pace.points]


def test_the_time_of_speech_leaves_room_for_the_pauses() -> None:
    assert speaking_time_s(125, 125) == pytest.approx(60 - 125 / 16 * 0.35)
    assert set(MEASURED_WITH) == set(ESPEAK)
