# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The proof of KVM against files that are none, processes that hang and processes that die."""

from __future__ import annotations

import os
import signal
import typing as t
from pathlib import Path

import pytest
from ansible_collections.minicloud.kvm.plugins.module_utils._host_kvm import KvmProof, prove_kvm


def test_no_device(tmp_path: Path) -> None:
    assert prove_kvm(str(tmp_path / "kvm"), "x86_64") == KvmProof(None, False, "No such file or directory", 2)


def test_a_file_that_is_not_kvm(tmp_path: Path) -> None:
    (tmp_path / "kvm").write_text("", encoding="utf-8")
    proof = prove_kvm(str(tmp_path / "kvm"), "x86_64")
    assert (proof.reached, proof.proven, proof.errno) == ("open", False, 25)


def test_steps_end_where_the_architecture_has_its_goal() -> None:
    def as_far_as_the_vcpu(_device: str, _machine: str) -> t.Iterator[str]:
        yield from ("open", "api", "vm", "vcpu")

    assert prove_kvm("", "aarch64", steps=as_far_as_the_vcpu) == KvmProof("vcpu", True)
    assert not prove_kvm("", "x86_64", steps=as_far_as_the_vcpu).proven


def test_a_hang_is_ended(tmp_path: Path) -> None:
    def hang(_device: str, _machine: str) -> t.Iterator[str]:
        (tmp_path / "pid").write_text(str(os.getpid()), encoding="utf-8")
        yield from ("open", "api", "vm", "vcpu")
        signal.pause()

    assert prove_kvm("", "x86_64", 0.2, hang) == KvmProof("vcpu", False, "no answer within 0.2 s")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), 0)


def test_a_death_is_told() -> None:
    def die(_device: str, _machine: str) -> t.Iterator[str]:
        yield "open"
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()

    proof = prove_kvm("", "x86_64", 5, die)
    assert proof == KvmProof("open", False, "the trying process was ended by signal 15")
