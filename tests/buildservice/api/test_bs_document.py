import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # as its makers say
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.buildservice.api.api_service import ApiService


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return ApiService.of(tmp_path_factory.mktemp("api")).client().get("/openapi.json").json()


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_it_is_of_openapi_3_1_and_all_its_references_lead_somewhere(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    text = json.dumps(document)
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.partition('"')[0] in schemas


def test_every_operation_is_described_and_has_a_name_and_a_tag(document: Any) -> None:
    known = {tag["name"] for tag in document["tags"]}
    names = []
    for where, operation in operations(document):
        assert operation["summary"], where
        assert operation["description"], where
        assert set(operation["tags"]) <= known, where
        names.append(operation["operationId"])
    assert len(names) == len(set(names))


def test_every_failure_is_a_problem(document: Any) -> None:
    for where, operation in operations(document):
        assert "422" not in operation["responses"], where
        if operation["tags"] == ["operation"]:
            continue
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (where, status)


def test_logins_are_described_and_never_demanded(document: Any) -> None:
    assert set(document["components"]["securitySchemes"]) == {"token", "basic"}
    secured = [operation for _, operation in operations(document) if "security" in operation]
    assert len(secured) > 10
    assert all({} in operation["security"] for operation in secured)


def test_the_examples_of_orders_are_right(document: Any, tmp_path: Path) -> None:
    content = document["paths"]["/api/v1/builds"]["post"]["requestBody"]["content"]
    examples = content["application/json"]["examples"]
    assert len(examples) > 1
    client = ApiService.of(tmp_path).client()
    for example in examples.values():
        reply = client.post("/api/v1/builds", json=example["value"])
        assert reply.status_code in {202, 404}, reply.text  # the resolver knows few versions


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_request_is_answered_as_the_document_says(tmp_path: Path, mode: Any) -> None:
    plenty = {"requests": 1_000_000, "builds": 1_000_000, "waiting": 1_000_000}
    api = ApiService.of(tmp_path, access={"quota": plenty})
    api.built()
    described = schemathesis.openapi.from_asgi("/openapi.json", api.app)
    for each in described.get_all_operations():
        operation = cast("Any", each).ok()

        @settings(
            max_examples=15,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def answered(case: Any) -> None:
            case.call_and_validate(checks=CHECKS)

        try:
            answered()
        except Unsatisfiable:  # all that can be sent there is right
            assert mode is GenerationMode.NEGATIVE
