"""The link of a device that nobody has adopted: identifying it, pairing, enrolling.

Rules of the module: one device, one request at a time. What is asked of a device has a time limit; what it answers out
of turn ends its link.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from agents.protocol.documents import SignedDocument
from agents.protocol.errors import MalformedMessage, PairingFailed
from agents.protocol.ids import DeviceId
from agents.protocol.messages import (
    Adopt,
    Adopted,
    AdoptRefused,
    Identify,
    IdentifyReply,
    Message,
    NewDevice,
    PairRefused,
    PairReply,
    PairStart,
)
from agents.protocol.pairing import Binding, ControllerPairing, EnrolmentToken, normalise_code, require_equal
from controller.domain.errors import Invalid, Refused, Unreachable
from controller.domain.speakers import FoundDevice, PairedDevice
from controller.links.desk import DeviceDesk, LinkSettings
from controller.links.sealed import LinkEnded, SealedSocket
from controller.ports import Clock

Assign = Callable[[PairedDevice], Awaitable[SignedDocument]]
Answer = IdentifyReply | PairReply | PairRefused | Adopted | AdoptRefused


class NewcomerLink:
    """The link of one new device. `run` lasts as long as it does; the requests are called from other tasks."""

    def __init__(
        self, *, device_id: DeviceId, address: str, socket: SealedSocket, clock: Clock, settings: LinkSettings
    ) -> None:
        self.device_id: Final = device_id
        self.address: Final = address
        self.device: Final = PairedDevice(device_id=device_id, device_key=socket.channel.remote_static)
        self.gone: Final = asyncio.Event()
        self.adopted = False
        self._socket = socket
        self._clock = clock
        self._settings = settings
        self._binding = Binding.of_controller(socket.channel)
        self._asking = asyncio.Lock()
        self._answer: asyncio.Future[Answer] | None = None
        self._end: asyncio.Future[LinkEnded] = asyncio.get_running_loop().create_future()
        self._facts: NewDevice | None = None
        self._identifies_left = 0
        self._identify_until_us = 0
        self._found_at_us = clock.now_us()

    def log_fields(self) -> dict[str, object]:
        """Whom a log line speaks of."""
        return {"device_id": self.device_id, "address": self.address}

    def found(self) -> FoundDevice | None:
        """How it is shown to a person; None before it has said what it is."""
        facts = self._facts
        if facts is None:
            return None
        return FoundDevice(
            device_id=self.device_id,
            name=facts.name,
            model=facts.model,
            software=facts.software,
            address=self.address,
            linked=True,
            seen_by_mdns=False,
            adopted_elsewhere=False,
            identifies_left=self._identifies_left,
            identify_until_us=self._identify_until_us,
            found_at_us=self._found_at_us,
            enrolment_token_id=facts.enrolment_token_id,
        )

    async def run(self, desk: DeviceDesk, introduced: Callable[[], None]) -> None:
        """Raises `LinkEnded`, a `WireError`, or what a service raised. Calls ``introduced`` once it can be shown."""
        message = await self._first_word()
        if not isinstance(message, NewDevice):
            raise MalformedMessage(f"a new device begins with new_device, not {type(message).__name__}")
        self._facts = message
        self._identifies_left = message.identifies_left
        self._identify_until_us = self._clock.now_us() + round(min(message.identify_until_s, 3_600.0) * 1e6)
        introduced()
        await desk.adoption.dialled_as_new(self.device_id)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._wait_for_end(), name=f"{self.device_id} end")
                group.create_task(self._read(), name=f"{self.device_id} read")
                if message.enrolment_token_id is not None and message.enrolment_proof is not None:
                    group.create_task(self._enrol(desk, message), name=f"{self.device_id} enrol")
        except BaseExceptionGroup as group_error:
            raise _leaf(group_error) from None
        finally:
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(Refused("the device hung up", code="device_gone"))

    async def _first_word(self) -> Message:
        """Within the limit, whatever pings come meanwhile."""
        limit_s = self._settings.handshake_limit_s
        try:
            async with asyncio.timeout(limit_s):
                return await self._socket.receive(limit_s)
        except TimeoutError:
            raise LinkEnded("silent", f"it did not say what it is within {limit_s:g} s") from None

    def end(self, why: str, detail: str = "") -> None:
        """Ends the link from outside; the first reason counts."""
        if not self._end.done():
            self._end.set_result(LinkEnded(why, detail))

    async def _wait_for_end(self) -> None:
        raise await self._end

    async def _read(self) -> None:
        while True:
            match await self._socket.receive(self._settings.newcomer_silence_limit_s):
                case IdentifyReply() | PairReply() | PairRefused() | Adopted() | AdoptRefused() as answer:
                    if self._answer is None or self._answer.done():
                        raise MalformedMessage(f"nobody asked for {type(answer).__name__}")
                    self.adopted = self.adopted or isinstance(answer, Adopted)
                    self._answer.set_result(answer)
                case other:
                    raise MalformedMessage(f"a new device does not say {type(other).__name__}")

    async def _ask(self, question: Message, limit_s: float, *expected: type[Answer]) -> Answer:
        """Raises `Unreachable` after the limit, and ends the link: an answer that comes later is not to be trusted."""
        self._answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(limit_s):
                self._socket.send(question)
                answer = await self._answer
        except TimeoutError:
            self.end("silent", f"no answer to {type(question).__name__}")
            raise Unreachable(f"{self.device_id} did not answer within {limit_s:g} s") from None
        except LinkEnded as error:
            raise Refused(str(error), code="device_gone") from None
        finally:
            self._answer = None
        if not isinstance(answer, expected):
            self.end("garbage", f"{type(answer).__name__} in answer to {type(question).__name__}")
            raise Refused(f"the device answered with {type(answer).__name__}", code="device_refused")
        return answer

    # --- what a technician does -------------------------------------------------------------------------------------

    async def identify(self) -> int:
        """Lets it speak its code; returns how many times are left. Raises `Unreachable` or `Refused`."""
        async with self._asking:
            answer = await self._ask(Identify(), self._settings.push_limit_s, IdentifyReply)
        assert isinstance(answer, IdentifyReply)
        self._identifies_left = answer.identifies_left
        if not answer.accepted:
            raise Refused(answer.reason, code=self._why_no_identify())
        return answer.identifies_left

    def _why_no_identify(self) -> str:
        if not self._identifies_left:
            return "too_many_identifies"
        return "identify_too_late" if self._clock.now_us() >= self._identify_until_us else "device_refused"

    async def adopt(self, code: str, assign: Assign) -> PairedDevice:
        """Pairs by the code that a person typed. See `controller.ports.Links.adopt`."""
        try:
            digits = normalise_code(code)
        except PairingFailed as error:
            raise Invalid(str(error), code="code_malformed") from error
        async with self._asking:
            pairing = ControllerPairing(digits, self._binding)
            answer = await self._ask(
                PairStart(share=pairing.share), self._settings.pair_limit_s, PairReply, PairRefused
            )
            match answer:
                case PairReply(share=share, confirmation=confirmation):
                    try:
                        proof = pairing.finish(share, confirmation)
                    except PairingFailed as error:
                        raise Refused(str(error), code="code_wrong") from error
                case PairRefused(reason=reason):
                    raise Refused(reason, code="no_code_open")
            await self._hand_over(proof, await assign(self.device))
        return self.device

    async def _hand_over(self, proof: bytes, assignment: SignedDocument) -> None:
        adopt = Adopt(
            confirmation=proof,
            controller_name=self._settings.controller_name[:200],
            assignment=assignment,
            signing_key=self._settings.signing_public,
        )
        try:
            answer = await self._ask(adopt, self._settings.pair_limit_s, Adopted, AdoptRefused)
        except Refused as error:
            if error.code != "device_gone":
                raise
            # It may have pinned us and lost the link before it could say so: whether it is ours shows when it dials.
            raise Unreachable(f"{self.device_id} hung up before it said whether it is adopted") from error
        if isinstance(answer, AdoptRefused):
            raise Refused(answer.reason, code="device_refused")
        self.end("adopted")

    async def _enrol(self, desk: DeviceDesk, facts: NewDevice) -> None:
        """Adopts it by its token, if the token is good; if not it waits for a person like any other."""
        assert facts.enrolment_token_id is not None
        assert facts.enrolment_proof is not None
        token = await desk.adoption.enrolment_token(facts.enrolment_token_id)
        if token is None or not self._proves(token, facts.enrolment_proof):
            return
        async with self._asking:
            assignment = await desk.adoption.enrol(token.token_id, self.device, facts.name)
            await self._hand_over(token.controller_proof(self._binding), assignment)

    def _proves(self, token: EnrolmentToken, proof: bytes) -> bool:
        try:
            require_equal(token.device_proof(self._binding), proof)
        except PairingFailed:
            return False
        return True


def _leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
