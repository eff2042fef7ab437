"""Signing in and out, and the password.

A person signs in with a name and a password; the answer sets a cookie and gives the token that every change must carry
in the header ``X-Loa-CSRF``. Programs that show an API token do not sign in.
"""

from aiohttp import web

from controller.domain.errors import Invalid, Refused
from controller.services.accounts import SignedIn
from controller.web import auth
from controller.web.api.endpoint import Answer, Body, Finish, raises
from controller.web.api.values import Told
from controller.web.asking import Ask
from controller.web.security import csrf_token


class SignInBody(Body):
    """A person's name and password."""

    name: str
    password: str


class PasswordBody(Body):
    """The present password, and the one that is wanted in its place: 10 to 1000 characters."""

    present: str
    wanted: str


class SignInTold(Told):
    """Who is signed in. ``csrf`` is the token that changes carry."""

    name: str
    csrf: str


class SignedInTold(SignInTold):
    """A sign-in that has just begun, until ``expires_at_us``."""

    expires_at_us: int


@raises(Refused, "sign_in_wrong", "sign_in_too_often", "account_closed")
async def sign_in(ask: Ask, body: SignInBody) -> Answer[SignedInTold]:
    """Sign in.

    Sets the cookie, and gives the token that changes must carry.
    """
    signed_in = await auth.sign_in(ask, body.name, body.password)
    return Answer(
        told=SignedInTold(
            name=signed_in.person.name, csrf=csrf_token(signed_in.token), expires_at_us=signed_in.expires_at_us
        ),
        finish=_keeping(ask, signed_in),
    )


def _keeping(ask: Ask, signed_in: SignedIn) -> Finish:
    return lambda response: auth.set_sign_in(ask, response, signed_in)


async def who_is_signed_in(ask: Ask) -> SignInTold:
    """Who is signed in, and the token again."""
    return SignInTold(name=ask.by, csrf=ask.csrf_token)


async def sign_out(ask: Ask) -> Answer[None]:
    """Sign out.

    The cookie is worth nothing from here on, and its live streams end.
    """
    await auth.sign_out(ask)

    def forget(response: web.StreamResponse) -> None:
        auth.drop_sign_in(ask, response)

    return Answer(told=None, finish=forget)


@raises(Invalid, "password_wrong", "password_same", "password_too_short", "password_too_long")
@raises(Refused, "sign_in_too_often")
async def change_password(ask: Ask, body: PasswordBody) -> Answer[SignInTold]:
    """Change one's own password.

    Every other sign-in of the account ends; this one goes on with a new cookie and a new token.
    """
    signed_in = await auth.change_password(ask, body.present, body.wanted)
    return Answer(told=SignInTold(name=ask.by, csrf=csrf_token(signed_in.token)), finish=_keeping(ask, signed_in))
