# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""libvirt: one connection, one small typed function a call. The only importer of libvirt.

Something that is missing is None; every other refusal of libvirt is a LibvirtError that says what was being done.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
import traceback
import typing as t

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError

LIBVIRT_IMPORT_ERROR: str | None = None
try:
    import libvirt
except ImportError:
    LIBVIRT_IMPORT_ERROR = traceback.format_exc()

Read = t.TypeVar("Read")
if t.TYPE_CHECKING:
    Handle = t.Any  # a virDomain, virNetwork, virStoragePool or virStorageVol


# Words of what libvirt calls an internal error or a failure, and is neither.
_IMPOSSIBLE = (
    "No more available PCI",
    "No free USB ports",
    "does not support hotplugging",
    "rejected by the guest",
)


_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&apos;", '"': "&quot;"})


class LibvirtError(KvmError):
    """libvirt's refusal: what was being done, libvirt's own message, its code and domain."""

    error_code = "libvirt_error"

    def __init__(self, doing: str, error: libvirt.libvirtError, remedy: str | None = None, **facts: t.Any) -> None:
        super().__init__(
            "Failed to {0}: {1}.".format(doing, (error.get_error_message() or str(error)).strip().rstrip(".")),
            remedy=remedy,
            libvirt_code=error.get_error_code(),
            libvirt_domain=error.get_error_domain(),
            **facts,
        )
        self.code: int = error.get_error_code() or 0

    @property
    def unsupported(self) -> bool:
        """Whether libvirt, QEMU or the guest can't do this at all (rather than it having gone wrong)."""
        if any(words in self.message for words in _IMPOSSIBLE):
            return True
        return self.code in (
            libvirt.VIR_ERR_NO_SUPPORT,
            libvirt.VIR_ERR_OPERATION_UNSUPPORTED,
            libvirt.VIR_ERR_CONFIG_UNSUPPORTED,
            libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED,
            libvirt.VIR_ERR_OPERATION_TIMEOUT,
        )

    @property
    def missing(self) -> bool:
        """Whether what it was about is not there (any more)."""
        return self.code in (
            libvirt.VIR_ERR_NO_DOMAIN,
            libvirt.VIR_ERR_NO_NETWORK,
            libvirt.VIR_ERR_NO_STORAGE_POOL,
            libvirt.VIR_ERR_NO_STORAGE_VOL,
            libvirt.VIR_ERR_NO_SECRET,
            libvirt.VIR_ERR_NO_NWFILTER,
        )

    @property
    def invalid(self) -> bool:
        """Whether the host lacks what it takes, such as a cgroup controller."""
        return bool(self.code == libvirt.VIR_ERR_OPERATION_INVALID)


# Words of a connection that is lost.
_LOST = ("End of file while reading data", "client socket is closed", "Cannot write data", "Connection reset by peer")
_REMEDIES = (
    ("Failed to connect socket", "Is libvirt's daemon running on this host, and may this user use it?"),
    ("authentication", "The user needs access to libvirt: become root, or be in the group libvirt."),
    (
        "qdisc kind is unknown",
        "Limits of traffic need sch_htb, sch_sfq and sch_ingress in the host's kernel: load them, or declare none.",
    ),
    ("Cannot recv data", "Can this host log in there with ssh, with a key and a known host key?"),
    *(
        (words, "Somebody else has made it at the same time: run the task again.")
        for words in ("already exists with uuid", "already defined for use with")
    ),
    *((words, "libvirt's daemon has ended or was restarted: run the task again.") for words in _LOST),
)


@contextlib.contextmanager
def doing(what: str) -> t.Iterator[None]:
    """libvirt's errors inside become a LibvirtError that says what was being done."""
    try:
        yield
    except libvirt.libvirtError as error:
        text = error.get_error_message() or ""
        remedy = next((remedy for words, remedy in _REMEDIES if words in text), None)
        failed = LibvirtError(what, error, remedy)
        if any(words in text for words in _LOST):
            failed.error_code = "connection_lost"
        raise failed from error


@contextlib.contextmanager
def unless(so: t.Callable[[], bool], gone: bool = False) -> t.Iterator[None]:
    """A state that somebody else has brought about meanwhile is as good: no failure where ``so()`` holds.

    gone: what is not there any more is as it shall be, too.
    """
    try:
        yield
    except LibvirtError as error:
        if not ((error.missing and gone) or (error.invalid and so())):
            raise


def there(read: t.Callable[[], Read]) -> Read | None:
    """What is read of an object that was listed; None where somebody has removed it since."""
    try:
        return read()
    except LibvirtError as error:
        if not error.missing:
            raise
        return None


@functools.cache
def _run_events() -> None:
    """Run libvirt's event loop beside the work, once and before the first connection.

    It also answers the daemon's keepalive: a connection that is silent for half a minute, while an image is copied or
    another host is asked, would be closed.
    """

    def loop() -> None:
        while True:
            libvirt.virEventRunDefaultImpl()

    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=loop, daemon=True, name="libvirt events").start()


def connect(uri: str, read_only: bool = False) -> Host:
    """A connection. libvirt's own printing of errors is silenced: they come back as exceptions."""
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    _run_events()
    try:
        with doing("connect to libvirt at {0}".format(uri)):
            connection = libvirt.openReadOnly(uri) if read_only else libvirt.open(uri)
    except LibvirtError as error:
        error.error_code = "no_connection"
        raise
    return Host(uri, connection)


class Host:
    """A libvirt connection, and waiting on its events."""

    def __init__(self, uri: str, connection: libvirt.virConnect) -> None:
        self.uri = uri
        self.connection = connection

    def close(self) -> None:
        with contextlib.suppress(libvirt.libvirtError):
            self.connection.close()

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @property
    def remote(self) -> bool:
        """Whether the URI names another host, whose files can't be seen from here."""
        return bool(self.uri.partition("://")[2].partition("/")[0])

    def version(self) -> int:
        """libvirt's version there: 9000000 for 9.0.0."""
        with doing("ask for libvirt's version"):
            return int(self.connection.getLibVersion())

    def capabilities(self) -> str:
        with doing("read the host's capabilities"):
            return str(self.connection.getCapabilities())

    def domain_capabilities(self, emulator: str | None, arch: str | None, machine: str | None, kind: str | None) -> str:
        """What domains of that sort may have (formatdomaincaps)."""
        with doing("ask what domains can have"):
            return str(self.connection.getDomainCapabilities(emulator, arch, machine, kind, 0))

    def hostname(self) -> str:
        with doing("ask for the host's name"):
            return str(self.connection.getHostname())

    def wait(self, done: t.Callable[[], bool], event: int, timeout: float, domain: Handle | None = None) -> bool:
        """Wait until ``done`` says so, looking again at each event of that kind; False when the time is over.

        event: VIR_DOMAIN_EVENT_ID_*. timeout: seconds.
        """
        woken = threading.Event()

        def wake(*_args: object) -> None:
            woken.set()

        deadline = time.monotonic() + timeout
        with doing("wait for libvirt's events"):
            # Also where the daemon ends there is something to look at.
            self.connection.registerCloseCallback(wake, None)
            callback = self.connection.domainEventRegisterAny(domain, event, wake, None)
        try:
            # Registered before the first look: an event between the two is not missed.
            while not done():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                woken.wait(left)
                woken.clear()
            return True
        finally:
            with contextlib.suppress(libvirt.libvirtError):  # of a connection that is lost
                self.connection.domainEventDeregisterAny(callback)
                self.connection.unregisterCloseCallback()


def quoted(text: str) -> str:
    """A text as libvirt writes it as an attribute's value."""
    # Python's own escape() lives beside its web client, whose import takes longer than all of the domain's disks.
    return "'{0}'".format(text.translate(_ESCAPED))


def names(handles: t.Iterable[Handle]) -> dict[str, Handle]:
    """Handles by name; libvirt keeps the name in the handle, so this asks nothing."""
    return {str(handle.name()): handle for handle in handles}


def definition(handle: Handle, flags: int) -> str:
    """XML with flags where there is such a one: an inactive XML exists of what is persistent only."""
    try:
        return str(handle.XMLDesc(flags if flags and handle.isPersistent() else 0))
    except libvirt.libvirtError as error:
        # libvirt's test driver has no inactive XML at all.
        if not flags or error.get_error_code() != libvirt.VIR_ERR_INVALID_ARG:
            raise
        return str(handle.XMLDesc(0))


# --- networks -------------------------------------------------------------------------------------------------------


def networks(host: Host) -> dict[str, Handle]:
    with doing("list the networks"):
        return names(host.connection.listAllNetworks(0))


def network_xml(network: Handle, inactive: bool = True) -> str:
    with doing("read network {0}".format(network.name())):
        return definition(network, libvirt.VIR_NETWORK_XML_INACTIVE if inactive else 0)


def network_define(host: Host, name: str, xml: str) -> Handle:
    with doing("define network {0}".format(name)):
        return host.connection.networkDefineXML(xml)


# --- what networks and pools have in common ---------------------------------------------------------------------------


def is_active(handle: Handle) -> bool:
    with doing("ask whether {0} is active".format(handle.name())):
        return bool(handle.isActive())


def is_persistent(handle: Handle) -> bool:
    with doing("ask whether {0} is persistent".format(handle.name())):
        return bool(handle.isPersistent())


def autostart(handle: Handle) -> bool:
    if not is_persistent(handle):
        return False
    with doing("ask whether {0} starts with the host".format(handle.name())):
        return bool(handle.autostart())


def set_autostart(handle: Handle, on: bool) -> None:
    with doing("set autostart of {0}".format(handle.name())):
        handle.setAutostart(int(on))


def start(handle: Handle) -> None:
    with unless(lambda: is_active(handle)), doing("start {0}".format(handle.name())):
        handle.create()


def stop(handle: Handle) -> None:
    """Stop a network or pool (libvirt calls it destroy); what it holds stays."""
    with unless(lambda: not is_active(handle), gone=True), doing("stop {0}".format(handle.name())):
        handle.destroy()


def undefine(handle: Handle) -> None:
    with unless(lambda: False, gone=True), doing("undefine {0}".format(handle.name())):
        handle.undefine()


def uuid(handle: Handle) -> str:
    return str(handle.UUIDString())
