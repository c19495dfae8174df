# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""kvm_host_check from its options to its result."""

from __future__ import annotations

import os
import typing as t
from dataclasses import asdict
from pathlib import Path

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue, KvmError
from ansible_collections.minicloud.kvm.plugins.module_utils._host import read_host
from ansible_collections.minicloud.kvm.plugins.module_utils._host_check import (
    ERROR,
    Required,
    domain_type,
    is_ready,
    judge,
    problems,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._host_kvm import prove_kvm
from ansible_collections.minicloud.kvm.plugins.module_utils._host_programs import read_programs
from ansible_collections.minicloud.kvm.plugins.module_utils._host_tree import Tree
from ansible_collections.minicloud.kvm.plugins.module_utils._mounts import require_answers
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import parse_size


def check_host(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Look at this machine. KvmError ``not_ready`` (with the whole result) where it is to fail and isn't ready."""
    required = _required(options)
    if not Path(options["images_path"]).is_absolute():
        raise BadValue("images_path", options["images_path"], "an absolute path is wanted")
    require_answers({options["images_path"]: "The directory of images"})
    machine = os.uname().machine
    proof = prove_kvm("/dev/kvm", machine)
    if not proof.proven and proof.reached == "vcpu":
        # A busy machine may have starved the virtual CPU; one that can't run at all doesn't the second time either.
        proof = prove_kvm("/dev/kvm", machine)
    host = read_host(Tree(), machine, options["images_path"], proof, read_programs(machine))
    findings = judge(host, required)
    result: dict[str, t.Any] = {
        "changed": False,
        "ready": is_ready(findings),
        "domain_type": domain_type(findings),
        "problems": [asdict(one) for one in problems(findings)],
        "checks": [asdict(one) for one in findings],
        "facts": asdict(host),
    }
    if options["fail_if_not_ready"] and not result["ready"]:
        errors = [
            "{0}: {1} ({2})".format(one.check, one.found, one.remedy) for one in findings if one.severity == ERROR
        ]
        message = "This machine is not ready to be a hypervisor. {0}.".format(". ".join(errors))
        raise KvmError(message, error_code="not_ready", **result)
    return result


def _required(options: t.Mapping[str, t.Any]) -> Required:
    sizes = {
        name: None if options[name] is None else parse_size(name, options[name], minimum=1)
        for name in ("memory", "disk", "hugepages")
    }
    if options["cpus"] is not None and options["cpus"] < 1:
        raise BadValue("cpus", options["cpus"], "a number from 1 on is wanted")
    return Required(
        acceleration=options["acceleration"],
        cpus=options["cpus"],
        nested=options["nested"],
        iommu=options["iommu"],
        **sizes,
    )
