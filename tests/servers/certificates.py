"""Certificates for servers on this machine, made by an authority of the test's own."""

from __future__ import annotations

import datetime as dt
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Authority:
    """An authority, and one certificate it gave.

    Attributes:
        file: its own certificate, for SSL_CERT_FILE.
        chain: the server's certificate with its key.
    """

    file: Path
    chain: Path

    def context(self) -> ssl.SSLContext:
        """What a server needs to show the certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain)
        return context


def make_authority(folder: Path, host: str = "localhost") -> Authority:
    """An authority with a certificate for one host."""
    folder.mkdir(parents=True, exist_ok=True)
    key, own_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests' authority")])
    host_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority = (
        _certificate(name, name, key.public_key())
        .add_extension(constraints, critical=True)
        .add_extension(_uses(), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    server = (
        _certificate(host_name, name, own_key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file, chain = folder / "authority.pem", folder / "server.pem"
    file.write_bytes(authority.public_bytes(pem))
    private = own_key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain.write_bytes(private + server.public_bytes(pem))
    return Authority(file, chain)


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
    )


def _uses() -> x509.KeyUsage:
    """To vouch for certificates, and nothing else."""
    return x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
