# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The seed's image: text documents in, an ISO 9660 image out, and back. The only importer of pycdlib.

cloud-init's NoCloud looks for a file system labelled CIDATA whose root holds user-data, meta-data and, where wanted,
vendor-data and network-config (https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html). ISO 9660
itself knows neither the hyphen nor lower case: Rock Ridge (for Linux) and Joliet (for BSD and Windows) carry the names.
"""

from __future__ import annotations

import io
import struct
import traceback
import typing as t

try:
    import pycdlib
    from pycdlib.pycdlibexception import PyCdlibException

    IMPORT_ERROR = None
except ImportError:
    IMPORT_ERROR = traceback.format_exc()

LABEL = "CIDATA"
_SECTOR = 2048
_FIRST_DESCRIPTOR = 16 * _SECTOR
# ECMA-119 8.4: a descriptor's type 255 ends the set; 1 and 2 carry a volume's dates and its root's directory record.
_DESCRIPTOR_END = 255
_VOLUME_DESCRIPTORS = (1, 2)
_VOLUME_DATES = (813, 830, 847, 864)  # 8.4.26 to 8.4.29: creation, modification, expiration, effective
_NO_VOLUME_DATE = b"0" * 16 + b"\0"  # 8.4.26.1: "not specified"
_ROOT_RECORD = 156  # 8.4.18
_RECORD_EXTENT, _RECORD_DATE = 2, 18  # 9.1.3 to 9.1.5: where and how long, as little and big endian; when
# Rock Ridge (IEEE P1282 4.1.6): length 26, version 1, the times of modification, access and attribute change.
_STAMPS = b"TF\x1a\x01\x0e"
_EPOCH = bytes([70, 1, 1, 0, 0, 0, 0])  # 9.1.5: 1970-01-01 00:00:00 UTC
_FILE_MODE = 0o100400  # inside the guest only root reads it, wherever it gets mounted
_MAX_DOCUMENT = 16 * 1024 * 1024


class NotASeed(Exception):
    """The file is something else than an ISO 9660 image with the seed's label; the text says what was found."""


def write(documents: t.Mapping[str, str]) -> bytes:
    """The image for {file name: text}. The same documents give the same bytes, whenever and wherever."""
    image = pycdlib.PyCdlib()
    image.new(interchange_level=3, vol_ident=LABEL, joliet=3, rock_ridge="1.09")
    for name in sorted(documents):
        content = documents[name].encode("utf-8")
        image.add_fp(
            io.BytesIO(content),
            len(content),
            iso_path="/{0}.;1".format(name.replace("-", "_").upper()),
            rr_name=name,
            joliet_path="/" + name,
            file_mode=_FILE_MODE,
        )
    out = io.BytesIO()
    image.write_fp(out)
    image.close()
    return _without_dates(bytearray(out.getvalue()))


def read(image_file: t.BinaryIO) -> dict[str, str]:
    """``{file name: text}`` of what lies in the image's root, whoever made it; NotASeed where it is no seed."""
    image = pycdlib.PyCdlib()
    try:
        image.open_fp(image_file)
    except (PyCdlibException, ValueError, IndexError) as error:
        raise NotASeed("it is not an ISO 9660 image") from error
    try:
        label = image.pvd.volume_identifier.decode("ascii", "replace").strip()
        if label.upper() != LABEL:
            raise NotASeed("it is an ISO 9660 image labelled {0!r}".format(label))
        return dict(_documents(image))
    except PyCdlibException as error:
        raise NotASeed("it is an ISO 9660 image that can't be read: {0}".format(error)) from error
    finally:
        image.close()


def _documents(image: t.Any) -> t.Iterator[tuple[str, str]]:
    """Name and text of each file in the root, by the longest names that the image has."""
    if image.has_rock_ridge():
        kind = "rr_path"
    elif image.has_joliet():
        kind = "joliet_path"
    else:
        kind = "iso_path"
    for record in image.list_children(**{kind: "/"}):
        if not record.is_file():
            continue
        name = _name(record, kind)
        if record.get_data_length() > _MAX_DOCUMENT:
            raise NotASeed("its file {0} is larger than any seed's".format(name))
        content = io.BytesIO()
        image.get_file_from_iso_fp(content, **{kind: "/" + name})
        yield name, content.getvalue().decode("utf-8", "replace")


def _name(record: t.Any, kind: str) -> str:
    if kind == "rr_path":
        return t.cast(bytes, record.rock_ridge.name()).decode("utf-8", "replace")
    identifier = t.cast(bytes, record.file_identifier())
    return identifier.decode("utf-16_be" if kind == "joliet_path" else "ascii", "replace")


def _without_dates(image: bytearray) -> bytes:
    """Blank every date in an image whose files all lie in the root: pycdlib writes nothing but now."""
    start = _FIRST_DESCRIPTOR
    while image[start] != _DESCRIPTOR_END:
        if image[start] in _VOLUME_DESCRIPTORS:
            for offset in _VOLUME_DATES:
                _put(image, start + offset, _NO_VOLUME_DATE)
            root = start + _ROOT_RECORD
            _put(image, root + _RECORD_DATE, _EPOCH)
            extent, length = struct.unpack_from("<I4xI", image, root + _RECORD_EXTENT)
            _without_record_dates(image, extent * _SECTOR, extent * _SECTOR + length)
        start += _SECTOR
    return bytes(image)


def _without_record_dates(image: bytearray, start: int, end: int) -> None:
    """The same in one directory: each record starts with its own length, and zeros fill the rest of a sector."""
    while start < end and image[start]:
        following = start + image[start]
        _put(image, start + _RECORD_DATE, _EPOCH)
        stamps = image.find(_STAMPS, start, following)
        if stamps != -1:
            _put(image, stamps + len(_STAMPS), _EPOCH * 3)
        start = following


def _put(image: bytearray, offset: int, content: bytes) -> None:
    image[offset : offset + len(content)] = content
