# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A domain's identity beyond its name, its security labels, and the encryption of its memory."""

from __future__ import annotations

import binascii

from ansible_collections.minicloud.kvm.plugins.module_utils import (
    _codecs,
    _domain_codecs,
)
from ansible_collections.minicloud.kvm.plugins.module_utils._errors import BadValue
from ansible_collections.minicloud.kvm.plugins.module_utils._rows import AnyRow, Block, Many, Row

_LIBOSINFO = "{http://libosinfo.org/xmlns/libvirt/domain/1.0}"


class _Base64(_codecs.Text):
    """Bytes in base64, of which libvirt may want an exact number."""

    def __init__(self, wanted: int | None = None) -> None:
        super().__init__(r"[A-Za-z0-9+/=\s]+", "text in base64 is wanted")
        self.wanted = wanted

    def mean(self, option: str, value: _codecs.Value) -> _codecs.Value:
        text = super().mean(option, value)
        try:
            length = len(binascii.a2b_base64(text))
        except binascii.Error:
            raise BadValue(option, "given", self.allowed) from None
        if self.wanted not in (None, length):
            raise BadValue(option, "given", "{0} bytes in base64 are wanted, it has {1}".format(self.wanted, length))
        return text


IDENTITY: tuple[AnyRow, ...] = (
    Row(
        "genid",
        "genid",
        _domain_codecs.UuidByName(),
        help="Generation id, a UUID, by which the guest sees that it was cloned or turned back.",
        keep=True,
    ),
    Row(
        "os_id",
        "metadata/{0}libosinfo/{0}os/@id".format(_LIBOSINFO),
        _codecs.Text(r"https?://\S+", "an id of libosinfo is wanted, such as http://debian.org/debian/13"),
        help="libosinfo's id of the guest's system, such as V(http://debian.org/debian/13), for tools that show it.",
    ),
)

_SNP = "10.5.0"

SECURITY: tuple[AnyRow, ...] = (
    Many(
        "seclabels",
        "seclabel",
        (
            Row(
                "model",
                "@model",
                choices=("selinux", "apparmor", "dac", "none"),
                help="Security driver of the host; V(none) where it has none.",
                required=True,
            ),
            Row(
                "type",
                "@type",
                choices=("dynamic", "static", "none"),
                help="V(dynamic) is a label that libvirt makes, V(static) the given one, V(none) no confinement.",
                required=True,
            ),
            Row("relabel", "@relabel", _codecs.Switch(), help="Whether the domain's files get the label too."),
            Row("label", "label", help="The label, with V(static); V(dac) has V(user:group)."),
            Row("baselabel", "baselabel", help="What a label is made from, with V(dynamic)."),
        ),
        help="Labels of the host's security drivers, one each.",
        keys=("model",),
    ),
    Block(
        "launch_security",
        "launchSecurity",
        (
            Row(
                "type",
                "@type",
                choices=("sev", "sev-snp", "s390-pv"),
                help="AMD's SEV or SEV-SNP, or IBM's Secure Execution.",
                required=True,
                value_since={"sev-snp": _SNP},
            ),
            Row("policy", "policy", _domain_codecs.Hexadecimal(), help="Policy of SEV, such as V(0x0003)."),
            Row("cbitpos", "cbitpos", _codecs.Integer(0, 63), help="Place of the C-bit; left out, the host's."),
            Row(
                "reduced_phys_bits",
                "reducedPhysBits",
                _codecs.Integer(0, 63),
                help="Address bits lost; left out, the host's.",
            ),
            Row(
                "kernel_hashes", "@kernelHashes", _codecs.Switch(), help="Whether O(kernel) and the like are measured."
            ),
            Row("dh_cert", "dhCert", _Base64(), help="The owner's Diffie-Hellman certificate (SEV)."),
            Row("session", "session", _Base64(), help="The owner's session (SEV)."),
            Row(
                "author_key",
                "@authorKey",
                _codecs.Switch(),
                help="Whether O(launch_security.id_auth) has one.",
                since=_SNP,
            ),
            Row("vcek", "@vcek", _codecs.Switch(), help="Whether the guest may use a VCEK.", since=_SNP),
            Row(
                "guest_visible_workarounds",
                "guestVisibleWorkarounds",
                _Base64(16),
                help="Workarounds that the guest is told of, 16 bytes (SEV-SNP).",
                since=_SNP,
            ),
            Row("id_block", "idBlock", _Base64(96), help="Id block, 96 bytes (SEV-SNP).", since=_SNP),
            Row("id_auth", "idAuth", _Base64(4096), help="Its proof, 4096 bytes (SEV-SNP).", since=_SNP),
            Row("host_data", "hostData", _Base64(32), help="32 bytes for the guest (SEV-SNP).", since=_SNP),
        ),
        help="Encryption of the guest's memory.",
    ),
)
