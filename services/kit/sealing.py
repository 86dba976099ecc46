"""Sealed boxes (libsodium, PyNaCl): a citizen's contact travels so that only its reader can open it."""

from __future__ import annotations

import base64
import binascii

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from contracts.problems import Invalid


class Sealer:
    """Seals for the holder of the private key. Anonymous: it does not prove who sealed."""

    def __init__(self, public_key: str) -> None:
        """Raises: ValueError: not a base64 Curve25519 public key of 32 bytes."""
        self._box = SealedBox(PublicKey(_bytes(public_key)))

    def seal(self, plain: bytes) -> str:
        return base64.urlsafe_b64encode(self._box.encrypt(plain)).decode()


class Opener:
    """Opens what was sealed for this key."""

    def __init__(self, private_key: str) -> None:
        """Raises: ValueError: not a base64 Curve25519 private key of 32 bytes."""
        self._key = PrivateKey(_bytes(private_key))
        self._box = SealedBox(self._key)

    @property
    def public_key(self) -> str:
        return base64.urlsafe_b64encode(bytes(self._key.public_key)).decode()

    def open(self, sealed: str) -> bytes:
        """Raises: Invalid `sealed-box-unreadable`: sealed for another key, or damaged."""
        try:
            return bytes(self._box.decrypt(base64.urlsafe_b64decode(sealed)))
        except (CryptoError, ValueError, binascii.Error) as error:
            raise Invalid(
                "sealed-box-unreadable", "Không mở được dữ liệu đã niêm phong: sai khóa hoặc dữ liệu bị hỏng."
            ) from error


def new_private_key() -> str:
    """A fresh private key, URL-safe base64."""
    return base64.urlsafe_b64encode(bytes(PrivateKey.generate())).decode()


def _bytes(key: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(key.strip())
    except (ValueError, binascii.Error) as error:
        raise ValueError("the key is not URL-safe base64") from error
    if len(raw) != PrivateKey.SIZE:  # PyNaCl raises a TypeError for one kind of key, a ValueError for the other
        raise ValueError(f"the key has {len(raw)} bytes, not {PrivateKey.SIZE}")
    return raw
