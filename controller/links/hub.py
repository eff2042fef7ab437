"""Every link there is. Implements `controller.ports.Links`, and ends all links when the program ends."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from agents.protocol.channel import LiveAudio
from agents.protocol.codec import decode_document, encode
from agents.protocol.documents import SignedDocument
from agents.protocol.ids import DeviceId
from agents.protocol.messages import DocumentPush, DocumentReply
from controller.domain.errors import Refused, Unreachable
from controller.domain.speakers import FoundDevice, PairedDevice
from controller.links.broadcast import Broadcast
from controller.links.counters import LinkCounters
from controller.links.device_link import Prepared
from controller.links.fan import Fan
from controller.links.found import Found
from controller.links.link_socket import Sockets
from controller.links.newcomers import NewcomerLink
from controller.links.roll import Roll
from controller.ports import Heard

_PREPARED_AT_MOST: Final = 64
PUSH_LIMIT_S: Final = 10.0


class Hub:
    """The links. ``found_changed`` is called whenever `found` gives something else."""

    def __init__(self, found_changed: Callable[[], None], push_limit_s: float = PUSH_LIMIT_S) -> None:
        self.roll: Final = Roll()
        self.newcomers: Final = Found(found_changed)
        self.counters: Final = LinkCounters()
        self.sockets: Final = Sockets()
        self.fan: Final = Fan(self.roll, self.counters)
        self._push_limit_s = push_limit_s
        self.closing = False
        self._found_changed = found_changed
        self._prepared: OrderedDict[bytes, Prepared] = OrderedDict()

    def connected(self) -> frozenset[DeviceId]:
        """See `controller.ports.Links.connected`."""
        return self.roll.connected()

    def found(self) -> tuple[FoundDevice, ...]:
        """See `controller.ports.Links.found`. Adopted devices that mDNS shows are among them."""
        return self.newcomers.all()

    async def push(self, device_id: DeviceId, document: SignedDocument) -> DocumentReply:
        """See `controller.ports.Links.push`."""
        link = self.roll.get(device_id)
        if link is None:
            raise Unreachable(f"{device_id} is not connected")
        prepared = self._prepare(document)
        answered: asyncio.Future[DocumentReply | None] = asyncio.get_running_loop().create_future()

        def heard(_: DeviceId, reply: DocumentReply | None) -> None:
            if not answered.done():
                answered.set_result(reply)

        link.ask(prepared, heard)
        try:
            async with asyncio.timeout(self._push_limit_s):
                reply = await answered
        except TimeoutError:
            raise Unreachable(f"{device_id} did not confirm {prepared.document_id}") from None
        finally:
            link.give_up(prepared.document_id, heard)
        if reply is None:
            raise Unreachable(f"the link with {device_id} ended")
        return reply

    def broadcast(self, device_ids: Iterable[DeviceId], document: SignedDocument, heard: Heard) -> None:
        """See `controller.ports.Links.broadcast`."""
        Broadcast(self._prepare(document), self.roll, heard, self._push_limit_s).begin(device_ids)

    def live(self, device_ids: Iterable[DeviceId], audio: LiveAudio) -> int:
        """See `controller.ports.Links.live`. Raises `TooLarge`."""
        return self.fan.send(device_ids, audio)

    def behind(self) -> frozenset[DeviceId]:
        """See `controller.ports.Links.behind`."""
        return self.fan.behind()

    async def identify(self, device_id: DeviceId) -> int:
        """See `controller.ports.Links.identify`."""
        link = self._newcomer(device_id)
        try:
            return await link.identify()
        finally:
            self._found_changed()

    async def adopt(
        self, device_id: DeviceId, code: str, assign: Callable[[PairedDevice], Awaitable[SignedDocument]]
    ) -> PairedDevice:
        """See `controller.ports.Links.adopt`. What cannot be a code is `Invalid` (``code_malformed``)."""
        return await self._newcomer(device_id).adopt(code, assign)

    async def disconnect(self, device_id: DeviceId) -> None:
        """Ends its link, if there is one."""
        self.roll.end(device_id, "disconnected")

    async def close(self) -> None:
        """Ends every link and waits until all are gone. From now on nobody is let in."""
        self.closing = True
        newcomers = self.newcomers.links()
        for link in newcomers:
            link.end("shutdown")
        self.roll.end_all("shutdown")
        await asyncio.gather(self.sockets.all_lost(), *(link.gone.wait() for link in newcomers))

    def _newcomer(self, device_id: DeviceId) -> NewcomerLink:
        link = self.newcomers.link(device_id)
        if link is not None:
            return link
        if self.roll.get(device_id) is not None:
            raise Refused(f"{device_id} is adopted", code="already_adopted")
        raise Refused(f"{device_id} is not linked", code="device_gone")

    def _prepare(self, document: SignedDocument) -> Prepared:
        """Encoded once, however many devices it goes to."""
        prepared = self._prepared.get(document.signature)
        if prepared is None:
            header = decode_document(document.payload).header
            prepared = Prepared(document_id=header.document_id, raw=encode(DocumentPush(document=document)))
            self._prepared[document.signature] = prepared
            if len(self._prepared) > _PREPARED_AT_MOST:
                self._prepared.popitem(last=False)
        return prepared
