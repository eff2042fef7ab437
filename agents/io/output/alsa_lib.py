"""``libasound.so.2`` by ctypes: only what playing and listening need, with its errors as numbers.

Rules of the module: thin. Functions are declared with their types once, when the library is first asked for; judging
what an error means is for ``alsa.py``.
"""

import ctypes
import functools
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_uint, c_ulong, c_void_p
from typing import Any, Final

from agents.io.output.base import OutputError

PLAYBACK: Final = 0
CAPTURE: Final = 1
NONBLOCK: Final = 1
ACCESS_RW_INTERLEAVED: Final = 3
FORMAT_S16: Final = 2 if sys.byteorder == "little" else 3
STATE_RUNNING: Final = 3
STATE_XRUN: Final = 4
STATE_DRAINING: Final = 5

_PCM = c_void_p
_SIGNATURES: Final[dict[str, tuple[Any, list[Any]]]] = {
    "snd_strerror": (c_char_p, [c_int]),
    "snd_pcm_open": (c_int, [POINTER(_PCM), c_char_p, c_int, c_int]),
    "snd_pcm_nonblock": (c_int, [_PCM, c_int]),
    "snd_pcm_close": (c_int, [_PCM]),
    "snd_pcm_prepare": (c_int, [_PCM]),
    "snd_pcm_drop": (c_int, [_PCM]),
    "snd_pcm_recover": (c_int, [_PCM, c_int, c_int]),
    "snd_pcm_wait": (c_int, [_PCM, c_int]),
    "snd_pcm_state": (c_int, [_PCM]),
    "snd_pcm_delay": (c_int, [_PCM, POINTER(c_long)]),
    "snd_pcm_avail_update": (c_long, [_PCM]),
    "snd_pcm_writei": (c_long, [_PCM, c_void_p, c_ulong]),
    "snd_pcm_readi": (c_long, [_PCM, c_void_p, c_ulong]),
    "snd_pcm_start": (c_int, [_PCM]),
    "snd_pcm_hw_params_malloc": (c_int, [POINTER(c_void_p)]),
    "snd_pcm_hw_params_free": (None, [c_void_p]),
    "snd_pcm_hw_params_any": (c_int, [_PCM, c_void_p]),
    "snd_pcm_hw_params_set_access": (c_int, [_PCM, c_void_p, c_int]),
    "snd_pcm_hw_params_set_format": (c_int, [_PCM, c_void_p, c_int]),
    "snd_pcm_hw_params_set_channels": (c_int, [_PCM, c_void_p, c_uint]),
    "snd_pcm_hw_params_set_rate_resample": (c_int, [_PCM, c_void_p, c_uint]),
    "snd_pcm_hw_params_set_rate": (c_int, [_PCM, c_void_p, c_uint, c_int]),
    "snd_pcm_hw_params_set_buffer_time_near": (c_int, [_PCM, c_void_p, POINTER(c_uint), POINTER(c_int)]),
    "snd_pcm_hw_params_set_period_time_near": (c_int, [_PCM, c_void_p, POINTER(c_uint), POINTER(c_int)]),
    "snd_pcm_hw_params": (c_int, [_PCM, c_void_p]),
    "snd_pcm_get_params": (c_int, [_PCM, POINTER(c_ulong), POINTER(c_ulong)]),
    "snd_pcm_sw_params_malloc": (c_int, [POINTER(c_void_p)]),
    "snd_pcm_sw_params_free": (None, [c_void_p]),
    "snd_pcm_sw_params_current": (c_int, [_PCM, c_void_p]),
    "snd_pcm_sw_params_set_start_threshold": (c_int, [_PCM, c_void_p, c_ulong]),
    "snd_pcm_sw_params_set_avail_min": (c_int, [_PCM, c_void_p, c_ulong]),
    "snd_pcm_sw_params": (c_int, [_PCM, c_void_p]),
}
# The variable arguments of the real handler are passed in registers and simply not looked at.
_HANDLER = ctypes.CFUNCTYPE(None, c_char_p, c_int, c_char_p, c_int, c_char_p)


def _keep_quiet(file: bytes, line: int, function: bytes, number: int, text: bytes) -> None:
    """The library would write to standard error what callers report anyway."""


@functools.cache
def library() -> ctypes.CDLL:
    """The loaded library. Raises OutputError where the machine has none."""
    try:
        lib = ctypes.CDLL("libasound.so.2")
    except OSError as wrong:
        raise OutputError("ALSA is not installed here. Install libasound2, or choose another output.") from wrong
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    handler = _HANDLER(_keep_quiet)
    lib.snd_lib_error_set_handler(handler)
    lib.__dict__["quiet_handler"] = handler  # C holds no reference of its own
    return lib


def message(code: int) -> str:
    """What the library calls this error."""
    text: bytes = library().snd_strerror(code)
    return text.decode(errors="replace")


class Pcm:
    """One open PCM handle. Methods return what the library returns, negative for an error."""

    def __init__(self, device: str, stream: int = PLAYBACK) -> None:
        self._lib = library()
        self._handle = _PCM()
        code = self._lib.snd_pcm_open(byref(self._handle), device.encode(), stream, NONBLOCK)
        if code < 0:
            raise OutputError(f"The sound device {device} cannot be opened ({message(code)}). Check its name.")
        self._lib.snd_pcm_nonblock(self._handle, 0)

    def configure(self, channels: int, rate_hz: int, buffer_us: int, period_us: int) -> int:
        """Set everything up; the first error, or 0."""
        params = c_void_p()
        self._lib.snd_pcm_hw_params_malloc(byref(params))
        try:
            return self._hardware(params, channels, rate_hz, c_uint(buffer_us), c_uint(period_us))
        finally:
            self._lib.snd_pcm_hw_params_free(params)

    def start_when_full(self) -> int:
        """Begin to sound when the buffer is full, wake when a period fits; the first error, or 0."""
        buffer, period = c_ulong(), c_ulong()
        if (code := int(self._lib.snd_pcm_get_params(self._handle, byref(buffer), byref(period)))) < 0:
            return code
        params = c_void_p()
        self._lib.snd_pcm_sw_params_malloc(byref(params))
        try:
            return _first_error(
                lambda: self._lib.snd_pcm_sw_params_current(self._handle, params),
                lambda: self._lib.snd_pcm_sw_params_set_start_threshold(
                    self._handle, params, buffer.value // period.value * period.value
                ),
                lambda: self._lib.snd_pcm_sw_params_set_avail_min(self._handle, params, period),
                lambda: self._lib.snd_pcm_sw_params(self._handle, params),
            )
        finally:
            self._lib.snd_pcm_sw_params_free(params)

    def write(self, frames: bytes, count: int) -> int:
        """Frames taken, or an error; blocks while the buffer is full."""
        return int(self._lib.snd_pcm_writei(self._handle, frames, count))

    def wait(self, timeout_ms: int) -> int:
        """1 when there is room, 0 on timeout, or an error."""
        return int(self._lib.snd_pcm_wait(self._handle, timeout_ms))

    def room(self) -> int:
        """Frames that can be written without waiting, or an error."""
        return int(self._lib.snd_pcm_avail_update(self._handle))

    def delay(self) -> int | None:
        """Frames between the next one written and the horn; None while not running."""
        if self._lib.snd_pcm_state(self._handle) not in (STATE_RUNNING, STATE_DRAINING):
            return None
        delay = c_long()
        return delay.value if self._lib.snd_pcm_delay(self._handle, byref(delay)) >= 0 else None

    def has_run_out(self) -> bool:
        """Whether the sound broke off: an underrun that nobody has made good yet."""
        return bool(self._lib.snd_pcm_state(self._handle) == STATE_XRUN)

    def recover(self, code: int) -> int:
        """Make an underrun or a suspend good; the error itself where it cannot be."""
        return int(self._lib.snd_pcm_recover(self._handle, code, 1))

    def drop(self) -> int:
        """Throw away what is buffered and be ready again."""
        return _first_error(
            lambda: self._lib.snd_pcm_drop(self._handle), lambda: self._lib.snd_pcm_prepare(self._handle)
        )

    def close(self) -> None:
        """Throw away what is buffered and give the device back."""
        handle, self._handle = self._handle, _PCM()
        if handle:
            self._lib.snd_pcm_drop(handle)
            self._lib.snd_pcm_close(handle)

    def _hardware(self, params: c_void_p, channels: int, rate_hz: int, buffer: c_uint, period: c_uint) -> int:
        lib, handle = self._lib, self._handle
        near = c_int(0)
        return _first_error(
            lambda: lib.snd_pcm_hw_params_any(handle, params),
            lambda: lib.snd_pcm_hw_params_set_rate_resample(handle, params, 1),
            lambda: lib.snd_pcm_hw_params_set_access(handle, params, ACCESS_RW_INTERLEAVED),
            lambda: lib.snd_pcm_hw_params_set_format(handle, params, FORMAT_S16),
            lambda: lib.snd_pcm_hw_params_set_channels(handle, params, channels),
            lambda: lib.snd_pcm_hw_params_set_rate(handle, params, rate_hz, 0),
            lambda: lib.snd_pcm_hw_params_set_buffer_time_near(handle, params, byref(buffer), byref(near)),
            lambda: lib.snd_pcm_hw_params_set_period_time_near(handle, params, byref(period), byref(near)),
            lambda: lib.snd_pcm_hw_params(handle, params),
        )


def _first_error(*calls: Any) -> int:
    for call in calls:
        if (code := int(call())) < 0:
            return code
    return 0
