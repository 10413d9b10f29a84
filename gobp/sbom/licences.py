"""Which licence a text is, as an SPDX identifier (https://spdx.org/licenses/).

A licence is told by sentences that only it has, with case, punctuation and line breaks left out. A
text that is no licence known here, or one with a condition taken away or added, has no identifier:
better none than a wrong one.
"""

import re
from dataclasses import dataclass

_WORDS = re.compile(r"[a-z0-9]+")
_FILE_NAME = re.compile(
    r"(?:[\w.]+[-_])?(?:licen[cs]es?|copying|unlicense)(?:[-_. ].*)?", re.ASCII | re.IGNORECASE
)
_NOT_A_TEXT = re.compile(r".*\.(?:go|html|json|sh|tmpl|yml|yaml)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Rule:
    """All of ``has`` and none of ``lacks`` are in a text of this licence."""

    licence: str
    has: tuple[str, ...]
    lacks: tuple[str, ...] = ()


_MIT_GRANT = (
    "permission is hereby granted free of charge to any person obtaining a copy of this software "
    "and associated documentation files the software to deal in the software without restriction"
)
_MIT_CONDITION = "the above copyright notice and this permission notice"
_BSD_GRANT = (
    "redistribution and use in source and binary forms with or without modification are permitted"
)
_BSD_BINARY = "redistributions in binary form must reproduce the above"
_BSD_NAMES = "products derived from this software without specific prior written permission"
_BSD_ADVERTISING = "all advertising materials mentioning features or use of this software"
_BSD_CLEAR = "subject to the limitations in the disclaimer below"
_ISC_GRANT = (
    "permission to use copy modify and or distribute this software for any purpose with or "
    "without fee is hereby granted"
)
_ISC_OLD_GRANT = _ISC_GRANT.replace("and or", "and")
_ISC_CONDITION = (
    "provided that the above copyright notice and this permission notice appear in all copies"
)
_GNU = "general public license version"

_RULES = (
    _Rule("0BSD", (_ISC_GRANT,), (_ISC_CONDITION,)),
    _Rule("AGPL-3.0-only", (f"gnu affero {_GNU} 3 19 november 2007",)),
    _Rule("Apache-2.0", ("apache license version 2 0",)),
    _Rule("BSD-2-Clause", (_BSD_GRANT, _BSD_BINARY), (_BSD_NAMES, _BSD_ADVERTISING, _BSD_CLEAR)),
    _Rule("BSD-3-Clause", (_BSD_GRANT, _BSD_BINARY, _BSD_NAMES), (_BSD_ADVERTISING, _BSD_CLEAR)),
    _Rule("BSD-3-Clause-Clear", (_BSD_GRANT, _BSD_BINARY, _BSD_NAMES, _BSD_CLEAR)),
    _Rule("BSD-4-Clause", (_BSD_GRANT, _BSD_BINARY, _BSD_NAMES, _BSD_ADVERTISING)),
    _Rule("BSL-1.0", ("boost software license version 1 0",)),
    _Rule("BlueOak-1.0.0", ("blue oak model license version 1 0 0",)),
    _Rule("CC-BY-4.0", ("creative commons attribution 4 0 international",)),
    _Rule("CC-BY-SA-4.0", ("creative commons attribution sharealike 4 0 international",)),
    _Rule("CC0-1.0", ("cc0 1 0 universal",)),
    _Rule("EPL-2.0", ("eclipse public license v 2 0",)),
    _Rule("GPL-2.0-only", (f"gnu {_GNU} 2 june 1991",)),
    _Rule("GPL-3.0-only", (f"gnu {_GNU} 3 29 june 2007",)),
    _Rule("ISC", (_ISC_GRANT, _ISC_CONDITION)),
    _Rule("ISC", (_ISC_OLD_GRANT, _ISC_CONDITION)),
    _Rule("LGPL-2.1-only", (f"gnu lesser {_GNU} 2 1 february 1999",)),
    _Rule("LGPL-3.0-only", (f"gnu lesser {_GNU} 3 29 june 2007",)),
    _Rule("MIT", (_MIT_GRANT, _MIT_CONDITION)),
    _Rule("MIT-0", (_MIT_GRANT, "the software is provided as is"), (_MIT_CONDITION,)),
    _Rule("MPL-2.0", ("mozilla public license version 2 0",)),
    _Rule("OFL-1.1", ("sil open font license version 1 1",)),
    _Rule("Unlicense", ("this is free and unencumbered software released into the public domain",)),
    _Rule("WTFPL", ("do what the fuck you want to public license",)),
    _Rule(
        "Zlib",
        (
            "in no event will the authors be held liable for any damages arising from the use of",
            "altered source versions must be plainly marked as such",
        ),
    ),
)


def licences_in(text: str) -> tuple[str, ...]:
    """Return the SPDX identifiers of the licences whose text is in ``text``, sorted.

    The text of a GNU licence alone does not let later versions be chosen, so it is ``-only``.
    """
    words = f" {' '.join(_WORDS.findall(text.lower()))} "
    return tuple(sorted({rule.licence for rule in _RULES if _fits(rule, words)}))


def is_licence_name(name: str) -> bool:
    """Tell whether a file of this name, at the root of a module, holds its licence."""
    return bool(_FILE_NAME.fullmatch(name)) and not _NOT_A_TEXT.fullmatch(name)


def _fits(rule: _Rule, words: str) -> bool:
    return all(f" {phrase} " in words for phrase in rule.has) and not any(
        f" {phrase} " in words for phrase in rule.lacks
    )
