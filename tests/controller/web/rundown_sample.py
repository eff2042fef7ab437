"""One day of one speaker on which everything happens that can happen to an item."""

from datetime import datetime, time
from typing import Any

from schedules.areas import Area, AreaTree
from schedules.guards import Guards, Quiet
from schedules.precedence import AirClass
from schedules.recurrence.rule import Cancelled, Frequency, Rule, Series
from schedules.rundown.compile import Compiler
from schedules.schedule import Content, OnInterrupted, Overrun, Place, Schedule, Target, World

ZONE = "Asia/Ho_Chi_Minh"
DAY = datetime.fromisoformat("2026-03-02T00:00")
MINUTE_US = 60_000_000
LIMITS = Guards(quiet=(Quiet(time(23), time(5)),), slots_a_day=12, slot_minutes=30)


def schedule(name: str, at: str, minutes: float, **more: Any) -> tuple[Schedule, Content]:
    """``name`` at ``at`` every day from 2 March 2026 on, in the commune."""
    hour, minute = map(int, at.split(":"))
    start = DAY.replace(hour=hour, minute=minute)
    made = Schedule(
        schedule_id=name,
        content_id=f"b-{name}",
        target=Target(areas=("commune",)),
        series=more.pop("series", None) or Series(rule=Rule(zone=ZONE, start=start, frequency=Frequency.DAILY)),
        since_us=more.pop("since_us", 0),
        needs_approval=more.pop("needs_approval", False),
        **more,
    )
    lacking = "bulletin_not_ready" if name == "Bản tin chưa xong" else ""
    content = Content(
        content_id=f"b-{name}", title=name, master=name, duration_us=round(minutes * MINUTE_US), lacking=lacking
    )
    return made, content


def once_cancelled(at: str) -> Series:
    hour, minute = map(int, at.split(":"))
    start = DAY.replace(hour=hour, minute=minute)
    return Series(rule=Rule(zone=ZONE, start=start, frequency=Frequency.DAILY), changes=(Cancelled(start),))


def world() -> World:
    """What stands in the comment of each line becomes of it."""
    made = [
        schedule("Tiếp âm Đài tiếng nói Việt Nam", "05:30", 15, slot_us=10 * MINUTE_US),  # cut at the end of its slot
        schedule("Thông báo của xã", "06:02", 4, air_class=AirClass.PRIORITY),  # whole
        schedule("Ca nhạc buổi sáng", "06:00", 10, slot_us=20 * MINUTE_US),  # in two pieces
        schedule("Điểm báo", "06:04", 1, on_interrupted=OnInterrupted.DROP),  # displaced
        schedule("Thông báo tiêm chủng", "11:00", 5, air_class=AirClass.PRIORITY),  # whole
        schedule("Thông báo của tỉnh", "11:00", 5, air_class=AirClass.PRIORITY, above=True, since_us=9),  # conflicted
        schedule("Bản tin chờ duyệt", "12:00", 3, needs_approval=True),  # waits
        schedule("Bản tin chưa xong", "12:30", 3),  # lacking
        schedule("Bản tin trưa", "13:00", 3, series=once_cancelled("13:00")),  # cancelled
        schedule("Chuyên đề an toàn giao thông", "16:50", 20, slot_us=10 * MINUTE_US, overrun=Overrun.PUSH_BACK),
        schedule("Bản tin chiều", "17:02", 6, since_us=5),  # pushed back
        schedule("Hội nghị", "19:00", 45),  # longer than a slot may be
        schedule("Bản tin đêm", "22:15", 3),  # at an odd hour
        schedule("Tiếp âm đặt nhầm giờ", "03:15", 15),  # in quiet hours
    ]
    areas = [
        Area(area_id="province", parent_id=None, level="province", name="Tỉnh Hưng Yên"),
        Area(area_id="commune", parent_id="province", level="commune", name="Xã Hoà Bình"),
    ]
    return World(
        zone=ZONE,
        tree=AreaTree(areas),
        schedules=tuple(one for one, _ in made),
        contents={content.content_id: content for _, content in made},
        places=(Place(speaker_id="s-0", area_id="commune"),),
        guards={"commune": LIMITS},
    )


def compiler(days: int = 1) -> Compiler:
    """Of the day on which all this happens."""
    return Compiler(world(), DAY.date(), days)
