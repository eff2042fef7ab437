"""The services put together. The composition root gives the ports; everything else reaches services through this."""

import asyncio

from controller.domain.speakers import ControllerIdentity
from controller.ports import Clock, Links, Signer, Store, Studio
from controller.services.accounts import Accounts
from controller.services.adoption import Adoption
from controller.services.compose import Compose
from controller.services.delivery import Delivery
from controller.services.dispatch import Dispatch
from controller.services.events import Events
from controller.services.ingest import Ingest
from controller.services.reports import Reports
from controller.services.settings import DeskSettings
from controller.services.speakers import SpeakerDesk


class Desk:
    """Every service of one station.

    ``run()`` is to be started before the first request or link, in the task group of the composition root; ``started``
    is set when waiting airings and unfinished bulletins were taken up again.
    """

    accounts: Accounts
    adoption: Adoption
    compose: Compose
    delivery: Delivery
    dispatch: Dispatch
    events: Events
    ingest: Ingest
    reports: Reports
    speakers: SpeakerDesk
    started: asyncio.Event

    def __init__(
        self,
        *,
        store: Store,
        links: Links,
        signer: Signer,
        clock: Clock,
        studio: Studio,
        identity: ControllerIdentity,
        settings: DeskSettings,
    ) -> None:
        raise NotImplementedError

    async def run(self) -> None:
        """Takes up what was open, then keeps the clockwork going until it is cancelled."""
        raise NotImplementedError
