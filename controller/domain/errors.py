"""What can go wrong at the desk. Each carries a stable ``code``; the pages turn codes into sentences."""


class LoaError(Exception):
    """Base of what a person at the desk is told. ``code`` is stable, ``detail`` is for the log and the curious."""

    code = "internal"

    def __init__(self, detail: str = "", *, code: str | None = None) -> None:
        super().__init__(detail or code or self.code)
        self.detail = detail
        if code is not None:
            self.code = code


class NotFound(LoaError):
    """The thing named is not there (any more)."""

    code = "not_found"


class Refused(LoaError):
    """What was asked for is not possible as things stand; the code says why."""

    code = "refused"


class Invalid(LoaError):
    """What was handed in cannot be used; the code says what to change."""

    code = "invalid"


class Unreachable(LoaError):
    """The device does not answer now. Try again when it is connected."""

    code = "device_unreachable"


class StoreFailed(LoaError):
    """The database or the disk failed (full, locked, broken)."""

    code = "store_failed"


class FetchFailed(LoaError):
    """Another server did not give what was asked of it; the code says why, ``detail`` what it said."""

    code = "fetch_failed"


class StudioFailed(LoaError):
    """What was handed in could not be made into clips; the code says why."""

    code = "tool_failed"
