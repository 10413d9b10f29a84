from datetime import UTC, datetime, timedelta, timezone

import pytest

from gobp.cnb import labels


def test_html_and_line_separators_are_escaped_as_go_does() -> None:
    text = labels.to_json({"<key>": "a & b\u2028\n\x7fé"})

    assert text == r'{"\u003ckey\u003e":"a \u0026 b\u2028\n' + '\x7fé"}'


def test_keys_keep_their_order_unless_sorted() -> None:
    document = {"b": [{"z": 1, "a": (True, None)}], "a": {}}

    assert labels.to_json(document) == '{"b":[{"z":1,"a":[true,null]}],"a":{}}'
    assert labels.to_json({"data": labels.sorted_keys(document)}) == (
        '{"data":{"a":{},"b":[{"a":[true,null],"z":1}]}}'
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (1.5, "1.5"),
        (1e30, "1e+30"),
        (datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), '"2020-01-02T03:04:05Z"'),
        (
            datetime(2020, 1, 2, 3, 4, 5, 500_000, tzinfo=timezone(timedelta(hours=2))),
            '"2020-01-02T03:04:05.5+02:00"',
        ),
    ],
)
def test_numbers_and_times_are_as_gos(value: object, text: str) -> None:
    assert labels.to_json({"v": value}) == f'{{"v":{text}}}'


def test_a_string_alone_is_quoted_the_same_way() -> None:
    assert labels.to_json_string('"<é') == r'"\"\u003cé"'
