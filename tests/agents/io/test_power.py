"""What outlives the program but not the power."""

import json
from pathlib import Path

import pytest

from agents.domain.clock import ControllerClock
from agents.domain.clock_burst import Exchange
from agents.domain.clock_pace import ClockPace, PaceBounds
from agents.io.power import (
    CLOCK_FILE,
    battery_clock,
    boot_id,
    forget_clock,
    restore_clock,
    save_clock,
)
from agents.protocol.values import ClockBasis

NOW_US = 50_000_000


def known_clock() -> ControllerClock:
    clock = ControllerClock()
    clock.feed("t-1", [Exchange(t1_us=NOW_US, t2_us=10**15, t3_us=10**15, t4_us=NOW_US + 200)])
    return clock


def test_after_a_restart_of_the_program_the_time_is_known_as_holdover(tmp_path: Path) -> None:
    before, after = known_clock(), ControllerClock()
    save_clock(tmp_path, "boot-1", before, NOW_US)

    assert restore_clock(tmp_path, "boot-1", after, NOW_US)

    estimate = after.estimate(NOW_US)
    assert estimate is not None
    assert estimate.basis is ClockBasis.HOLDOVER
    assert after.to_controller(NOW_US) == before.to_controller(NOW_US)
    assert after.clock_id == "t-1"


def test_after_a_power_cut_the_time_is_unknown(tmp_path: Path) -> None:
    save_clock(tmp_path, "boot-1", known_clock(), NOW_US)
    clock = ControllerClock()
    assert not restore_clock(tmp_path, "boot-2", clock, NOW_US)
    assert clock.estimate(NOW_US) is None


def test_a_clock_that_knows_nothing_leaves_nothing(tmp_path: Path) -> None:
    save_clock(tmp_path, "boot-1", ControllerClock(), NOW_US)
    assert not (tmp_path / CLOCK_FILE).exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"boot_id":"boot-1"}', b"\xff", b'{"boot_id":"boot-1","clock_id":"t","mapping":{"x":1}}'],
)
def test_a_damaged_file_is_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CLOCK_FILE).write_bytes(content)
    assert not restore_clock(tmp_path, "boot-1", ControllerClock(), NOW_US)


@pytest.mark.parametrize(
    "rotten",
    [
        {"local_us": "7"},
        {"local_us": NOW_US + 2_000_000},
        {"local_us": 1.5},
        {"controller_us": 10**400},
        {"controller_us": None},
        {"drift": -1.0},
        {"drift": float("inf")},
        {"drift": float("nan")},
        {"drift": "1"},
        {"path_error_us": -1.0},
        {"offset_variance": float("nan")},
        {"drift_variance": float("inf")},
        {"covariance": []},
    ],
)
def test_a_file_that_rotted_into_another_is_as_none(tmp_path: Path, rotten: dict[str, object]) -> None:
    """Or the program would end at every start, whoever starts it again."""
    save_clock(tmp_path, "boot-1", known_clock(), NOW_US)
    kept = json.loads((tmp_path / CLOCK_FILE).read_text())
    kept["mapping"] |= rotten
    (tmp_path / CLOCK_FILE).write_text(json.dumps(kept))
    clock = ControllerClock()

    assert not restore_clock(tmp_path, "boot-1", clock, NOW_US)
    assert clock.estimate(NOW_US) is None


@pytest.mark.parametrize("rotten", [{"chip_s": float("nan")}, {"chip_s": -(10**300)}, {"local_us": 10**400}])
def test_what_a_battery_cannot_have_carried_is_as_none(tmp_path: Path, rotten: dict[str, object]) -> None:
    root = box(tmp_path / "root", {"since_epoch": TODAY_S, "hctosys": "1"})
    save_clock(tmp_path, "boot-1", known_clock(), NOW_US, root)
    kept = json.loads((tmp_path / CLOCK_FILE).read_text())
    kept["battery"] |= rotten
    (tmp_path / CLOCK_FILE).write_text(json.dumps(kept))
    clock = ControllerClock()

    assert not restore_clock(tmp_path, "boot-2", clock, NOW_US, root)
    assert clock.estimate(NOW_US) is None


def test_a_released_device_forgets_the_time_it_was_told(tmp_path: Path) -> None:
    save_clock(tmp_path, "boot-1", known_clock(), NOW_US)
    forget_clock(tmp_path)
    forget_clock(tmp_path)
    assert not restore_clock(tmp_path, "boot-1", ControllerClock(), NOW_US)


def test_the_boot_id_stays_while_the_power_does() -> None:
    assert boot_id() == boot_id()


# --- the battery ----------------------------------------------------------------------------------------------------

TODAY_S = "1780000000"


def box(root: Path, *chips: dict[str, str], status: str = "") -> Path:
    """What the kernel of such a box tells."""
    (root / "sys" / "class").mkdir(parents=True)
    for number, files in enumerate(chips):
        chip = root / "sys" / "class" / "rtc" / f"rtc{number}"
        chip.mkdir(parents=True)
        for name, content in files.items():
            (chip / name).write_text(content + "\n")
    if status:
        (root / "proc" / "driver").mkdir(parents=True)
        (root / "proc" / "driver" / "rtc").write_text(status)
    return root


@pytest.mark.parametrize(
    ("chip", "status", "kept"),
    [
        pytest.param({"since_epoch": TODAY_S, "battery_voltage": "2980000", "hctosys": "1"}, "", True, id="charged"),
        pytest.param({"since_epoch": TODAY_S, "battery_voltage": "12000", "hctosys": "1"}, "", False, id="no-cell"),
        pytest.param({"since_epoch": TODAY_S}, "rtc_time\t: 10:00:00\nbatt_status\t: okay\n", True, id="says-okay"),
        pytest.param({"since_epoch": TODAY_S, "hctosys": "1"}, "batt_status\t: dead\n", False, id="says-dead"),
        pytest.param({"since_epoch": TODAY_S, "hctosys": "1"}, "", True, id="the-kernel-set-its-time-by-it"),
        pytest.param({"since_epoch": TODAY_S, "hctosys": "0"}, "", None, id="nobody-knows"),
        pytest.param({"since_epoch": "946684800", "hctosys": "1"}, "", False, id="the-year-2000"),
        pytest.param({"hctosys": "0"}, "", False, id="tells-no-time"),
    ],
)
def test_the_battery_is_judged_by_what_the_clock_chip_tells(
    tmp_path: Path, chip: dict[str, str], status: str, kept: bool | None
) -> None:
    assert battery_clock(box(tmp_path, chip, status=status)) is kept


HOUR_S = 3_600


def set_chip(root: Path, since_epoch_s: int) -> None:
    (root / "sys" / "class" / "rtc" / "rtc0" / "since_epoch").write_text(str(since_epoch_s))


def test_over_a_power_cut_the_battery_carries_the_time_on_with_a_bound_of_its_error(tmp_path: Path) -> None:
    """Three hours without power: the chip, which shows another time than the controller, went on."""
    root = box(tmp_path / "root", {"since_epoch": TODAY_S, "hctosys": "1"})
    before, after = known_clock(), ControllerClock()
    save_clock(tmp_path, "boot-1", before, NOW_US, root)
    set_chip(root, int(TODAY_S) + 3 * HOUR_S)
    up_us = 7_000_000

    assert restore_clock(tmp_path, "boot-2", after, up_us, root)

    estimate = after.estimate(up_us)
    assert estimate is not None
    assert estimate.basis is ClockBasis.HOLDOVER
    assert after.to_controller(up_us) == before.to_controller(NOW_US) + 3 * HOUR_S * 1_000_000
    assert 1_500_000 < estimate.error_us < 2_000_000
    assert after.round_trip_us == before.round_trip_us, "what a chip counts in is no way"


def test_a_device_on_a_sim_that_knows_the_time_by_its_battery_alone_asks_as_one_that_does_not(tmp_path: Path) -> None:
    """One question would be answered by a network that is some tens of milliseconds uneven."""
    root = box(tmp_path / "root", {"since_epoch": TODAY_S, "hctosys": "1"})
    save_clock(tmp_path, "boot-1", known_clock(), NOW_US, root)
    after = ControllerClock()
    restore_clock(tmp_path, "boot-2", after, NOW_US, root)
    assert after.clock_id is not None

    pace = ClockPace(PaceBounds(120.0, 8, thrifty=True), NOW_US)
    assert pace.next(NOW_US, after.sigma_us(after.clock_id, NOW_US + 120_000_000)).exchanges == 8


def test_after_days_without_power_the_battery_is_not_believed_any_more(tmp_path: Path) -> None:
    root = box(tmp_path / "root", {"since_epoch": TODAY_S, "hctosys": "1"})
    save_clock(tmp_path, "boot-1", known_clock(), NOW_US, root)
    set_chip(root, int(TODAY_S) + 3 * 24 * HOUR_S)
    clock = ControllerClock()
    restore_clock(tmp_path, "boot-2", clock, NOW_US, root)
    assert clock.estimate(NOW_US) is None


@pytest.mark.parametrize("shown_s", [int(TODAY_S) - 1, 0], ids=["went back", "lost its time"])
def test_a_chip_that_did_not_go_on_carries_nothing(tmp_path: Path, shown_s: int) -> None:
    root = box(tmp_path / "root", {"since_epoch": TODAY_S, "hctosys": "1"})
    save_clock(tmp_path, "boot-1", known_clock(), NOW_US, root)
    set_chip(root, shown_s)
    assert not restore_clock(tmp_path, "boot-2", ControllerClock(), NOW_US, root)


def test_a_box_without_a_clock_chip_has_no_battery_clock(tmp_path: Path) -> None:
    assert battery_clock(box(tmp_path)) is False


def test_one_chip_with_a_battery_is_enough(tmp_path: Path) -> None:
    chips = ({"since_epoch": "0"}, {"since_epoch": TODAY_S, "hctosys": "1"})
    assert battery_clock(box(tmp_path, *chips)) is True


def test_where_the_kernel_tells_nothing_nothing_is_known(tmp_path: Path) -> None:
    assert battery_clock(tmp_path) is None
