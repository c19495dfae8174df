# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Proof that KVM works: a virtual machine with one CPU is made and a few instructions are run in it.

The numbers are those of the kernel's uapi (include/uapi/linux/kvm.h; the calls are described in
Documentation/virt/kvm/api.rst). On other architectures than x86 the proof ends with the virtual CPU made.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import select
import signal
import struct
import typing as t
from dataclasses import dataclass

_API_VERSION = 12  # the only one there has been since Linux 2.6.22
_GET_API_VERSION = 0xAE00
_CREATE_VM = 0xAE01
_GET_VCPU_MMAP_SIZE = 0xAE04
_CREATE_VCPU = 0xAE41
_SET_USER_MEMORY_REGION = 0x4020AE46
_RUN = 0xAE80
_SET_REGS = 0x4090AE82
_GET_SREGS = 0x8138AE83
_SET_SREGS = 0x4138AE84
_SREGS_SIZE = 312
_EXIT_REASON_OFFSET = 8
_EXIT_HLT = 5

# Sixteen-bit code at 0x1000: 2 + 2 is stored at 0x2000, then the CPU halts.
_CODE_AT, _RESULT_AT, _MEMORY = 0x1000, 0x2000, 0x4000
_CODE = bytes((0xB0, 2, 0x04, 2, 0xA2, _RESULT_AT & 0xFF, _RESULT_AT >> 8, 0xF4))

X86 = ("x86_64", "i386", "i486", "i586", "i686")
STEPS = ("open", "api", "vm", "vcpu", "run")


@dataclass(frozen=True)
class KvmProof:
    """How far it went. ``reached`` is the last of STEPS that worked (None: not even opened).

    ``error`` is the text of what the next step met, ``errno`` its number where the kernel gave one.
    """

    reached: str | None = None
    proven: bool = False
    error: str | None = None
    errno: int | None = None


Steps = t.Callable[[str, str], t.Iterator[str]]


def prove_kvm(device: str, machine: str, seconds: float = 30.0, steps: Steps | None = None) -> KvmProof:
    """Try KVM in a child process: a virtual CPU that hangs (or takes its process with it) can't take the task along.

    ``seconds`` is the longest silence between two steps; ``steps`` are those to do (the ones of this file).
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(device, machine, writer, steps or _steps)
    os.close(writer)
    try:
        text, ended = _read_to_end(reader, seconds)
        if not ended:
            os.kill(child, signal.SIGKILL)
            ended = _read_to_end(reader, 2.0)[1]
    finally:
        os.close(reader)
    # A process that outlives SIGKILL is stuck in the kernel; waiting for it would be for ever.
    status = os.waitpid(child, 0 if ended else os.WNOHANG)[1]
    return _proof(text, machine, seconds, status if ended else None)


def _child(device: str, machine: str, writer: int, steps: Steps) -> t.NoReturn:
    """Write one line a step that worked, and a last one for an error; never return into Ansible's code."""
    code = 1
    try:
        for step in steps(device, machine):
            os.write(writer, "{0}\n".format(step).encode())
        code = 0
    except OSError as error:
        os.write(writer, "error {0} {1}\n".format(error.errno or 0, error.strerror or error).encode())
    finally:
        os._exit(code)


def _steps(device: str, machine: str) -> t.Iterator[str]:
    """Do the steps one after the other, naming each once it is done; OSError where one fails."""
    kvm = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    yield "open"
    version = fcntl.ioctl(kvm, _GET_API_VERSION, 0)
    if version != _API_VERSION:
        raise OSError(0, "it speaks version {0} of the API, not {1}".format(version, _API_VERSION))
    yield "api"
    machine_fd = fcntl.ioctl(kvm, _CREATE_VM, 0)
    yield "vm"
    vcpu = fcntl.ioctl(machine_fd, _CREATE_VCPU, 0)
    yield "vcpu"
    if machine in X86:
        _run(kvm, machine_fd, vcpu)
        yield "run"


def _run(kvm: int, machine: int, vcpu: int) -> None:
    """Run _CODE in real mode and look at what it did."""
    memory = mmap.mmap(-1, _MEMORY)
    memory[_CODE_AT : _CODE_AT + len(_CODE)] = _CODE
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    fcntl.ioctl(machine, _SET_USER_MEMORY_REGION, struct.pack("=IIQQQ", 0, 0, 0, _MEMORY, address))
    shared = mmap.mmap(vcpu, fcntl.ioctl(kvm, _GET_VCPU_MMAP_SIZE, 0))

    special = bytearray(_SREGS_SIZE)
    fcntl.ioctl(vcpu, _GET_SREGS, special)
    struct.pack_into("=QIH", special, 0, 0, 0xFFFF, 0)  # the code segment: base, limit, selector
    fcntl.ioctl(vcpu, _SET_SREGS, bytes(special))
    # rax to r15 (16 of them), the instruction pointer, the flags (bit 1 is always set)
    fcntl.ioctl(vcpu, _SET_REGS, struct.pack("=18Q", *[0] * 16, _CODE_AT, 2))

    fcntl.ioctl(vcpu, _RUN, 0)
    (reason,) = struct.unpack_from("=I", shared, _EXIT_REASON_OFFSET)
    if reason != _EXIT_HLT or memory[_RESULT_AT] != 4:
        raise OSError(0, "the virtual CPU stopped for reason {0} with result {1}".format(reason, memory[_RESULT_AT]))


def _read_to_end(reader: int, seconds: float) -> tuple[str, bool]:
    """What came through the pipe, and whether the other end was closed before it was silent for ``seconds``."""
    parts: list[bytes] = []
    while select.select([reader], [], [], seconds)[0]:
        part = os.read(reader, 4096)
        if not part:
            return b"".join(parts).decode(), True
        parts.append(part)
    return b"".join(parts).decode(), False


def _proof(text: str, machine: str, seconds: float, status: int | None) -> KvmProof:
    """The child's lines and its end (None: it had to be killed, or could not be) as a KvmProof."""
    lines = text.splitlines()
    done = [line for line in lines if line in STEPS]
    reached = done[-1] if done else None
    goal = "run" if machine in X86 else "vcpu"
    if lines and lines[-1].startswith("error "):
        number, message = lines[-1].split(" ", 2)[1:]
        return KvmProof(reached, False, message, int(number) or None)
    if reached == goal:
        return KvmProof(reached, True)
    if status is not None and os.WIFSIGNALED(status) and os.WTERMSIG(status) != signal.SIGKILL:
        return KvmProof(reached, False, "the trying process was ended by signal {0}".format(os.WTERMSIG(status)))
    return KvmProof(reached, False, "no answer within {0:g} s".format(seconds))
