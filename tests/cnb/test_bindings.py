import json

import pytest

from gobp.cnb.bindings import (
    Binding,
    BindingRoot,
    VcapServices,
    binding_source,
    from_files,
    from_vcap,
    of_type,
)
from gobp.errors import UserError


def test_the_new_layout_has_its_type_beside_the_secrets() -> None:
    files = {"type": "netrc\n", "provider": " example \n", "netrc": "machine a\nlogin b\n"}

    binding = from_files("private", files, path="/bindings/private")

    assert binding == Binding(
        "private", "netrc", "example", {"netrc": "machine a\nlogin b"}, "/bindings/private"
    )


def test_the_old_layout_has_metadata_and_secret() -> None:
    files = {
        "metadata/kind": "ca-certificates",
        "metadata/provider": "example",
        "metadata/tags": "a",
        "secret/ca.pem": "PEM\r\n",
    }

    binding = from_files("certs", files, path="/b/certs")

    assert binding.type == "ca-certificates"
    assert binding.provider == "example"
    assert binding.secrets == {"tags": "a", "ca.pem": "PEM"}


def test_kubernetes_own_names_are_skipped() -> None:
    files = {"type": "x", "..data/type": "y", "..2024/token": "t", ".hidden": "h", "token": "t"}

    assert from_files("b", files, path="/b").secrets == {"token": "t"}


def test_a_netrc_may_have_its_usual_name() -> None:
    files = {"type": "netrc", ".netrc": "machine x", "..data/.netrc": "machine x"}

    assert from_files("b", files, path="/b").secrets == {".netrc": "machine x"}


def test_only_one_line_end_is_taken_off() -> None:
    assert from_files("b", {"type": "x", "a": "v \n\n"}, path="/b").secrets == {"a": "v \n"}


@pytest.mark.parametrize(
    ("files", "missing"),
    [({}, "type"), ({"type": " \n"}, "type"), ({"metadata/provider": "x"}, "kind")],
)
def test_a_binding_without_type_is_refused(files: dict[str, str], missing: str) -> None:
    with pytest.raises(UserError, match=f"the binding b in /b has no {missing}"):
        from_files("b", files, path="/b")


def test_the_repr_keeps_the_secrets() -> None:
    binding = Binding("b", "netrc", secrets={"netrc": "hunter2"})

    assert "hunter2" not in repr(binding)
    assert "hunter2" not in repr(VcapServices("hunter2"))


def test_types_are_compared_without_case() -> None:
    wanted = Binding("a", "CA-Certificates")

    assert of_type([wanted, Binding("b", "netrc")], "ca-certificates") == (wanted,)


def test_cloud_foundry_services_become_bindings_by_name() -> None:
    services = {
        "user-provided": [
            {
                "name": "z",
                "label": "user-provided",
                "credentials": {"type": "netrc", "netrc": "machine a", "port": 80},
            },
            {"name": "a", "credentials": {"provider": "me", "list": {"b": 1, "a": 2}}},
        ],
        "bare": [{}],
    }

    assert from_vcap(json.dumps(services)) == (
        Binding("a", "user-provided", "me", {"list": '{"a": 2, "b": 1}'}),
        Binding("bare", "bare", "bare"),
        Binding("z", "netrc", "user-provided", {"netrc": "machine a", "port": "80"}),
    )


@pytest.mark.parametrize("text", ["{", "[]", '{"a": ["secret"]}', '{"a": [{"credentials": 1}]}'])
def test_anything_else_than_services_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(UserError, match="VCAP_SERVICES cannot be read") as caught:
        from_vcap(text)

    assert "secret" not in str(caught.value)


def test_the_first_variable_that_is_set_says_where_bindings_are() -> None:
    env = {"VCAP_SERVICES": "{}", "CNB_BINDINGS": "/cnb", "SERVICE_BINDING_ROOT": "/sbr"}

    found = []
    for name in ("SERVICE_BINDING_ROOT", "CNB_BINDINGS", "VCAP_SERVICES", ""):
        found.append(binding_source(env, "/platform"))
        env.pop(name, None)

    assert found == [
        BindingRoot("/sbr"),
        BindingRoot("/cnb"),
        VcapServices("{}"),
        BindingRoot("/platform/bindings"),
    ]
