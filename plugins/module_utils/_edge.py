# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The edge between Ansible and the collection: the only caller of exit_json and fail_json."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError

Result = t.Dict[str, t.Any]


def finish(module: AnsibleModule, work: t.Callable[[], Result]) -> t.NoReturn:
    """Do the work and end the module: its result becomes the task's, its KvmError a failed task."""
    try:
        result = work()
    except KvmError as error:
        module.fail_json(**error.as_result())
    for warning in result.pop("warnings", []):
        module.warn(warning)
    module.exit_json(**result)


def require(module: AnsibleModule, library: str, import_error: str | None, package: str) -> None:
    """End the module with Ansible's own words where a library could not be imported."""
    if import_error is not None:
        module.fail_json(
            msg="{0} (on Debian, Ubuntu, Fedora and EL the package is {1}).".format(
                missing_required_lib(library), package
            ),
            error_code="missing_library",
            exception=import_error,
        )
