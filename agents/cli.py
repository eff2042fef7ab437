"""The command ``loa-agent``: run the speaker, and ask it things from a shell on the box.

Exit codes: 0 done; 1 failed, with the reason on standard error; 2 wrong usage or a setting that cannot be used;
3 no agent runs on this state directory; 4 the agent runs but refuses; 5 the agent was asked to start again, which is
for whatever started it to do.
"""

import argparse
import asyncio
import dataclasses
import importlib.metadata
import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from agents.config import ENV_PREFIX, SETTINGS, SYSTEM_STATE_DIR, Config, SettingsError, load_config
from agents.protocol import settings as tables

DONE: Final = 0
FAILED: Final = 1
USAGE: Final = 2
NOT_RUNNING: Final = 3
REFUSED: Final = 4
AGAIN: Final = 5

_CONFIG_ENV: Final = ENV_PREFIX + "CONFIG"
_SERVICE_SETTINGS: Final = Path("/etc/loa/agent.toml")
"""What `loa-agent install` writes: whoever asks on an installed box means that agent."""
_EPILOG: Final = """\
examples:
  loa-agent                                     run; find a controller by mDNS, wait to be adopted
  loa-agent run --controller-url http://192.168.1.10:8080
                                                the same where mDNS does not reach
  loa-agent run --output wav --wav-dir /tmp/heard --state-dir /tmp/speaker1
                                                without a sound card; keep what was played
  loa-agent code                                the code that adopts the agent running on this box
  loa-agent status                              what it is, whom it obeys, how it knows the time
  loa-agent self-test                           whether its horn is heard, where it has a microphone
  sudo /opt/loa/bin/loa-agent install           make it a service that starts with the box
  loa-agent reset --yes                         forget the controller and be new again
  loa-agent settings                            every setting, its value and where that came from

Settings come from, each stronger than the one before: the default, a TOML file (--config FILE or
LOA_AGENT_CONFIG), the environment (LOA_AGENT_NAME for name), the flag.

exit codes: 0 done, 1 failed, 2 wrong usage or setting, 3 no agent runs here, 4 the agent refuses,
5 the agent was asked to start again
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given.insert(0, "run")
    options = _parser().parse_args(given)
    try:
        return _command(options)
    except SettingsError as error:
        print(f"loa-agent: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:  # whoever read our output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _command(options: argparse.Namespace) -> int:
    file = options.config or (Path(os.environ[_CONFIG_ENV]) if os.environ.get(_CONFIG_ENV) else None)
    if file is None and os.access(_SERVICE_SETTINGS, os.R_OK):
        file = _SERVICE_SETTINGS
    config = load_config(file, os.environ, tables.given_flags(options, SETTINGS))
    match options.command:
        case "run":
            return _run(config)
        case "code" | "status" | "self-test" | "calibrate":
            return _ask(config, options.command)
        case "reset":
            return _reset(config, sure=options.yes)
        case "install":
            return _install(options)
        case _:
            return _settings(config, file, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="loa-agent",
        description="The program in a speaker's box: it keeps what is to be played and plays it at the instant.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"loa-agent {importlib.metadata.version('loa')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, words in (
        ("run", "run the agent until SIGTERM or SIGINT (the default)"),
        ("code", "print the code that adopts the agent running on this box"),
        ("status", "print what the agent running on this box is and does"),
        ("self-test", "play the test pattern and listen to it, as whoever stands beside the horn wants it"),
        ("calibrate", "the same; what was heard is this box's own reference, and its latency, from now on"),
        ("reset", "forget the controller, its documents and its clips; the device keeps its id"),
        ("install", "make it a service of this box, by systemd: started at boot and whenever it ends"),
        ("settings", "print every setting with its unit, its value and where that came from"),
    ):
        command = commands.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
        command.add_argument("--config", type=Path, metavar="FILE", help=f"TOML file with settings ({_CONFIG_ENV})")
        tables.add_flags(command, SETTINGS if name in ("run", "settings") else SETTINGS[:1])
        if name == "reset":
            command.add_argument("--yes", action="store_true", help="do it")
        if name == "install":
            command.add_argument("--root", type=Path, default=Path("/"), metavar="DIR", help="the root of an image")
            command.add_argument("--no-start", action="store_true", help="write everything, start nothing")
    return parser


def _run(config: Config) -> int:
    from agents.protocol import logs

    logs.configure(config.log_format.value, config.log_level.value)
    from agents.app import serve
    from agents.beginnings import CannotStart
    from agents.io.identity import IdentityUnreadable

    try:
        again = asyncio.run(serve(config))
    except (CannotStart, IdentityUnreadable) as error:
        print(f"loa-agent: {error}", file=sys.stderr)
        return FAILED
    except OSError as error:
        print(f"loa-agent: {_sentence(error, config)}", file=sys.stderr)
        return FAILED
    except BaseExceptionGroup as group:
        # Sentences for what a person can mend; anything else is a defect, and told whole.
        sentences, defects = group.split(OSError)
        if defects is not None:
            raise defects from None
        print("\n".join(f"loa-agent: {one}" for one in _sentences(sentences, config)), file=sys.stderr)
        return FAILED
    return AGAIN if again else DONE


def _sentence(error: OSError, config: Config) -> str:
    if error.strerror is None:
        return str(error)
    return f"{error.filename or config.state_folder()}: {error.strerror}"


def _sentences(error: BaseException | None, config: Config) -> list[str]:
    match error:
        case BaseExceptionGroup(exceptions=inner):
            return [sentence for one in inner for sentence in _sentences(one, config)]
        case OSError():
            return [_sentence(error, config)]
        case _:
            return []


def _ask(config: Config, word: str) -> int:
    from agents.io.control import AskRefused, NotRunning, ask

    try:
        answer = ask(config.state_folder(), word)
    except NotRunning as error:
        print(_asked_as_whom(config) or error, file=sys.stderr)
        return NOT_RUNNING
    except AskRefused as error:
        print(error, file=sys.stderr)
        return REFUSED
    if word != "status":
        print(answer["code" if word == "code" else "told"])
    else:
        for name, value in answer.items():
            print(f"{name:18} {'-' if value in (None, '') else value}")
    return DONE


def _asked_as_whom(config: Config) -> str:
    """On a box where the agent is a service that is not the person's own; else empty."""
    if config.state_dir is None and SYSTEM_STATE_DIR.exists() and not os.access(SYSTEM_STATE_DIR, os.W_OK):
        return "The agent of this box is a service: ask it as root, with sudo."
    return ""


def _reset(config: Config, *, sure: bool) -> int:
    if not sure:
        print("This makes the speaker forget its controller; it falls silent until it is adopted again.")
        print("If that is what you want: loa-agent reset --yes")
        return USAGE
    from agents.io.control import AskRefused, NotRunning, ask

    folder = config.state_folder()
    try:
        ask(folder, "reset")
    except NotRunning as error:
        print(f"{error}. A reset is done by the running agent.", file=sys.stderr)
        return NOT_RUNNING
    except AskRefused as error:
        print(error, file=sys.stderr)
        return REFUSED
    print("The speaker is new again.")
    return DONE


def _install(options: argparse.Namespace) -> int:
    from agents.io.install import install_agent
    from agents.protocol.installing import CannotInstall

    try:
        install_agent(options.root, print, start=not options.no_start)
    except CannotInstall as error:
        print(f"loa-agent: {error}", file=sys.stderr)
        return FAILED
    return DONE


def _settings(config: Config, file: Path | None, options: argparse.Namespace) -> int:
    flags = tables.given_flags(options, SETTINGS)
    in_file = set() if file is None else set(tomllib.loads(file.read_text("utf-8")))
    for one in SETTINGS:
        value = getattr(config, one.name)
        shown = "(secret)" if one.secret and value else dataclasses.replace(one, default=value).default_text()
        if one.name in flags:
            source = f"flag {one.flag}"
        elif one.env in os.environ:
            source = f"environment {one.env}"
        elif one.name in in_file:
            source = f"file {file}"
        else:
            source = "default"
        quantity = f"{shown} {one.unit}".strip() if shown else "-"
        print(f"{one.name:20} {quantity}  ({source})")
        print(f"{'':20} {one.help}")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
