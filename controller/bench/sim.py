"""What a speaker on a SIM card costs a month besides its audio, every header counted.

A real controller and a real agent, with a line between them that counts every IP packet; what single things cost is
measured (`controller.bench.sim_costs`), and a month is reckoned from that:

- an exchange of clocks every ``EVERY_S``, and bursts of ``BURST`` six times a day, as often as a device that knows
  the time poorly may ask;
- ``HEARTBEATS`` a day, every hour;
- ``LINKS`` a day that begin anew, each with handshake, hello and the first bursts, as after
  a power cut;
- ``PLANS`` a day: the rundown of a week with ``AIRINGS`` airings a day, signed anew because a day has gone by, or
  because somebody changed something, with the reports that the new clips are stored;
- ``AIRINGS`` a day, each with the order that sends it at once and all its reports one by one; what is planned costs
  less.

Over TLS each frame has 22 bytes more, and each link some 4,500: ``month_tls_mb`` adds that.
"""

from typing import Final

from controller.bench.apart import in_a_namespace

BOUND_MB: Final = 10.0
DAYS: Final = 30
EVERY_S: Final = 120.0
BURST: Final = 8
BURSTS: Final = 6
HEARTBEATS: Final = 24
LINKS: Final = 2
PLANS: Final = 2
AIRINGS: Final = 12
_TLS_FRAME_BYTES: Final = 22
_TLS_LINK_BYTES: Final = 4_500
_FRAMES: Final = {"exchange": 2, "heartbeat": 1, "link": 30, "plan": 4, "airing": 14}


async def measure(rounds: int) -> dict[str, float]:
    """``month_mb`` and what it is made of, in bytes each. ``rounds`` is not used: every cost is a mean of many packets
    or a sum over a whole phase.
    """
    each = await in_a_namespace("controller.bench.sim_costs", {"airings_a_day": AIRINGS})
    a_day = {
        "exchange": 86_400 / EVERY_S + (BURST - 1) * BURSTS,
        "heartbeat": HEARTBEATS,
        "link": LINKS,
        "plan": PLANS,
        "airing": AIRINGS,
    }
    month = {name: DAYS * count * each[name] / 1e6 for name, count in a_day.items()}
    tls = DAYS * (sum(count * _FRAMES[name] for name, count in a_day.items()) * _TLS_FRAME_BYTES) / 1e6
    total = sum(month.values())
    figures = {f"{name}_bytes": round(each[name], 1) for name in a_day}
    figures |= {f"month_{name}_mb": round(mb, 3) for name, mb in month.items()}
    figures |= {
        "month_mb": round(total, 3),
        "month_tls_mb": round(total + tls + DAYS * LINKS * _TLS_LINK_BYTES / 1e6, 3),
        "bound_mb": BOUND_MB,
        "ratio_to_bound": round(total / BOUND_MB, 3),
    }
    return figures
