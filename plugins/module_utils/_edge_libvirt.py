# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The edge of the modules that declare libvirt objects: from argument spec to result."""

from __future__ import annotations

import gc
import typing as t

from ansible.module_utils import basic
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minicloud.kvm.plugins.module_utils._edge import finish, require
from ansible_collections.minicloud.kvm.plugins.module_utils._edge_spec import cut
from ansible_collections.minicloud.kvm.plugins.module_utils._engine import (
    Kind,
    Result,
    argument_spec,
    constraints,
    declare,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._given import rows_of
from ansible_collections.minicloud.kvm.plugins.module_utils._libvirt import LIBVIRT_IMPORT_ERROR, Host, connect
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import MASK, Row
from ansible_collections.minicloud.kvm.plugins.module_utils._xml import LXML_IMPORT_ERROR


def _invocation(kind: t.Type[Kind[t.Any]], options: Result) -> Result:
    """What Ansible shows with -vvv of the options given: of many objects, only which.

    Ansible itself would send back every option of every object, nearly all of them not given.
    """
    given = {option: value for option, value in options.items() if value is not None}
    # Ansible masks these too, wherever the very text stands; this does not look at the text.
    given.update({row.option: MASK for row in rows_of(kind.rows, given) if isinstance(row, Row) and row.no_log})
    if kind.plural in given:
        given[kind.plural] = [kind.called(each) for each in given[kind.plural]]
    return given


def _options(kind: t.Type[Kind[t.Any]], params: Result) -> set[str] | None:
    """The options that a task has, of one object or of any; None where the list of them is for Ansible to read."""
    objects = params.get(kind.plural) or []
    if not isinstance(objects, list) or not all(isinstance(each, dict) for each in objects):
        return None
    given: set[str] = set().union(params, *objects)
    return {option for option in given - {"uri", kind.plural} if not option.startswith("_ansible_")}


# What may destroy something has to stand at the very object that it is meant for.
_NEVER_SHARED = frozenset(("allow_shrink", "force", "overwrite", "remove_volumes", "wipe"))


def _share(kind: t.Type[Kind[t.Any]], params: Result) -> None:
    """What stands beside a list counts for every object in it that has no option of its own, as in all our modules."""
    objects = params.get(kind.plural)
    if not isinstance(objects, list) or not all(isinstance(each, dict) for each in objects):
        return
    own = {"uri", "xml", kind.plural, *kind.named_by} | _NEVER_SHARED
    shared = {name: value for name, value in params.items() if value is not None and name not in own and name[0] != "_"}
    params[kind.plural] = [{**shared, **each} for each in objects]
    for name in shared:
        del params[name]


def _refuse_shared(kind: t.Type[Kind[t.Any]], params: Result) -> None:
    beside = sorted(name for name in _NEVER_SHARED if params.get(name)) if params[kind.plural] is not None else []
    if beside:
        raise KvmError(
            "{0} stands beside {1}, and has to stand at the very entries that it is meant for.".format(
                ", ".join(beside), kind.plural
            ),
            error_code="bad_value",
        )


class _Module(AnsibleModule):
    """Logs which objects it is about, and no more.

    Ansible would log all options, lists as Python writes them: a secret in them that has a quote or a backslash is not
    found and not masked.
    """

    def __init__(self, kind: t.Type[Kind[t.Any]]) -> None:
        self.kind = kind
        self._done: Result = {}
        # What Ansible has not called checks the documentation, and wants the whole spec; else see _load_params.
        spec = {} if basic._ANSIBLE_ARGS else argument_spec(kind)  # noqa: SLF001
        super().__init__(spec, **constraints(kind))
        self.params.update(self._done)

    def _load_params(self) -> None:
        super()._load_params()
        _share(self.kind, self.params)
        spec = argument_spec(self.kind, _options(self.kind, self.params))
        self.argument_spec, self.params, self._done = cut(spec, self.params)

    def _log_invocation(self) -> None:
        objects = self._done.get(self.kind.plural, self.params[self.kind.plural])
        names = [str(self.kind.called(each)) for each in ([self.params] if objects is None else objects)]
        self.log("Invoked for {0}: {1}".format(self.kind.plural, ", ".join(names)))


def run_reading(
    spec: Result, gather: t.Callable[[Host, Result], Result], read_only: t.Callable[[Result], bool] = lambda _: True
) -> t.NoReturn:
    """A whole module that only reads, over a connection that can't do more where that is enough for its options."""
    gc.disable()
    module = AnsibleModule({"uri": {"type": "str", "default": "qemu:///system"}, **spec}, supports_check_mode=True)
    _require_libraries(module)

    def work() -> Result:
        with connect(module.params["uri"], read_only=read_only(module.params)) as host:
            return gather(host, module.params)

    finish(module, work)


def _require_libraries(module: AnsibleModule) -> None:
    require(module, "libvirt", LIBVIRT_IMPORT_ERROR, "python3-libvirt")
    require(module, "lxml", LXML_IMPORT_ERROR, "python3-lxml")


def run(kind: t.Type[Kind[t.Any]]) -> t.NoReturn:
    """A whole module: declare objects of one kind over one connection."""
    gc.disable()  # For its short life: to look for cycles among the elements of many objects costs, and finds none.
    module = _Module(kind)
    _require_libraries(module)

    for each in [module.params, *(module.params[kind.plural] or [])]:
        # Ansible masks them in everything it shows: results, errors, the log.
        module.no_log_values |= kind.secrets(each)

    def work() -> Result:
        _refuse_shared(kind, module.params)
        with connect(module.params["uri"]) as host:
            result = declare(kind(module.check_mode), host, module.params, module.check_mode)
        return {**result, "invocation": {"module_args": _invocation(kind, module.params)}}

    finish(module, work)
