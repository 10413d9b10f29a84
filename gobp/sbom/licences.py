"""Which licence a text is, as an SPDX identifier (https://spdx.org/licenses/).

A licence is told by its sentences from the grant to the disclaimer, with case, punctuation and line
breaks left out. A text with a condition more or less has no identifier: better none than a wrong
one.
"""

import re
from dataclasses import dataclass

_WORDS = re.compile(r"[a-z0-9]+")
_FILE_NAME = re.compile(
    r"(?:[\w.]+[-_])?(?:licen[cs]es?|copying|unlicense)(?:[-_. ].*)?", re.ASCII | re.IGNORECASE
)
_NOT_A_TEXT = re.compile(r".*\.(?:go|html|json|sh|tmpl|yml|yaml)", re.IGNORECASE)
_CHANGES_ANY = re.compile(r" commons clause | solderpad ")
_NUMBER = r"(?:\w{1,3} )?"  # of a condition: 1, 2, a, iii
_NAMES = r"(?:\w+ ){1,40}?"  # of authors


@dataclass(frozen=True, slots=True)
class _Rule:
    """A text in which ``pattern`` is found is of this licence.

    Patterns are text, compiled when the first licence is looked at: few builds look at any.
    """

    licence: str
    pattern: str


def _rule(licence: str, sentences: str) -> _Rule:
    """Return a rule; in ``sentences`` # is a number that may be there, and * are names."""
    words = sentences.replace("# ", _NUMBER).replace("* ", _NAMES)
    return _Rule(licence, rf" {words} ")


_MIT_GRANT = (
    "permission is hereby granted free of charge to any person obtaining a copy of this software "
    "and associated documentation files the software to deal in the software without restriction "
    "including without limitation the rights to use copy modify merge publish distribute "
    "sublicense and or sell copies of the software and to permit persons to whom the software is "
    "furnished to do so"
)
_MIT_CONDITION = (
    "subject to the following conditions # the above copyright notice and this permission notice "
    "(?:including the next paragraph )?shall be included in all copies or substantial portions of "
    "the software"
)
_AS_IS = "the software is provided as is without warranty of any kind"
_NOT_X11 = r"(?! (?:\w+ ){1,90}except as contained in this notice)"  # one condition more
_BSD_CONDITIONS = (
    "redistribution and use in source and binary forms with or without modification are permitted "
    "provided that the following conditions are met # redistributions of source code must retain "
    "the above copyright notice this list of conditions and the following disclaimer # "
    "redistributions in binary form must reproduce the above copyright notice this list of "
    "conditions and the following disclaimer in the documentation and or other materials provided "
    "with the distribution"
)
_BSD_NAMES = (
    "# (?:neither|the names?|my name) * (?:may|may not) be used to endorse or promote products "
    "derived from this software without (?:specific )?prior written permission"
)
_BSD_DISCLAIMER = "this software is provided by * as is and any express or implied warranties"
_ISC_GRANT = (
    "permission to use copy modify and (?:or )?distribute this software for any purpose with or "
    "without fee is hereby granted"
)
_ISC_CONDITION = (
    "provided that the above copyright notice and this permission notice appear in all copies"
)
_ISC_DISCLAIMER = "the software is provided as is and * disclaims? all warranties"
_GNU = "general public license version"

_RULES = (
    _rule("0BSD", f"{_ISC_GRANT} {_ISC_DISCLAIMER}"),
    _rule("AGPL-3.0-only", f"gnu affero {_GNU} 3 19 november 2007"),
    _rule("Apache-2.0", "apache license version 2 0 january 2004"),
    _rule(
        "Apache-2.0",
        "licensed under the apache license version 2 0 the license you may not use * "
        "except in compliance with the license",
    ),
    _rule("BSD-2-Clause", f"{_BSD_CONDITIONS} {_BSD_DISCLAIMER}"),
    _rule("BSD-3-Clause", f"{_BSD_CONDITIONS} {_BSD_NAMES} {_BSD_DISCLAIMER}"),
    _rule("BSL-1.0", "boost software license version 1 0 august 17th 2003"),
    _rule("BlueOak-1.0.0", "blue oak model license version 1 0 0"),
    _rule("CC-BY-4.0", "attribution 4 0 international public license by exercising"),
    _rule("CC-BY-SA-4.0", "attribution sharealike 4 0 international public license by exercising"),
    _rule("CC0-1.0", "cc0 1 0 universal"),
    _rule("EPL-2.0", "eclipse public license v 2 0 the accompanying program"),
    _rule("GPL-2.0-only", f"gnu {_GNU} 2 june 1991"),
    _rule("GPL-3.0-only", f"gnu {_GNU} 3 29 june 2007"),
    _rule("ISC", f"{_ISC_GRANT} {_ISC_CONDITION} {_ISC_DISCLAIMER}"),
    _rule("LGPL-2.1-only", f"gnu lesser {_GNU} 2 1 february 1999"),
    _rule("LGPL-3.0-only", f"gnu lesser {_GNU} 3 29 june 2007"),
    _rule("MIT", f"{_MIT_GRANT} {_MIT_CONDITION} {_AS_IS}{_NOT_X11}"),
    _rule("MIT-0", f"{_MIT_GRANT} {_AS_IS}"),
    _rule("MPL-2.0", "mozilla public license version 2 0 # definitions"),
    _rule("OFL-1.1", "sil open font license version 1 1 26 february 2007"),
    _rule("Unlicense", "this is free and unencumbered software released into the public domain"),
    _rule(
        "Zlib",
        "in a product an acknowledgment in the product documentation would be appreciated but is "
        "not required # altered source versions must be plainly marked as such and must not be "
        "misrepresented as being the original software # this notice may not be removed or "
        "altered from any source distribution",
    ),
)


def licences_in(text: str) -> tuple[str, ...]:
    """Return the SPDX identifiers of the licences whose text is in ``text``, sorted.

    The text of a GNU licence alone does not let later versions be chosen, so it is ``-only``.
    """
    words = f" {' '.join(_WORDS.findall(text.lower()))} "
    if _CHANGES_ANY.search(words):
        return ()
    found = {rule.licence for rule in _RULES if re.search(rule.pattern, words) is not None}
    return tuple(sorted(found))


def is_licence_name(name: str) -> bool:
    """Tell whether a file of this name, at the root of a module, holds its licence."""
    return bool(_FILE_NAME.fullmatch(name)) and not _NOT_A_TEXT.fullmatch(name)
