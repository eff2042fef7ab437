"""The bench of alerts reads real files, and finds somebody."""

import random

from controller.bench import cap_child
from controller.cap import PlaceIndex, write_alert


def test_its_alerts_are_read_and_reach_speakers() -> None:
    chance = random.Random(1)
    places = cap_child._places(chance)
    alerts = cap_child._alerts(chance)[:12]
    assert {len(one.infos[0].areas) for one in alerts} == {1, 2, 3}
    reached = cap_child._all([write_alert(one) for one in alerts], PlaceIndex(places), {})
    assert reached > 100
    assert cap_child._floor_per_s([write_alert(one) for one in alerts]) > 0
