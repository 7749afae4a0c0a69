"""One tree of errors. Each says what happened, in which input, and what to do; each has its exit code."""

from __future__ import annotations

from collections.abc import Callable

EXIT_OK = 0
EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_FLAGGED = 3
EXIT_NOT_CHECKED = 4
EXIT_GATE = 5


class DruqaError(Exception):
    """What happened, where, and the mend, in words for the person who can mend it."""

    exit_code = EXIT_ERROR

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what, self.where, self.mend = what, where, mend
        super().__init__(what)

    def __str__(self) -> str:
        return self.told(str)

    def told(self, shown: Callable[[str], str]) -> str:
        """The message with each of its parts as `shown` gives it: no input adds a line that looks like another part."""
        where = f"{shown(self.where)}: " if self.where else ""
        mend = f"\n  To mend: {shown(self.mend)}" if self.mend else ""
        return f"{where}{shown(self.what)}{mend}"


class UsageError(DruqaError):
    """The command or the call is wrong: an unknown cascade, a role that does not exist, no medication."""

    exit_code = EXIT_USAGE


class CascadeError(DruqaError):
    """A cascade folder holds something wrong; `where` names the file and the key."""


class SettingsError(DruqaError):
    """`druqa.toml`, the environment or `--model` binds something that cannot work."""


class DataError(DruqaError):
    """A table of names or evidence is missing or damaged."""


class JournalError(DruqaError):
    """Paid replies cannot be kept, so none may be bought."""
