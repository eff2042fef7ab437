"""Settings: a file, the environment and flags, each stronger than the one before; nothing wrong passes in silence."""

import argparse
from pathlib import Path

import pytest

from agents.protocol import settings as tables
from controller.config import ENV_PREFIX, SETTINGS, Config, LogFormat, SettingsError, load_config
from tests.controller.cap.certificates import holder

ONE_OF_EACH = {"port": "80", "start_lead_s": "1.5", "mdns": "off", "log_format": "json", "name": "Đài xã"}


def test_without_anything_the_defaults_hold():
    config = load_config(None, {}, {})
    assert config == Config()
    assert (config.port, config.mdns, config.log_format) == (8080, True, LogFormat.AUTO)


def test_flags_beat_the_environment_which_beats_the_file(tmp_path):
    file = tmp_path / "loa.toml"
    file.write_text('name = "file"\nport = 1\nmdns = false\npublic_urls = ["http://a", "http://b"]\n')
    config = load_config(file, {"LOA_NAME": "environment", "LOA_PORT": "2"}, {"port": "3"})
    assert (config.name, config.port, config.mdns) == ("environment", 3, False)
    assert config.public_urls == ("http://a", "http://b")


def test_every_kind_of_value_is_read_from_text():
    config = load_config(None, {ENV_PREFIX + name.upper(): text for name, text in ONE_OF_EACH.items()}, {})
    assert (config.port, config.start_lead_s, config.mdns) == (80, 1.5, False)
    assert config.log_format is LogFormat.JSON
    assert load_config(None, {"LOA_DATA_DIR": "~/x"}, {}).data_dir == Path.home() / "x"
    assert load_config(None, {"LOA_METRICS_TOKEN": ""}, {}).metrics_token is None
    assert load_config(None, {"LOA_PUBLIC_URLS": "http://a, http://b,"}, {}).public_urls == ("http://a", "http://b")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time_zone", "Mars/Base"),
        ("time_zone", "../etc/passwd"),
        ("time_zone", "Asia"),
        ("time_zone", ""),
        ("ffmpeg", "/no/ffmpeg"),
    ],
)
def test_a_zone_or_program_that_is_not_on_this_machine_is_told_before_anything_starts(name, value):
    with pytest.raises(SettingsError, match=f"^{name} cannot be '{value}'"):
        load_config(None, {}, {name: value})


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("port", "x", "whole number"),
        ("port", "1.5", "whole number"),
        ("port", "65536", "most is 65535 TCP port"),
        ("port", "-1", "least is 0"),
        ("start_lead_s", "nan", "number"),
        ("start_lead_s", "inf", "number"),
        ("mdns", "perhaps", "on or off"),
        ("log_format", "xml", "auto, json, text"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_name_and_where_it_came_from(name, text, why):
    with pytest.raises(SettingsError) as error:
        load_config(None, {ENV_PREFIX + name.upper(): text}, {})
    sentence = str(error.value)
    assert name in sentence
    assert ENV_PREFIX + name.upper() in sentence
    assert why in sentence


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("prot = 80", "prot"),
        ("port = true", "number"),
        ("port = [1]", "number"),
        ("public_urls = 7", "list"),
        ("name = 7", "text"),
        ("name = ", "not TOML"),
        ("name = '\udcff'".encode("utf-8", "surrogateescape"), "not TOML"),
    ],
)
def test_a_file_with_a_slip_of_the_pen_is_an_error(tmp_path, content, why):
    file = tmp_path / "loa.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError, match=why):
        load_config(file, {}, {})


def test_a_file_that_is_named_and_not_there_is_an_error(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        load_config(tmp_path / "none.toml", {}, {})


def test_a_secret_is_not_repeated_where_it_is_wrong_and_not_shown():
    (secret,) = (one for one in SETTINGS if one.secret)
    with pytest.raises(SettingsError) as error:
        tables.parse(secret, ["hush"], "a file")
    assert "hush" not in str(error.value)
    config = load_config(None, {}, {"metrics_token": "hush"})
    lines = tables.explain(config, SETTINGS, file=None, environ={}, flags={"metrics_token": "hush"})
    assert "hush" not in "\n".join(lines)


def test_every_setting_has_words_and_quantities_have_units():
    for one in SETTINGS:
        assert one.help.endswith("."), one.name
        if one.type_name in ("number", "whole number"):
            assert one.unit, one.name
    assert len({one.env for one in SETTINGS}) == len(SETTINGS)


def test_every_setting_has_a_flag_and_only_given_ones_count():
    parser = argparse.ArgumentParser()
    tables.add_flags(parser, SETTINGS)
    options = parser.parse_args(["--port", "90", "--no-mdns", "--trust-system-clock"])
    assert tables.given_flags(options, SETTINGS) == {"port": "90", "mdns": False, "trust_system_clock": True}
    assert all(one.flag in parser.format_help() for one in SETTINGS)


def test_explain_tells_where_each_value_came_from(tmp_path):
    file = tmp_path / "loa.toml"
    file.write_text("port = 1\nname = 'a'\nmdns = false")
    environ, flags = {"LOA_NAME": "b"}, {"mdns": True}
    config = load_config(file, environ, flags)
    told = {
        line.split()[0]: line
        for line in tables.explain(config, SETTINGS, file=file, environ=environ, flags=flags)
        if not line.startswith(" ")
    }
    assert "1 TCP port" in told["port"]
    assert f"(file {file})" in told["port"]
    assert "b  (environment LOA_NAME)" in told["name"]
    assert "on  (flag --mdns)" in told["mdns"]
    assert "(default)" in told["host"]
    assert set(told) == {one.name for one in SETTINGS}


def test_the_data_directory_is_the_set_one_made_absolute():
    assert load_config(None, {}, {"data_dir": "here"}).data_folder() == Path.cwd() / "here"
    assert load_config(None, {}, {}).data_folder().is_absolute()


def test_a_file_of_certificates_holds_some_and_each_can_be_read(tmp_path):
    good = holder("Trung tâm").pem
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    for name, text, said in (
        ("empty", "", "no certificate in it"),
        ("key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no certificate in it"),
        ("broken", good + broken + good, "certificate 2 in it cannot be read"),
        ("cut", good + good[: len(good) // 2], "certificate 2 in it cannot be read"),
    ):
        file = tmp_path / f"{name}.pem"
        file.write_text(text)
        for setting in ("cap_signers", "cap_authorities"):
            with pytest.raises(SettingsError, match=said):
                load_config(None, {}, {setting: str(file)})
    file = tmp_path / "good.pem"
    file.write_text(f"comment\n{good}{good}")
    assert load_config(None, {}, {"cap_signers": str(file)}).cap_signers == file
