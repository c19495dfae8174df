# Copyright: (c) 2026, minicloud.kvm contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files from a URL: streamed, going on where it was interrupted, and verified."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import syslog
import time
import typing as t
import urllib.error
from urllib.parse import unquote, urlsplit, urlunsplit

from ansible_collections.minicloud.kvm.plugins.module_utils._errors import KvmError, NotFound
from ansible_collections.minicloud.kvm.plugins.module_utils._image import HEAD, Content, recognise
from ansible_collections.minicloud.kvm.plugins.module_utils._sizes import format_size

_BLOCK = 1024 * 1024
# Seconds between one try and the next. What came in between starts them anew: only a standstill is given up.
_PAUSES = (1, 2, 5, 10)
_TIMEOUT = 60


class _Interrupted(Exception):
    """The server, or the way there, let go: it may go on."""


def is_url(src: str) -> bool:
    return not src.startswith("/")


def shown(src: str) -> str:
    """A source as it may be seen: without the password that a URL may have."""
    if not is_url(src):
        return src
    parts = urlsplit(src)
    host = parts.netloc.rpartition("@")[2]
    return src if host == parts.netloc else urlunsplit(parts._replace(netloc="********@" + host))


def passwords(text: str) -> set[str]:
    """The password of a URL in a text (a source, or a checksum that is looked up), as it stands there and as it is."""
    found = re.findall(r"://[^/?#\s]*:([^/?#\s]*)@", text)
    return {each for password in found for each in (password, unquote(password)) if each}


def peek(url: str) -> Content:
    """What a URL has, from its first bytes."""
    head, size = _read(url, {"Range": "bytes=0-{0}".format(HEAD - 1)}, HEAD)
    return recognise(head, size or len(head), shown(url))


def fetch(url: str, path: str, checksum: str | None, what: str) -> None:
    """Download to a path. With a checksum what an earlier run has left there is gone on from.

    what: for whom, in the log. Nothing is left at the path when it turns out wrong.
    """
    wanted = digest(checksum, url) if checksum else None
    earlier = _size(path) if wanted and os.path.isfile(path) and not os.path.islink(path) else 0
    if not earlier:
        _empty(path)
    _stream(url, path, what)
    if wanted is None:
        return
    found = _hash(path, wanted[0])
    if found != wanted[1] and earlier:
        # The part from before may have been of another file.
        _empty(path)
        _stream(url, path, what)
        found = _hash(path, wanted[0])
    if found != wanted[1]:
        os.unlink(path)
        raise _mismatch(url, wanted, found)


def verify(path: str, checksum: str) -> None:
    """Refuse a file that has not the checksum."""
    wanted = digest(checksum, path)
    found = _hash(path, wanted[0])
    if found != wanted[1]:
        raise _mismatch(path, wanted, found)


def digest(checksum: str, src: str) -> tuple[str, str]:
    """(algorithm, hexadecimal digits) of a declared checksum; a URL of a list is looked up by the file's name."""
    algorithm, _colon, value = checksum.partition(":")
    if not is_url("/" if re.fullmatch("[0-9a-fA-F]+", value) else value):
        return algorithm, value.lower()
    text = _read(value, {}, 16 * _BLOCK)[0].decode(errors="replace")
    name = os.path.basename(urlsplit(src).path if is_url(src) else src)
    digits_only = re.compile("[0-9a-fA-F]{{{0}}}".format(hashlib.new(algorithm).digest_size * 2))
    for line in text.splitlines():
        # "digits  name" of coreutils, "digits *name", "SHA256 (name) = digits" of BSD; or the digits alone.
        words = re.split(r"[\s*()=]+", line.strip())
        digits = next((word for word in words if digits_only.fullmatch(word)), None)
        if digits and (words == [digits] or name in (os.path.basename(word) for word in words)):
            return algorithm, digits.lower()
    raise NotFound("There is no {0} checksum of {1} in {2}.".format(algorithm, name, shown(value)))


def _read(url: str, headers: dict[str, str], limit: int) -> tuple[bytes, int]:
    """(the first bytes of what a URL has, the bytes of all of it; 0 where the server does not say)."""
    tries = 0
    while True:
        try:
            with _open(url, headers) as response:
                return response.read(limit), _total(response) or 0
        except urllib.error.HTTPError:
            # 416, the only one that comes here: there is not one byte to give.
            return b"", 0
        except (OSError, http.client.HTTPException, _Interrupted) as error:
            tries += 1
            if tries > 1:
                raise KvmError(
                    "{0} can't be read: {1}.".format(shown(url), error), error_code="download_failed"
                ) from error
            time.sleep(_PAUSES[0])


def _mismatch(src: str, wanted: tuple[str, str], found: str) -> KvmError:
    return KvmError(
        "{0} has the {1} checksum {2}, not {3}: no volume is made of it.".format(
            shown(src), wanted[0], found, wanted[1]
        ),
        error_code="wrong_checksum",
        remedy="Is it another release of the image, or did somebody change it?",
    )


def _stream(url: str, path: str, what: str) -> None:
    """Bring the file at a path to its end, in as many tries as it takes while they bring anything."""
    validator: list[str] = []
    tries = 0
    while True:
        before = _size(path)
        try:
            return _go_on(url, path, validator, what)
        except _Interrupted as error:
            tries = 0 if _size(path) > before else tries + 1
            if tries > len(_PAUSES):
                raise KvmError(
                    "{0} can't be downloaded: {1} ({2} of it are here).".format(
                        shown(url), error, format_size(_size(path))
                    ),
                    error_code="download_failed",
                    remedy="With a checksum declared, the next run goes on from there.",
                ) from error
            time.sleep(_PAUSES[max(tries - 1, 0)])


def _go_on(url: str, path: str, validator: list[str], what: str) -> None:
    """One request. validator (RFC 9110, 13.1.5): by it the next one knows the same file; kept in it."""
    offset = _size(path)
    headers = {"Range": "bytes={0}-".format(offset)} if offset else {}
    if offset and validator:
        headers["If-Range"] = validator[0]
    try:
        response = _open(url, headers)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not offset:
            raise
        # Nothing is behind what is here: it is whole, or of another file, which its checksum tells.
        return
    with response:
        total = _total(response)
        if response.getcode() != 206:
            offset = 0
            _empty(path)
        tag = response.headers.get("ETag") or ""
        known = tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified")
        validator[:] = [known] if known else []
        _copy(response, path, offset, total, what)


def _copy(response: t.Any, path: str, offset: int, total: int | None, what: str) -> None:
    told = 0
    with open(path, "ab") as target:
        while True:
            try:
                block = response.read(_BLOCK)
            except (OSError, http.client.HTTPException) as error:
                raise _Interrupted(str(error) or type(error).__name__) from error
            if not block:
                break
            target.write(block)
            offset += len(block)
            if total and offset * 10 // total > told:
                told = offset * 10 // total
                log("{0}: {1} % of {2} downloaded".format(what, told * 10, format_size(total)))
        target.flush()
        os.fsync(target.fileno())
    if total is not None and offset < total:
        raise _Interrupted("the connection ended")


def _open(url: str, headers: dict[str, str]) -> t.Any:
    """A response; HTTPError for what only the caller may expect, _Interrupted for what may pass."""
    # Here and not above: it takes longer to import than to look at 200 volumes.
    from ansible.module_utils import urls  # noqa: PLC0415

    try:
        return urls.open_url(
            url, headers={"Accept-Encoding": "identity", **headers}, timeout=_TIMEOUT, decompress=False
        )
    except urllib.error.HTTPError as error:
        if error.code == 416:
            raise
        if error.code >= 500 or error.code in (408, 429):
            raise _Interrupted("the server answers {0}".format(error.code)) from error
        raise NotFound("{0} can't be read: the server answers {1}.".format(shown(url), error.code)) from error
    except (urls.ConnectionError, ValueError) as error:
        raise KvmError("{0} can't be read: {1}.".format(shown(url), error), error_code="download_failed") from error
    except (OSError, http.client.HTTPException) as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise KvmError(
                "{0} can't be trusted: {1}.".format(shown(url), error), error_code="download_failed"
            ) from error
        raise _Interrupted(str(error) or type(error).__name__) from error


def _total(response: t.Any) -> int | None:
    """The bytes of the whole file, as far as the server says."""
    whole = re.fullmatch(r"bytes .*/(\d+)", response.headers.get("Content-Range") or "")
    text = whole.group(1) if whole else response.headers.get("Content-Length")
    return int(text) if text else None


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:
        return 0


def _empty(path: str) -> None:
    """An empty file of ours; never what a link there points to."""
    if os.path.lexists(path):
        os.unlink(path)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _hash(path: str, algorithm: str) -> str:
    found = hashlib.new(algorithm)
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(_BLOCK), b""):
            found.update(block)
    return found.hexdigest()


def log(text: str) -> None:
    """A line for the system's log: a module can't show anything before its end."""
    syslog.openlog("minicloud.kvm.libvirt_volume")
    syslog.syslog(syslog.LOG_INFO, text)
