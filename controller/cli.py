"""The command ``loa``: the station's controller, its demonstration, its measurements, and what an administrator needs.

Exit codes: 0 done; 1 failed, with the reason on standard error; 2 wrong usage or a setting that cannot be used;
3 the controller could not start; 130 interrupted.
"""

import argparse
import asyncio
import importlib.metadata
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from agents.protocol import settings as tables
from controller.config import ENV_PREFIX, SETTINGS, Config, SettingsError, load_config

DONE: Final = 0
FAILED: Final = 1
USAGE: Final = 2
COULD_NOT_START: Final = 3
INTERRUPTED: Final = 130

_NO_CONTROLLER: Final = (
    "This is an installation for a speaker: it lacks what a controller needs. Install Loa anew as '.[controller]'."
)
_PASSED_ON: Final = ("bench", "cap", "demo")
_CONFIG_ENV: Final = ENV_PREFIX + "CONFIG"
_EPILOG: Final = """\
examples:
  loa demo                                  hear it: a controller, three speakers, one bulletin
  loa serve                                 run the controller; the first start prints account and password
  loa serve --port 9000 --data-dir ./data   the same, elsewhere
  loa admin password admin                  a new password for the account admin, printed once
  loa admin person add lan --role editor    an account with a role, its password printed once
  loa admin token --uses 100 --days 7       an enrolment token for a hundred devices
  loa explain "Chợ trung tâm"               what a speaker plays in the next 24 hours and what not, and why
  sudo /opt/loa/bin/loa install             make it a service that starts with the machine
  loa bench arm --json                      measure this machine
  loa cap check DIR                         what alerts (CAP 1.2) in files would end in, each with the reason
  loa settings                              every setting, its unit, its value and where that came from

Settings come from, each stronger than the one before: the default, a TOML file (--config FILE or LOA_CONFIG),
the environment (LOA_PORT for port), the flag.

exit codes: 0 done, 1 failed, 2 wrong usage or setting, 3 the controller could not start, 130 interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    if not given:
        _parser().print_help(sys.stderr)
        return USAGE
    try:
        return _passed_on(given) if given[0] in _PASSED_ON else _command(_parser().parse_args(given))
    except SettingsError as error:
        print(f"loa: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _passed_on(given: Sequence[str]) -> int:
    """The demonstration, the measurements and what looks at alerts read their own flags."""
    if given[0] == "demo":
        from controller import demo

        return demo.main(list(given[1:]))
    if given[0] == "cap":
        from controller import capfiles

        return capfiles.main(given[1:])
    from controller import bench

    return bench.main(list(given[1:]))


def _command(options: argparse.Namespace) -> int:
    file = options.config or (Path(os.environ[_CONFIG_ENV]) if os.environ.get(_CONFIG_ENV) else None)
    flags = tables.given_flags(options, SETTINGS)
    config = load_config(file, os.environ, flags)
    match options.command:
        case "serve":
            return _serve(config)
        case "admin":
            return _admin(config, options)
        case "explain":
            return _explain(config, options)
        case "install":
            return _install(options)
        case _:
            for line in tables.explain(config, SETTINGS, file=file, environ=os.environ, flags=flags):
                print(line)
            return DONE


# --- what can be typed ------------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="loa",
        description="The radio station of a commune: bulletins from the desk to the horns, with proof.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"loa {importlib.metadata.version('loa')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = _add(commands, "serve", "run the controller until SIGTERM or SIGINT")
    tables.add_flags(serve, SETTINGS)
    _add(commands, "demo", "start a controller and three speakers and let them speak (see: loa demo --help)")
    _add(commands, "bench", "measure this machine's Loa beside a peer (see: loa bench --help)")
    _add(commands, "cap", "what alerts (CAP 1.2) in files would end in, and why (see: loa cap check --help)")
    _add_admin(_add(commands, "admin", "accounts and enrolment tokens, also while the controller runs"))
    _add_explain(_add(commands, "explain", "what a speaker plays and what it does not, each with its reason"))
    _add_install(_add(commands, "install", "make the controller a service of this machine, by systemd"))
    tables.add_flags(_add(commands, "settings", "print every setting, its unit, its value and its source"), SETTINGS)
    return parser


class _Parser(argparse.ArgumentParser):
    """Takes flags by their whole names alone, so that a new one never changes what an old line means."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **kwargs})


def _add(commands: "argparse._SubParsersAction[_Parser]", name: str, words: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    command.add_argument("--config", type=Path, metavar="FILE", help=f"TOML file with settings ({_CONFIG_ENV})")
    return command


def _add_admin(admin: argparse.ArgumentParser) -> None:
    actions = admin.add_subparsers(dest="action", required=True, metavar="ACTION")
    password = actions.add_parser(
        "password",
        help="give an account a new password, printed once",
        description="Give an account a new password. It is printed once; every sign-in of that account ends.",
    )
    password.add_argument("name", help="the account, such as admin")
    password.add_argument("--bare", action="store_true", help="print nothing but the password, for scripts")
    token = actions.add_parser(
        "token",
        help="make an enrolment token, printed once",
        description="Make a token for many devices at once: what holds it in its settings (enrolment_token) is adopted "
        "without a code, as often and as long as the token allows.",
    )
    token.add_argument("--area", default="", help="the area where the speakers will stand; made where it is not there")
    token.add_argument("--uses", type=_at_least_one, default=1, help="for how many devices, at most 10000 (default: 1)")
    token.add_argument("--days", type=_positive, default=7.0, help="for how many days, at most 30 (default: 7)")
    token.add_argument("--bare", action="store_true", help="print nothing but the token, for scripts")
    for action in (password, token, *_add_person(actions)):
        tables.add_flags(action, [one for one in SETTINGS if one.name == "data_dir"])


def _add_person(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    person = actions.add_parser("person", help="accounts: add, list, password, deactivate").add_subparsers(
        dest="person_action", required=True, metavar="ACTION"
    )
    add = person.add_parser(
        "add",
        help="make an account, its password printed once",
        description="Make an account. Its password is printed once, and must be replaced at the first sign-in.",
    )
    add.add_argument("--full-name", default="", help="what the person is called")
    add.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="ROLE[@AREA]",
        help="editor, announcer, approver, officer, technician or administrator, for the whole station or for an area "
        "by its id or name; may be given more than once",
    )
    listing = person.add_parser("list", help="every account with its roles, one a line")
    password = person.add_parser(
        "password",
        help="give an account a password that must be replaced, printed once",
        description="Give an account a password that must be replaced at the next sign-in. Every sign-in of it ends.",
    )
    closing = person.add_parser("deactivate", help="close an account: every sign-in of it ends, the log keeps its name")
    for one in (add, password, closing):
        one.add_argument("name", help="what the person signs in with")
    for one in (add, password):
        one.add_argument("--bare", action="store_true", help="print nothing but the password, for scripts")
    return [add, listing, password, closing]


def _add_install(install: argparse.ArgumentParser) -> None:
    install.add_argument(
        "--root", type=Path, default=Path("/"), metavar="DIR", help="the root of an image (default: /)"
    )
    install.add_argument("--no-start", action="store_true", help="write everything, start nothing")


def _add_explain(explain: argparse.ArgumentParser) -> None:
    explain.description = (
        "What a speaker plays in the next 24 hours, or on a day, and what it does not, each with its reason. Reads the "
        "data directory alone, also beside a running station."
    )
    explain.add_argument("speaker", metavar="SPEAKER", help="the speaker, by its name or its id")
    explain.add_argument("--day", type=_day, metavar="YYYY-MM-DD", help="a day of the station's zone (default: now)")
    explain.add_argument("--days", type=_days, default=1, help="how many days, at most 31 (default: 1)")
    explain.add_argument("--json", action="store_true", help="for programs")
    explain.add_argument("--language", choices=("vi", "en"), help="of the sentences (default: that of the shell)")
    tables.add_flags(explain, [one for one in SETTINGS if one.name in {"data_dir", "time_zone"}])


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("a day such as 2026-03-02") from error
    if not 1970 < found.year < 2199:
        raise argparse.ArgumentTypeError("a day of the years 1971 to 2198")
    return found


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 31):
        raise argparse.ArgumentTypeError("from 1 to 31")
    return int(text)


def _at_least_one(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 10_000:
        raise argparse.ArgumentTypeError("from 1 to 10000")
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value <= 30:
        raise argparse.ArgumentTypeError("more than 0, at most 30")
    return value


# --- what it does -----------------------------------------------------------------------------------------------------


def _install(options: argparse.Namespace) -> int:
    from agents.protocol.installing import CannotInstall
    from controller.install import install_controller

    if find_spec("sqlalchemy") is None:
        print(f"loa: {_NO_CONTROLLER}", file=sys.stderr)
        return FAILED
    try:
        install_controller(options.root, _say, start=not options.no_start)
    except CannotInstall as error:
        print(f"loa: {error}", file=sys.stderr)
        return FAILED
    return DONE


def _serve(config: Config) -> int:
    from agents.protocol import logs

    if find_spec("sqlalchemy") is None:
        print(f"loa: {_NO_CONTROLLER}", file=sys.stderr)
        return COULD_NOT_START
    logs.configure(config.log_format.value, config.log_level.value)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from controller.app import serve
    from controller.datadir import CannotStart
    from controller.domain.errors import StoreFailed

    try:
        asyncio.run(serve(config, _say))
    except (CannotStart, StoreFailed, OSError) as error:
        print(f"loa: {_sentence(error, config)}", file=sys.stderr)
        return COULD_NOT_START
    except BaseExceptionGroup as group:
        # Sentences for what a person can mend; anything else is a defect, and told whole.
        sentences, defects = group.split((CannotStart, StoreFailed))
        if defects is not None:
            raise defects from None
        for sentence in sorted({_sentence(error, config) for error in _leaves(sentences)}):
            print(f"loa: {sentence}", file=sys.stderr)
        return COULD_NOT_START
    return DONE


def _sentence(error: BaseException, config: Config) -> str:
    """What happened, and what to do about it."""
    from controller.domain.errors import StoreFailed

    match error:
        case StoreFailed():
            return (
                f"The database {config.data_folder() / 'loa.db'} cannot be used: {error}. "
                "See that the disk is not full and the file is the controller's, or put it back from a backup."
            )
        case OSError():
            return f"{error.filename or config.data_folder()}: {error.strerror or error}"
        case _:
            return str(error)


def _leaves(error: BaseException | None) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    elif error is not None:
        yield error


def _say(line: str) -> None:
    print(line, flush=True)


def _admin(config: Config, options: argparse.Namespace) -> int:
    from controller import admin
    from controller.domain.errors import LoaError

    folder = config.data_folder()
    try:
        if options.action == "person":
            _person(folder, options)
        elif options.action == "password":
            password = asyncio.run(admin.reset_password(folder, options.name))
            print(password if options.bare else f"The new password of {options.name}, shown only now: {password}")
        else:
            token = asyncio.run(admin.create_token(folder, options.area, options.uses, round(options.days * 86_400)))
            print(token if options.bare else f"The enrolment token, shown only now: {token}")
    except LoaError as error:
        print(f"loa: {error}", file=sys.stderr)
        return FAILED
    return DONE


def _explain(config: Config, options: argparse.Namespace) -> int:
    from controller import explain
    from controller.domain.errors import LoaError, StoreFailed

    try:
        told = asyncio.run(
            explain.explain(config.data_folder(), options.speaker, config.time_zone, options.day, options.days)
        )
    except StoreFailed as error:
        print(f"loa: {_sentence(error, config)}", file=sys.stderr)
        return FAILED
    except LoaError as error:
        print(f"loa: {error}", file=sys.stderr)
        return FAILED
    language = explain.language_asked(options.language)
    if options.json:
        print(explain.as_json(told, language).decode())
    else:
        for line in explain.as_lines(told, language):
            print(line)
    return DONE


def _person(folder: Path, options: argparse.Namespace) -> None:
    from controller import admin

    match options.person_action:
        case "add":
            added, password = asyncio.run(admin.add_person(folder, options.name, options.full_name, options.role))
            print(password if options.bare else f"The password of {added.name}, shown only now: {password}")
        case "list":
            for line in asyncio.run(admin.list_people(folder)):
                print(line)
        case "password":
            password = asyncio.run(admin.give_password(folder, options.name))
            print(password if options.bare else f"The new password of {options.name}, shown only now: {password}")
        case _:
            asyncio.run(admin.deactivate(folder, options.name))
            print(f"The account {options.name} is closed.")


if __name__ == "__main__":
    sys.exit(main())
