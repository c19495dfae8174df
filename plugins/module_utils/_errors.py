# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What can go wrong, as exceptions. Only the edge (_edge.py) turns them into a failed task."""

from __future__ import annotations

from typing import Any


class KvmError(Exception):
    """Something a user has to know.

    message: one sentence that says what was being done, to which object, and what was found.
    error_code: a stable word that a playbook can test for (``bad_value``, ``not_found``, ...).
    remedy: what to do next, where there is something to do.
    facts: more keys for the failed task's result.
    """

    error_code = "failed"

    def __init__(self, message: str, *, error_code: str | None = None, remedy: str | None = None, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = error_code or self.error_code
        self.remedy = remedy
        self.facts = facts

    def as_result(self) -> dict[str, Any]:
        """The keyword arguments for fail_json."""
        text = self.message if not self.remedy else "{0} {1}".format(self.message, self.remedy)
        result: dict[str, Any] = {"msg": text, "error_code": self.error_code}
        if self.remedy:
            result["remedy"] = self.remedy
        result.update(self.facts)
        return result


class BadValue(KvmError):
    """An option's value that can't be meant: names the option, the value and what is allowed."""

    error_code = "bad_value"

    def __init__(self, option: str, value: Any, allowed: str, **facts: Any) -> None:
        super().__init__("{0}: {1!r} is not valid: {2}.".format(option, value, allowed), option=option, **facts)
        self.allowed = allowed


class NotFound(KvmError):
    """Something the task refers to is not there."""

    error_code = "not_found"
