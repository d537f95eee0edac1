"""Builds the packages that SWUpdate installs: a cpio archive, its description first, signed as Debian's build asks.

Debian's SWUpdate 2022.12 takes signed packages only (CMS, detached, DER), wants a SHA-256 of every image, and compares
the description's `hardware-compatibility` with the `board:revision` it was started with.
"""

import datetime
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HARDWARE_REVISION = "1.0"
RSA_BITS = 2048


class Image(NamedTuple):
    """One file of a package, where and by which of SWUpdate's handlers it is installed."""

    name: str
    content: bytes
    path: Path
    handler: str = "rawfile"
    properties: tuple[tuple[str, str], ...] = ()


class PackageSigner:
    """A key and the self-signed certificate that devices are given to check packages with."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Firmware signing of the tests")])
        begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        # OpenSSL checks CMS signers for the purpose S/MIME unless SWUpdate is told another one.
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + datetime.timedelta(days=30))
            .add_extension(_usage_of_signing(), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def certificate_pem(self) -> bytes:
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def signature(self, content: bytes) -> bytes:
        """A detached CMS signature in DER."""
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
        signed = builder.add_signer(self._certificate, self._key, hashes.SHA256())
        options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCapabilities]
        return signed.sign(serialization.Encoding.DER, options)


def package(version: str, images: Iterable[Image], signer: PackageSigner) -> bytes:
    """A whole signed `.swu`."""
    images = tuple(images)
    text = description(version, images).encode()
    members = [("sw-description", text), ("sw-description.sig", signer.signature(text))]
    return cpio(members + [(image.name, image.content) for image in images])


def unsigned_package(version: str, images: Iterable[Image]) -> bytes:
    """The same without a signature, which a device has to refuse."""
    images = tuple(images)
    members = [("sw-description", description(version, images).encode())]
    return cpio(members + [(image.name, image.content) for image in images])


def description(version: str, images: Iterable[Image]) -> str:
    """The package's `sw-description`."""
    parts = ",\n".join(_image_entry(image) for image in images)
    return (
        "software =\n{\n"
        f'  version = "{version}";\n'
        f'  hardware-compatibility: [ "{HARDWARE_REVISION}" ];\n'
        f"  images: (\n{parts}\n  );\n}}\n"
    )


def cpio(members: Iterable[tuple[str, bytes]]) -> bytes:
    """An archive in the `crc` flavour of the new ASCII format, the one SWUpdate reads."""
    archive = bytearray()
    for number, (name, content) in enumerate((*members, ("TRAILER!!!", b"")), start=1):
        encoded = name.encode() + b"\0"
        file_type_and_mode = 0o100644
        fields = (number, file_type_and_mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), sum(content) % 2**32)
        archive += b"070702" + b"".join(b"%08X" % field for field in fields) + encoded
        archive += bytes(-len(archive) % 4) + content
        archive += bytes(-len(archive) % 4)
    return bytes(archive)


def _image_entry(image: Image) -> str:
    digest = hashlib.sha256(image.content).hexdigest()
    properties = "".join(f' {name} = "{value}";' for name, value in image.properties)
    return (
        f'    {{ filename = "{image.name}"; type = "{image.handler}"; path = "{image.path}";\n'
        f'      device = "{image.path}"; sha256 = "{digest}"; properties: {{{properties} }}; }}'
    )


def _usage_of_signing() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
