import pytest

from gobp.cnb import toml
from gobp.cnb.exec_d import ExecDOutput
from gobp.errors import UserError


def test_output_survives_its_text() -> None:
    output = ExecDOutput({"SSL_CERT_DIR": "/tmp/certs:/etc/ssl/certs", "EMPTY": ""})

    document = toml.loads(toml.dumps(output.to_toml()), source="certs")

    assert ExecDOutput.from_toml(document, source="certs") == output


def test_values_are_strings() -> None:
    with pytest.raises(UserError, match="PORT in certs is not a string"):
        ExecDOutput.from_toml({"PORT": 8080}, source="certs")
