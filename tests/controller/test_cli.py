"""The command loa: it teaches, it refuses with a sentence, its exit codes mean what they say."""

import pytest

from controller import cli


def run(capsys, *argv):
    """Exit code, standard output, standard error."""
    try:
        code = cli.main(list(argv))
    except SystemExit as ended:
        code = ended.code
    said = capsys.readouterr()
    return code, said.out, said.err


def test_help_teaches_with_examples_and_exit_codes(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == cli.DONE
    for word in ("loa demo", "loa serve", "loa admin password", "loa admin token", "loa bench", "loa settings"):
        assert word in out
    assert "exit codes: 0 done, 1 failed, 2 wrong usage or setting, 3 the controller could not start" in out


def test_version_is_that_of_the_package(capsys):
    code, out, _ = run(capsys, "--version")
    assert code == cli.DONE
    assert out.startswith("loa ")


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["sing"],
        ["serve", "--prot", "80"],
        ["serve", "--po", "80"],
        ["admin"],
        ["admin", "password"],
        ["admin", "token", "--uses", "0"],
        ["admin", "token", "--uses", "10001"],
        ["admin", "token", "--days", "31"],
        ["admin", "token", "--days", "-1"],
        ["serve", "--port", "many"],
        ["serve", "--config", "/nowhere/loa.toml"],
    ],
)
def test_wrong_usage_and_wrong_settings_are_2(capsys, argv):
    code, out, err = run(capsys, *argv)
    assert code == cli.USAGE
    assert out == ""
    assert err


def test_no_words_at_all_are_answered_with_the_help(capsys):
    assert "loa serve" in run(capsys)[2]


def test_settings_prints_each_with_value_unit_and_source(capsys, monkeypatch):
    monkeypatch.setenv("LOA_PORT", "9000")
    code, out, _ = run(capsys, "settings", "--name", "Đài xã")
    assert code == cli.DONE
    assert "9000 TCP port  (environment LOA_PORT)" in out
    assert "Đài xã  (flag --name)" in out


def test_the_settings_file_may_be_named_in_the_environment(capsys, monkeypatch, tmp_path):
    file = tmp_path / "loa.toml"
    file.write_text("port = 7")
    monkeypatch.setenv("LOA_CONFIG", str(file))
    assert f"7 TCP port  (file {file})" in run(capsys, "settings")[1]


def test_demo_and_bench_get_their_own_flags(capsys):
    code, out, _ = run(capsys, "demo", "--help")
    assert (code, "--once" in out) == (0, True)
    code, out, _ = run(capsys, "bench", "--help")
    assert (code, "--json" in out) == (0, True)


def test_admin_before_the_first_start_says_what_to_do(capsys, tmp_path):
    code, out, err = run(capsys, "admin", "password", "admin", "--data-dir", str(tmp_path))
    assert (code, out) == (cli.FAILED, "")
    assert "loa serve" in err
    assert list(tmp_path.iterdir()) == [], "asking makes nothing"


def test_serve_on_a_directory_that_cannot_be_written_is_3(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = run(capsys, "serve", "--data-dir", str(tmp_path / "file" / "x"))
    assert code == cli.COULD_NOT_START
    assert "cannot be written" in err
