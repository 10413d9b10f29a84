"""Hypothesis strategies for subjects of certificates."""

from hypothesis import strategies as st

from tests.fakes.certificates import (
    BMP,
    COMMON_NAME,
    COUNTRY,
    IA5,
    NUMERIC,
    PRINTABLE,
    TELETEX,
    UNIVERSAL,
    UTF8,
    Name,
)

characters = st.characters(exclude_categories=["Cs"])
latin = st.text(st.characters(max_codepoint=255)).map(lambda text: text.encode("latin-1"))
spaced = st.text(st.sampled_from("aAzZ \t\n\v\f\r\0Ä\u00a0\u0085")).map(str.encode)
names = st.builds(Name, st.sampled_from([COMMON_NAME, COUNTRY]), st.just(UTF8), spaced) | st.one_of(
    st.builds(Name, st.just(COMMON_NAME), st.sampled_from([PRINTABLE, TELETEX, IA5]), latin),
    st.builds(Name, st.just(COMMON_NAME), st.just(UTF8), st.text(characters).map(str.encode)),
    st.builds(Name, st.just(COMMON_NAME), st.just(NUMERIC), st.binary()),
    st.builds(
        Name,
        st.just(COMMON_NAME),
        st.just(BMP),
        st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0xFFFF)).map(
            lambda text: text.encode("utf-16-be")
        ),
    ),
    st.builds(
        Name,
        st.just(COMMON_NAME),
        st.just(UNIVERSAL),
        st.text(characters).map(lambda text: text.encode("utf-32-be")),
    ),
)
subjects = st.lists(st.lists(names, min_size=1, max_size=3), max_size=4)
