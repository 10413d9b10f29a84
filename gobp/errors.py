"""The one exception a user sees: what was found, what is wrong, what to do."""

TYPE_CHECKING = False  # as typing has it, which costs bin/detect more than its answer
if TYPE_CHECKING:
    from collections.abc import Callable


class UserError(Exception):
    """A failure that the user, not gobp, can put right.

    ``summary`` says in one line what was found and what is wrong, ``remedy`` what to do about it,
    ``detail`` (may have several lines) what helps to see why; ``code`` names the kind of failure
    for programs (docs/failures.md), "" for one without a name. Only entry points catch it; any
    other exception is a bug of gobp's.
    """

    def __init__(self, summary: str, *, remedy: str, detail: str = "", code: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.remedy = remedy
        self.detail = detail
        self.code = code

    def rewritten(self, rewrite: "Callable[[str], str]") -> "UserError":
        """Return the same failure with each of its texts rewritten, to hide secrets for example."""
        return UserError(
            rewrite(self.summary),
            remedy=rewrite(self.remedy),
            detail=rewrite(self.detail),
            code=self.code,
        )

    def __str__(self) -> str:
        """Return all parts as lines, in the order in which they are read."""
        parts = [self.summary]
        if self.detail:
            parts.extend(f"  {line}".rstrip() for line in self.detail.splitlines())
        parts.append(f"To fix it: {self.remedy}")
        return "\n".join(parts)
