import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildpack.ca_certificates.build import build, read_configuration
from gobp.buildpack.ca_certificates.certificates import (
    read_certificates,
    trust_store,
)
from gobp.buildpack.ca_certificates.detect import detect
from gobp.buildpack.ca_certificates_helper.build import build as build_helper
from gobp.buildpack.ca_certificates_helper.detect import detect as detect_helper
from gobp.buildpack.component import DetectContext, Fail, Pass
from gobp.buildpack.reporting.secrets import secrets_of
from gobp.buildpack.supply.helpers import STAMP
from gobp.cnb import toml
from gobp.cnb.bindings import Binding
from gobp.errors import UserError
from tests.fakes.a_build import a_build
from tests.fakes.certificates import certificate, common_name, encode, in_pem
from tests.fakes.memory_tree import MemoryTree

ONE, OTHER = certificate(common_name("One")), certificate(common_name("Other"))
TWIN = certificate(common_name("ONE "))  # of one hash with ONE
PEM = in_pem(ONE)


def bound(*texts: str, name: str = "corporate") -> Binding:
    entries = {f"{number}.pem": text for number, text in enumerate(texts)}
    return Binding(name, "CA-Certificates", "", entries, f"/bindings/{name}")


def context(*bindings: Binding, **env: str) -> DetectContext:
    return DetectContext(MemoryTree({}), env, bindings=bindings)


def test_without_a_binding_there_is_nothing_to_do() -> None:
    result = detect(context(Binding("x", "netrc")))

    assert result == Fail("there is no binding of type ca-certificates")
    assert detect(context(bound(PEM))) == Pass()


def test_bundles_are_split_comments_ignored_and_each_certificate_counts_once() -> None:
    bundle = f"# ours\n{PEM}\nand\n{in_pem(OTHER).replace(chr(10), chr(13) + chr(10))}end"

    found = read_certificates([bound(in_pem(OTHER), bundle), bound(PEM, name="again")])

    assert [each.der for each in found] == [OTHER, ONE]


def test_metadata_of_the_old_layout_is_no_certificate() -> None:
    binding = Binding("b", "ca-certificates", "", {"ca.pem": PEM, "tags": "a, b"})

    assert len(read_certificates([binding])) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "holds no certificate in PEM"),
        ("hunter2", "holds no certificate in PEM"),
        (ONE.decode("utf-8", "surrogateescape"), "is in DER, not in PEM"),
        (encode(0x30, bytes(300)).decode("utf-8", "surrogateescape"), "is in DER, not in PEM"),
        (PEM[:100], "has a PEM block that is not whole"),
        (PEM + PEM[:100], "has a PEM block that is not whole"),
        (PEM[:100] + PEM, "has a PEM block that is not whole"),
        (PEM.replace("CERTIFICATE", "EC PRIVATE KEY"), "holds a private key"),
        (PEM + PEM.replace("CERTIFICATE", "PRIVATE KEY"), "holds a private key"),
        (PEM.replace("CERTIFICATE", "X509 CRL"), "holds a x509 crl, no certificate"),
        (PEM.replace("\nMI", "\nM*"), "has a certificate that cannot be read"),
        (PEM.replace("\nMI", "\nMA"), "has a certificate that cannot be read"),
    ],
)
def test_what_is_no_certificate_is_named_and_never_shown(text: str, found: str) -> None:
    with pytest.raises(UserError) as raised:
        read_certificates([bound(PEM, text)])

    shown = f"{raised.value} {raised.value.detail} {raised.value.remedy}"
    assert raised.value.summary == f"'1.pem' in the binding 'corporate' {found}"
    assert "hunter2" not in shown
    assert not [line for line in PEM.splitlines()[1:-1] if line in shown]


pieces = st.sampled_from([PEM, PEM[:50], "-----BEGIN ", "\n", "x"])


@given(st.text() | st.lists(pieces).map("".join))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with suppress(UserError):
        assert [each.der for each in read_certificates([bound(text)])] == [ONE]


def test_surprising_names_are_shown_as_python_writes_them() -> None:
    binding = Binding("a\nb", "ca-certificates", "", {"\x1b[31m": "x"})

    with pytest.raises(UserError, match=r"'\\x1b\[31m' in the binding 'a\\nb' holds"):
        read_certificates([binding])


def test_subjects_of_one_hash_are_numbered() -> None:
    store = trust_store(read_certificates([bound(PEM, in_pem(TWIN), in_pem(OTHER))]))

    hashes = [name.partition(".")[0] for name in store]
    assert hashes[0] == hashes[1] != hashes[2]
    assert [name.partition(".")[2] for name in store] == ["0", "1", "0"]
    assert list(store.values()) == [PEM, in_pem(TWIN), in_pem(OTHER)]


def test_the_build_trusts_the_certificates_besides_the_systems(tmp_path: Path) -> None:
    system = tmp_path / "system.pem"
    system.write_text("# the system's\n\n")
    made = a_build(tmp_path, env={"SSL_CERT_FILE": str(system)}, bindings=(bound(PEM),))

    build(made.context)

    layer = made.context.layers.root / "ca-certificates"
    (file,) = (layer / "ca-certificates").iterdir()
    assert file.read_text() == PEM
    env = made.context.layers.build_environment({})
    assert env["SSL_CERT_DIR"] == f"/etc/ssl/certs:{layer}/ca-certificates"
    session = made.context.session.env
    bundle = Path(session["SSL_CERT_FILE"])
    assert bundle.read_text() == f"# the system's\n{PEM}"
    assert session["GIT_SSL_CAINFO"] == str(bundle)
    assert "Added 1 additional CA certificate(s) to system truststore" in made.said.getvalue()
    assert toml.loads((layer.with_suffix(".toml")).read_text(), source="")["types"] == {
        "build": True,
        "cache": False,
        "launch": False,
    }
    assert not (layer / "env.launch").exists()


def test_folders_that_the_user_trusts_stay(tmp_path: Path) -> None:
    made = a_build(tmp_path, bindings=(bound(PEM),), env={"GIT_SSL_CAINFO": "/mine"})

    build(made.context)

    env = made.context.layers.build_environment({"SSL_CERT_DIR": "/mine"})
    assert env["SSL_CERT_DIR"].startswith("/mine:/etc/ssl/certs:")
    assert "GIT_SSL_CAINFO" not in made.context.session.env


def test_embedded_certificates_are_in_the_image_and_trusted_there(tmp_path: Path) -> None:
    made = a_build(tmp_path, bindings=(bound(PEM),), env={"BP_EMBED_CERTS": "true"})

    build(made.context)

    layer = made.context.layers.root / "ca-certificates"
    files = {path.name: path.read_text() for path in (layer / "env.launch").iterdir()}
    assert files == {
        "SSL_CERT_DIR.append": f"/etc/ssl/certs:{layer}/ca-certificates",
        "SSL_CERT_DIR.delim": ":",
        "SSL_CERT_FILE.default": "/etc/ssl/certs/ca-certificates.crt",
    }
    types = toml.loads((layer.with_suffix(".toml")).read_text(), source="")["types"]
    assert types == {"build": True, "cache": False, "launch": True}


def test_mistakes_are_told_before_the_build() -> None:
    with pytest.raises(UserError, match="holds no certificate"):
        read_configuration(context(bound("x")))
    with pytest.raises(UserError, match="BP_EMBED_CERTS is 'maybe'"):
        read_configuration(context(bound(PEM), BP_EMBED_CERTS="maybe"))


def test_certificates_are_no_secrets() -> None:
    assert secrets_of({}, [bound(PEM)]) == []


@pytest.mark.parametrize(
    ("env", "result"),
    [
        ({}, Pass()),
        ({"BP_RUNTIME_CERT_BINDING_DISABLED": "false"}, Pass()),
        ({"BP_ENABLE_RUNTIME_CERT_BINDING": "true"}, Pass()),
        (
            {"BP_RUNTIME_CERT_BINDING_DISABLED": "true"},
            Fail("BP_RUNTIME_CERT_BINDING_DISABLED is on"),
        ),
        (
            {"BP_ENABLE_RUNTIME_CERT_BINDING": "false"},
            Fail("BP_ENABLE_RUNTIME_CERT_BINDING is off"),
        ),
    ],
)
def test_the_helper_is_in_the_image_unless_switched_off(
    env: dict[str, str], result: Pass | Fail
) -> None:
    assert detect_helper(context(**env)) == result


def test_a_switch_that_is_neither_on_nor_off_is_refused() -> None:
    with pytest.raises(UserError, match="BP_RUNTIME_CERT_BINDING_DISABLED is 'no'"):
        detect_helper(context(BP_RUNTIME_CERT_BINDING_DISABLED="no"))


def test_the_helper_is_a_program_that_the_launcher_runs(tmp_path: Path) -> None:
    prebuilt = tmp_path / "buildpack" / "runtime" / "helpers"
    (prebuilt / "amd64").mkdir(parents=True)
    (prebuilt / STAMP).write_text("")
    (prebuilt / "amd64" / "ca-certificates").write_bytes(b"program")
    made = a_build(tmp_path)

    build_helper(made.context)

    layer = made.context.layers.root / "helper"
    program = layer / "exec.d" / "ca-certificates-helper"
    assert program.read_bytes() == b"program"
    assert os.access(program, os.X_OK)
    document = toml.loads((layer.with_suffix(".toml")).read_text(), source="")
    assert document["types"] == {"build": False, "cache": False, "launch": True}
