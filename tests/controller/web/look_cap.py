"""Alerts that came in at a believable station, for the tests that look at pages."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.web.cap.views import (
    AlertRow,
    AlertShown,
    AreaShown,
    FeedShown,
    Finding,
    MessageShown,
    RuleShown,
    SendingShown,
    SettingsShown,
)
from controller.web.emergency.views import AreaRow

NOW = datetime(2026, 3, 2, 10, 3, 20, tzinfo=UTC)
TEXT = "Nước sông Hồng đang lên nhanh tại thôn Đông và thôn Hạ.\nBà con hãy đến ngay trường tiểu học xã."
AREAS = [AreaRow(id="x-1", name="Xã Hoà Bình", depth=0, ready=37, speakers=40)]


def alert_row(number: int, state: str, word: str, tone: str, icon: str, **more: Any) -> AlertRow:
    values: dict[str, Any] = {
        "title": "Tin lũ khẩn cấp trên sông Hồng",
        "sender": "nchmf.example.vn",
        "severity": "Nghiêm trọng",
        "urgent": False,
        "source": "từ nguồn tin Trung tâm dự báo",
        "sent_at": NOW,
        "received_at": NOW,
        "expires_at": NOW + timedelta(hours=6),
        "area_names": ["Xã Hoà Bình"],
    }
    return AlertRow(id=f"c{number}", state=state, state_word=word, tone=tone, icon=icon, **(values | more))


STOPPED = (
    "Lẽ ra quy tắc đã tự gửi tin này, nhưng nơi đó đang bị dừng phát toàn bộ. Cần một người quyết định: cho phép"
    " phát lại, rồi xác nhận hoặc từ chối."
)
PLAIN_HTTP = (
    "Địa chỉ này không được bảo vệ (http://): kẻ nào đứng giữa đường truyền cũng có thể chèn cảnh báo giả, mà đài này"
    " lại bảo đảm cho chúng. Hãy dùng https://, hoặc đừng bảo đảm cho nguồn này."
)
HELD = [
    alert_row(1, "held", "Chờ bạn", "warn", "hourglass", urgent=True),
    alert_row(4, "held", "Chờ bạn", "warn", "hourglass", finding_sentence=STOPPED),
]
LATEST = [
    alert_row(2, "refused", "Bị từ chối", "bad", "shield-x", finding_sentence="File này không phải là XML."),
    alert_row(3, "over", "Đã hết", "ok", "check"),
]


def alert(**more: Any) -> AlertShown:
    values: dict[str, Any] = {
        "row": HELD[0],
        "identifier": "2.49.0.1.704.0.2026.3.2.1",
        "message_word": "Cảnh báo",
        "status_word": "Thật",
        "scope": "Public",
        "source": "từ nguồn tin Trung tâm dự báo",
        "signature_sentence": "Không có chữ ký.",
        "vouched": False,
        "findings": [Finding(tone="warn", sentence="Hình của vùng tự cắt nhau.", where="info[1].area[1].polygon[1]")],
        "messages": [
            MessageShown(
                number=1,
                language="vi",
                language_name="Tiếng Việt",
                event="Lũ",
                headline="Tin lũ khẩn cấp trên sông Hồng",
                text=TEXT,
                facts=[("Mức độ", "Nghiêm trọng")],
                area_names=["Lưu vực sông Hồng"],
                begins_at=NOW,
                expires_at=NOW + timedelta(hours=6),
                sounds=1,
                audio_urls=["/media/x.ogg"],
            )
        ],
        "areas": [
            AreaShown(
                id="x-1",
                name="Xã Hoà Bình",
                speakers=40,
                language_names=["Tiếng Việt"],
                state="held",
                state_word="đang chờ",
                by="",
                mine=True,
            )
        ],
        "sendings": [
            SendingShown(
                emergency_id="e1",
                word="Đang phát",
                tone="live",
                area_names=["Xã Tân Lập"],
                by="Trần Thị Lan",
                problem_sentence="Không chuẩn bị được âm thanh.",
            )
        ],
        "related": LATEST[1:],
        "decided_by": "",
        "decided_at": None,
        "reason": "",
        "word": "Xã Hoà Bình",
        "drill": False,
        "anywhere": False,
        "may_confirm": True,
        "may_decline": True,
        "explain_sentence": "Không có gì được phát trước khi có người xác nhận.",
    }
    return AlertShown(**(values | more))


SETTINGS = SettingsShown(
    feeds=[
        FeedShown(
            id="f1",
            name="Trung tâm dự báo",
            url="http://nchmf.example.vn/cap/atom.xml",
            every_s=60,
            state_word="Không dùng được",
            tone="bad",
            sentence="Địa chỉ này trả lời bằng một trang web.",
            asked_at=NOW,
            well_at=NOW,
            entries=12,
            trusted=True,
            inside=False,
            area_name="",
            enabled=True,
            warning_sentence=PLAIN_HTTP,
        ),
        FeedShown(
            id="f2",
            name="Xã bên",
            url="https://xaben.example.vn/cap",
            every_s=300,
            state_word="Trả lời",
            tone="ok",
            sentence="",
            asked_at=NOW,
            well_at=NOW,
            entries=0,
            trusted=False,
            inside=False,
            area_name="Xã Tân Lập",
            enabled=True,
            may_change=False,
            may_ask=False,
        ),
    ],
    rules=[
        RuleShown(
            id="r1",
            area_name="Xã Hoà Bình",
            sender="nchmf.example.vn",
            sentence="Nghiêm trọng trở lên",
            source_name="",
            signed=True,
            enabled=True,
            by="Quản trị",
        )
    ],
    areas=[("x-1", "Xã Hoà Bình")],
    severities=[("Extreme", "Đặc biệt nghiêm trọng")],
    urgencies=[("Immediate", "Ngay")],
    certainties=[("Observed", "Đã xảy ra")],
    problem="Viết địa chỉ của nơi gửi.",
)

CAP_PAGES: Mapping[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "cap": ("cap.html", {"held": HELD, "latest": LATEST, "problem": "File này không đọc được."}, {}),
    "cap-alert": ("cap_alert.html", {"alert": alert(), "places": (), "problem": "", "word_problem": ""}, {}),
    "cap-anywhere": (
        "cap_alert.html",
        {"alert": alert(anywhere=True, areas=[], drill=True), "places": AREAS, "problem": "", "word_problem": ""},
        {},
    ),
    "cap-settings": ("cap_settings.html", {"settings": SETTINGS}, {}),
}
