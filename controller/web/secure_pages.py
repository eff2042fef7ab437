"""The page that helps to trust the station's own authority, and the way from plain HTTP to HTTPS.

Rules: the page and the certificate are for everybody, over plain HTTP too: who does not trust it yet has no other way
to it. What the page shows can be changed on the way then; so it says to compare the fingerprint with what the
controller printed when it started.
"""

from urllib.parse import urlencode

from aiohttp import web

from controller.domain.errors import NotFound
from controller.web.asking import Ask
from controller.web.frames import full_frame
from controller.web.i18n import Language
from controller.web.pages import page
from controller.web.parts import Secure
from controller.web.secured import PATH, address_of
from controller.web.security import local_path


async def trust(ask: Ask) -> web.StreamResponse:
    """GET /trust, with the page to go on to (``?to=``); ``?language=`` chooses another. Raises `NotFound` where
    there is no HTTPS.
    """
    secure, query = _secure(ask), ask.request.query
    to = local_path(query.get("to"))
    if query.get("language") in set(Language):
        ask = ask.with_language(Language(query["language"]))
    return page(
        ask,
        "trust.html",
        frame=await full_frame(ask, path=PATH),
        secure=secure,
        address=address_of(ask, secure, to),
        there=ask.request.secure,
        others=[(one, f"{PATH}?{urlencode({'to': to, 'language': one})}") for one in Language],
    )


async def authority(ask: Ask) -> web.StreamResponse:
    """GET /trust/loa-ca.crt (PEM), GET /trust/loa-ca.cer (DER). Raises `NotFound`."""
    secure = _secure(ask)
    if not secure.authority_pem:
        raise NotFound("the certificate is of another authority")
    as_text = ask.request.path.endswith(".crt")
    return web.Response(
        body=secure.authority_pem if as_text else secure.authority_der, content_type="application/x-x509-ca-cert"
    )


def _secure(ask: Ask) -> Secure:
    if ask.parts.secure is None:
        raise NotFound("there is no HTTPS here")
    return ask.parts.secure
