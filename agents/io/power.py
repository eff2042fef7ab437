"""What outlives the program, and what outlives the power: the boot id, what was known of controller time, the battery.

The monotonic clock goes on over a restart of the program, so a mapping of the same boot is as good as holdover. It is
kept in a small file that is replaced as a whole; one that cannot be read is as none.

Over a power cut the clock chip that a battery keeps takes its place, where there is one. It is compared with controller
time whenever that is kept, so it need not show the right time, only go on; it counts whole seconds and may be
`_CHIP_DRIFT` off, which bounds what is known by it.

Whether a battery keeps the time cannot be asked of every box. Judged is what the kernel tells of its clock chip: the
voltage of the battery where the chip measures it, the chip's own word on its battery, a date that no chip without power
would show, and that the kernel set its time by it when it started.
"""

import dataclasses
import json
import math
import os
import re
import secrets
from pathlib import Path
from typing import Final

from agents.domain.clock import ControllerClock, Mapping
from agents.domain.clock_burst import LATEST_CONTROLLER_US

CLOCK_FILE: Final = "clock.json"
_CLOCK_CHIPS: Final = Path("sys/class/rtc")
_CHIP_STATUS: Final = Path("proc/driver/rtc")
_LEAST_BATTERY_UV: Final = 2_000_000
"""A lithium cell below this is empty, or not there."""
_NO_EARLIER_S: Final = 1_735_689_600
"""The year 2025: an earlier date is what a chip shows that lost its time."""
_CHIP_READING_US: Final = 1_500_000
"""How far two readings in whole seconds may be from the time that passed between them, and what setting takes."""
_CHIP_DRIFT: Final = 20e-6
_FUTURE_US: Final = 1_000_000
_MOST_DRIFT: Final = 0.01
"""A hundred times what a bad crystal does: what says more was not measured."""
_KERNEL_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Changes whenever power came back; where the kernel has none, whenever the program starts."""
    try:
        return _KERNEL_BOOT_ID.read_text("ascii").strip()
    except OSError:
        return secrets.token_hex(16)


def save_clock(state_dir: Path, boot: str, clock: ControllerClock, local_us: int, root: Path = Path("/")) -> None:
    """Keep what is known, and what the battery's clock shows at this moment, ``local_us``. Raises `OSError`."""
    saved = clock.saved()
    if saved is None:
        return
    clock_id, mapping = saved
    kept = {"boot_id": boot, "clock_id": clock_id, "mapping": dataclasses.asdict(mapping)}
    chip_s = _battery_s(root)
    if chip_s is not None:
        kept["battery"] = {"local_us": local_us, "chip_s": chip_s}
    text = json.dumps(kept)
    fresh = state_dir / (CLOCK_FILE + ".new")
    with fresh.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(state_dir / CLOCK_FILE)


def restore_clock(state_dir: Path, boot: str, clock: ControllerClock, local_us: int, root: Path = Path("/")) -> bool:
    """Whether there was something to restore: of this boot, or carried over the power cut by the battery's clock."""
    try:
        kept = json.loads((state_dir / CLOCK_FILE).read_text("ascii"))
        mapping = Mapping(**kept["mapping"])
        _require_possible(mapping)
        if kept["boot_id"] != boot:
            mapping = _carried(mapping, kept["battery"], local_us, root)
            _require_possible(mapping)
        if mapping.local_us > local_us + _FUTURE_US:
            raise ValueError("it was measured in the future")
        clock.restore(str(kept["clock_id"]), mapping)
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError):
        return False
    return True


def _require_possible(mapping: Mapping) -> None:
    """A file that rotted may still be one: what nothing could have measured would end the program at every start.

    Raises `ValueError` or `TypeError`.
    """
    if not all(type(one) is int for one in (mapping.local_us, mapping.controller_us)):
        raise TypeError("an instant is a whole number")
    never_negative = (mapping.path_error_us, mapping.offset_variance, mapping.drift_variance)
    finite = all(math.isfinite(one) for one in (mapping.drift, mapping.covariance, *never_negative))
    if not finite or abs(mapping.drift) > _MOST_DRIFT or min(never_negative) < 0:
        raise ValueError("nothing measures that")
    if not 0 <= mapping.controller_us <= LATEST_CONTROLLER_US:
        raise ValueError("no controller counts so")


def _carried(mapping: Mapping, battery: dict[str, int], local_us: int, root: Path) -> Mapping:
    """The mapping of the boot before, for this one. Raises `ValueError` where no battery carried it."""
    chip_s = _battery_s(root)
    if chip_s is None or chip_s < battery["chip_s"]:
        raise ValueError("no battery kept the time")
    passed_us = (chip_s - battery["chip_s"]) * 1_000_000
    kept_us = battery["local_us"]
    # Chance, not way: a device that knows the time by whole seconds asks for it as one that hardly knows it.
    off_us = mapping.error_us(kept_us) - mapping.path_error_us + _CHIP_READING_US + passed_us * _CHIP_DRIFT
    return dataclasses.replace(
        mapping,
        local_us=local_us,
        controller_us=mapping.to_controller(kept_us) + passed_us,
        offset_variance=(off_us / 3) ** 2,
        covariance=0.0,
    )


def _battery_s(root: Path) -> int | None:
    """What the first clock chip shows that a battery keeps, in seconds."""
    try:
        chips = sorted((root / _CLOCK_CHIPS).iterdir())
    except OSError:
        return None
    kept = (chip for chip in chips if _kept_by_battery(chip, root / _CHIP_STATUS))
    return next((_number(chip / "since_epoch") for chip in kept), None)


def forget_clock(state_dir: Path) -> None:
    """For a device that was released: the next controller has a time of its own."""
    (state_dir / CLOCK_FILE).unlink(missing_ok=True)


def battery_clock(root: Path = Path("/")) -> bool | None:
    """Whether a battery keeps the time over a power cut; None where it cannot be known. Reads a few small files."""
    if not (root / _CLOCK_CHIPS.parent).is_dir():
        return None
    try:
        chips = sorted((root / _CLOCK_CHIPS).iterdir())
    except OSError:
        return False
    verdicts = [_kept_by_battery(chip, root / _CHIP_STATUS) for chip in chips]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def _kept_by_battery(chip: Path, status: Path) -> bool | None:
    date_s = _number(chip / "since_epoch")
    if date_s is None or date_s < _NO_EARLIER_S:
        return False  # chips that notice that they lost power refuse to tell a time
    voltage_uv = _number(chip / "battery_voltage")
    if voltage_uv is not None:
        return voltage_uv >= _LEAST_BATTERY_UV
    said = re.search(r"^batt_status\s*:\s*(\w+)", _text(status), re.MULTILINE)
    if said is not None and chip.name == "rtc0":
        return said.group(1) == "okay"
    return True if _number(chip / "hctosys") == 1 else None


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isascii() and text.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return ""
