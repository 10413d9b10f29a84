import socket
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.modproxy.server.launch import banner, check_ready
from gobp.modproxy.settings.schema import Settings, Upstream
from gobp.serving.listening import Address, Tls


def settings(root: Path, listen: str = "127.0.0.1:0") -> Settings:
    return Settings(root=str(root), listen=listen)


def test_a_port_is_chosen_where_none_is_set(tmp_path: Path) -> None:
    address = check_ready(settings(tmp_path))
    assert address.host == "127.0.0.1"
    assert address.port > 0


def test_a_port_that_is_shared_counts_as_used(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(UserError, match="another server listens"):
            check_ready(settings(tmp_path, listen))


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no address to listen at"):
        check_ready(settings(tmp_path, "192.0.2.1:0"))


def test_the_socket_of_a_server_that_is_gone_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))
    assert check_ready(settings(tmp_path, f"unix:{path}")).socket == str(path)
    assert not path.exists()


def test_the_socket_of_a_server_that_runs_is_left(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(UserError, match="another server answers"):
            check_ready(settings(tmp_path, f"unix:{path}"))
    assert path.exists()


def test_a_file_is_not_taken_for_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("precious")
    with pytest.raises(UserError, match="no socket"):
        check_ready(settings(tmp_path, f"unix:{path}"))
    assert path.read_text() == "precious"


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    tls = Tls(certificate=str(tmp_path / "cert.pem"), key="k")
    with pytest.raises(UserError, match=r"tls\.certificate: .*cert\.pem cannot be read"):
        check_ready(Settings(root=str(tmp_path), tls=tls))


def test_the_beginning_tells_how_to_use_it_and_no_password() -> None:
    given = Settings(
        root="/srv", upstream=Upstream(proxies="https://me:secret@proxy.example"), base_path="/go"
    )
    shown = banner(given, Address("::1", 8130))
    assert "GOPROXY=http://[::1]:8130/go,direct" in shown
    assert "https://***@proxy.example" in shown
    assert "secret" not in shown


def test_the_public_url_is_the_one_to_use() -> None:
    given = Settings(root="/srv", public_url="https://go.corp.example")
    assert "GOPROXY=https://go.corp.example,direct" in banner(given, Address("127.0.0.1", 1))
