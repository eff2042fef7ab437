"""From the readings of a speaker's box to plots with words beside them. Pure: no I/O, no clock.

Rules: what was not measured is said, not drawn. A plot's summary tells in one sentence what the lines show: what it is
now, and between what it went.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from agents.protocol.values import Profile
from controller.domain.telemetry import Reading
from controller.web.boxviews import PlotShown, PlotsShown
from controller.web.i18n import N_, Translator
from controller.web.moments import instant_us, moment
from controller.web.placeviews import Choice
from controller.web.plots import Measured, Scale, grown, line, scale

_MINUTE_US: Final = 60_000_000
_HOUR_US: Final = 60 * _MINUTE_US
_DAY_US: Final = 24 * _HOUR_US
_GAP_US: Final = {Profile.LAN: 16 * _MINUTE_US, Profile.SIM: 130 * _MINUTE_US}
"""So long without a reading breaks the line: three readings missing of the LAN profile, two of the SIM's."""
HOT_C: Final = 80.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """How far back a plot goes, with how many words along it."""

    name: str
    word: str
    length_us: int
    words: int


SPANS: Final = (
    Span(name="24h", word=N_("24 hours"), length_us=_DAY_US, words=5),
    Span(name="7d", word=N_("7 days"), length_us=7 * _DAY_US, words=8),
    Span(name="30d", word=N_("30 days"), length_us=30 * _DAY_US, words=6),
)


def span_of(written: str) -> Span:
    """As addresses write it; the first where it is none."""
    return next((one for one in SPANS if one.name == written), SPANS[0])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kind:
    """One plot: how its value is taken from a reading and written, and what its scale must hold."""

    name: str
    title: str
    value: Callable[[Reading], float | None]
    write: Callable[[float, Translator], str]
    least_span: float
    floor: float | None = None
    limit: float | None = None
    limit_sentence: str = ""


def _degrees(value: float, say: Translator) -> str:
    return f"{say.format_number(value)} °C"


def _dbm(value: float, say: Translator) -> str:
    return f"{say.format_signed(value)} dBm"


def _percent(value: float, say: Translator) -> str:
    return f"{say.format_number(value)} %"


def _millis(value: float, say: Translator) -> str:
    return f"{say.format_number(value, 1 if value < 10 else 0)} ms"


def _size(value: float, say: Translator) -> str:
    return say.format_bytes(max(0, round(value)))


def _scaled(value: float | None, by: float) -> float | None:
    return None if value is None else value / by


_KINDS: Final = (
    _Kind(
        name="temperature",
        title=N_("Temperature"),
        value=lambda one: one.temperature_c,
        write=_degrees,
        least_span=20,
        limit=HOT_C,
        limit_sentence=N_("From here on it is too hot."),
    ),
    _Kind(name="signal", title=N_("Signal"), value=lambda one: one.signal_dbm, write=_dbm, least_span=20),
    _Kind(
        name="volume", title=N_("Volume"), value=lambda one: one.volume_percent, write=_percent, least_span=100, floor=0
    ),
    _Kind(
        name="clock",
        title=N_("Clock error"),
        value=lambda one: _scaled(one.clock_error_us, 1_000),
        write=_millis,
        least_span=1,
        floor=0,
    ),
    _Kind(
        name="disk", title=N_("Free disk"), value=lambda one: one.disk_free_bytes, write=_size, least_span=1e9, floor=0
    ),
    _Kind(
        name="load",
        title=N_("Load of the processor"),
        value=lambda one: one.load_percent,
        write=_percent,
        least_span=100,
        floor=0,
    ),
)


def plots(readings: Sequence[Reading], span: Span, now_us: int, profile: Profile, say: Translator) -> list[PlotShown]:
    """One of each kind over the span that ends now."""
    window = (now_us - span.length_us, now_us)
    # Each point may be the mean of a stretch.
    gap_us = max(_GAP_US[profile], span.length_us // 100)
    frame = _Frame(window, gap_us, _along(window, span, say))
    return [_plot(kind, readings, frame, say) for kind in _KINDS]


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all plots of a span share."""

    window: tuple[int, int]
    gap_us: int
    along: Sequence[str]


def _plot(kind: _Kind, readings: Sequence[Reading], frame: _Frame, say: Translator) -> PlotShown:
    points = [Measured(one.at_us, kind.value(one)) for one in readings]
    values = [one.value for one in points if one.value is not None]
    title = say.gettext(kind.title)
    if not values:
        return PlotShown(name=kind.name, title=title, summary_sentence=say.gettext(N_("Nothing was measured.")))
    on = scale(values, least_span=kind.least_span, floor=kind.floor)
    limit = kind.limit if kind.limit is not None and on.low <= kind.limit <= on.high else None
    return PlotShown(
        name=kind.name,
        title=title,
        summary_sentence=_summary(kind, values, say),
        path=line(points, frame.window, on, gap_us=frame.gap_us),
        up=[kind.write(tick, say) for tick in reversed(on.ticks)],
        along=frame.along,
        limit_y=None if limit is None else on.y(limit),
        limit_sentence="" if limit is None else say.gettext(kind.limit_sentence),
    )


def _summary(kind: _Kind, values: Sequence[float], say: Translator) -> str:
    """What it was last, and between what it went."""
    last, low, high = (kind.write(one, say) for one in (values[-1], min(values), max(values)))
    if len(values) == 1:
        return say.gettext(N_("%(last)s, measured once."), last=last)
    if low == high:
        return say.gettext(N_("%(last)s all the time."), last=last)
    return say.gettext(N_("Last %(last)s; from %(low)s to %(high)s."), last=last, low=low, high=high)


def _along(window: tuple[int, int], span: Span, say: Translator) -> list[str]:
    from_us, until_us = window
    steps = span.words - 1
    moments = [moment(from_us + (until_us - from_us) * step // steps) for step in range(span.words)]
    if span.length_us <= _DAY_US:
        return [say.format_time(one, seconds=False) for one in moments]
    return [f"{one.astimezone(say.zone):%d/%m}" for one in moments]


# --- data used --------------------------------------------------------------------------------------------------------


def month_of(now_us: int, say: Translator) -> tuple[int, int]:
    """When the month began that it is at the station, and when it ends."""
    first = moment(now_us).astimezone(say.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + timedelta(days=32)).replace(day=1)
    return instant_us(_anew(first, say)), instant_us(_anew(following, say))


def _anew(day: datetime, say: Translator) -> datetime:
    """The same wall time with the offset that the zone has then."""
    return day.replace(tzinfo=say.zone)


def data_plot(
    readings: Sequence[Reading], used_bytes: int, now_us: int, quota_bytes: int | None, say: Translator
) -> PlotShown:
    """What the network of a speaker carried since the month began, both ways, against what its SIM may."""
    window = month_of(now_us, say)
    counted = [Measured(one.at_us, _both(one)) for one in readings]
    points = grown(counted, window[0])
    title = say.gettext(N_("Data this month"))
    if not points:
        return PlotShown(name="data", title=title, summary_sentence=say.gettext(N_("Nothing was measured.")))
    used = max(float(used_bytes), points[-1].value or 0.0)
    on = scale([used, *([float(quota_bytes)] if quota_bytes else [])], least_span=1e6, floor=0)
    if quota_bytes:
        summary = say.gettext(
            N_("%(used)s of the SIM's %(quota)s are used (%(percent)s %%)."),
            used=_size(used, say),
            quota=_size(quota_bytes, say),
            percent=say.format_number(100 * used / quota_bytes),
        )
    else:
        summary = say.gettext(N_("%(used)s were used."), used=_size(used, say))
    return PlotShown(
        name="data",
        title=title,
        summary_sentence=summary,
        path=line(points, window, on, gap_us=_DAY_US),
        up=[_size(tick, say) for tick in reversed(on.ticks)],
        along=_month_words(window, say),
        limit_y=on.y(quota_bytes) if quota_bytes else None,
        limit_sentence=say.gettext(N_("What the SIM may carry in a month.")) if quota_bytes else "",
    )


def _both(one: Reading) -> float | None:
    if one.sent_bytes is None and one.received_bytes is None:
        return None
    return float((one.sent_bytes or 0) + (one.received_bytes or 0))


def _month_words(window: tuple[int, int], say: Translator) -> list[str]:
    from_us, until_us = window
    moments = [moment(from_us + (until_us - 1 - from_us) * step // 4) for step in range(5)]
    return [f"{one.astimezone(say.zone):%d/%m}" for one in moments]


def plots_shown(speaker_id: str, span: Span, shown: Sequence[PlotShown], say: Translator) -> PlotsShown:
    """All of them, with the spans to choose from."""
    return PlotsShown(
        speaker_id=speaker_id,
        span=span.name,
        spans=[Choice(id=one.name, name=say.gettext(one.word)) for one in SPANS],
        plots=shown,
    )


__all__ = ["SPANS", "Scale", "Span", "data_plot", "month_of", "plots", "plots_shown", "span_of"]
