"""Commands that answer as a test says."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gobp.errors import UserError
from gobp.system.process import Captured

Effect = Callable[[tuple[str, ...], Mapping[str, str]], None]


class ScriptedCommands:
    """Answers each command by its longest known beginning, and keeps what was asked."""

    def __init__(
        self, answers: Mapping[tuple[str, ...], Captured], effect: Effect | None = None
    ) -> None:
        self._answers = answers
        self._effect = effect
        self.ran: list[tuple[str, ...]] = []
        self.environments: list[Mapping[str, str]] = []

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        on_line: Callable[[str], None],
    ) -> int:
        done = self.capture(argv, cwd=cwd, env=env)
        if done.status == 127:
            raise UserError(f"the command {argv[0]!r} was not found", remedy="install it.")
        for line in (done.stdout + done.stderr).splitlines():
            on_line(line)
        return done.status

    def capture(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Captured:
        asked = tuple(argv)
        self.ran.append(asked)
        self.environments.append(dict(env))
        known = [start for start in self._answers if asked[: len(start)] == start]
        if not known:
            return Captured(127, "", f"{argv[0]}: not found")
        answer = self._answers[max(known, key=len)]
        if self._effect is not None and answer.status == 0:
            self._effect(asked, env)
        return answer
