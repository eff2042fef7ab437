"""What commune staff make and keep: the part of the table of `controller.web.routes` for its pages."""

from typing import Final

from controller.domain.rights import Right
from controller.web import clips, composing, listening
from controller.web.asking import Route, Token

_FORM: Final = Token.HANDLER

DESK: Final = (
    Route(method="GET", path="/clips/{sha256}", handler=clips.clip, right=Right.SEE),
    # one bulletin, before it is made
    Route(method="GET", path="/sentences/audio", handler=listening.sentence_audio, right=Right.COMPOSE),
    Route(method="GET", path="/parts/variant", handler=composing.variant_part, right=Right.COMPOSE),
    Route(
        method="POST", path="/broadcast/variants", handler=composing.change_variants, token=_FORM, right=Right.COMPOSE
    ),
    Route(method="POST", path="/broadcast/sentences", handler=composing.sentences, token=_FORM, right=Right.COMPOSE),
    Route(
        method="POST",
        path="/broadcast/pronounce",
        handler=composing.pronounce,
        token=_FORM,
        right=Right.MANAGE_STATION,
    ),
)
