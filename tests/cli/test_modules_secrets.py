import pytest
from click.testing import CliRunner

from gobp.cli.modules_secrets import password, token
from gobp.errors import UserError
from gobp.serving import passwords
from gobp.serving.passwords import PasswordHash


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nsecond line\n"])
def test_a_password_from_the_standard_input_is_its_first_line(end: str) -> None:
    result = CliRunner().invoke(password, input=f"geheim: ß{end}")
    assert result.exit_code == 0
    assert PasswordHash.parse(result.output.strip(), source="x").matches("geheim: ß")


@pytest.mark.parametrize("given", ["", "\n", "a\x07b\n", "x" * 2000])
def test_what_can_be_no_password_is_refused(given: str) -> None:
    result = CliRunner().invoke(password, input=given)
    assert isinstance(result.exception, UserError)


def test_a_token_is_shown_with_the_hash_that_knows_it() -> None:
    lines = dict(line.split(": ") for line in CliRunner().invoke(token).output.splitlines())
    assert passwords.is_token(lines["token"])
    assert lines["token_hash"] == passwords.format_token_hash(lines["token"])
