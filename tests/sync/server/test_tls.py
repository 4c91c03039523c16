"""HTTPS with a certificate that the system trusts, and with one that it does not."""

import datetime as dt
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sync.client import sync_with
from sync.errors import Unreachable
from sync.ids import new_id
from sync.server import RunningServer
from tests.sync.replicas import Replica


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server.example")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_path, key_path


def test_https_is_verified(tmp_path: Path, first: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    cert, key = _certificate(tmp_path)
    first.set(new_id(), name="Олена")
    with RunningServer(tmp_path / "data", tls_cert=cert, tls_key=key) as server:
        assert server.url.startswith("https://")
        with pytest.raises(Unreachable) as caught:
            sync_with(first.log, server.url)
        assert caught.value.code == "bad_certificate"
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cert))
        assert sync_with(first.log, server.url).sent == 1


def test_certificates_that_are_not_there(tmp_path: Path, first: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    cert, key = _certificate(tmp_path)
    missing = tmp_path / "missing.pem"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(missing))
    with RunningServer(tmp_path / "data", tls_cert=cert, tls_key=key) as server, pytest.raises(Unreachable) as caught:
        sync_with(first.log, server.url)
    assert caught.value.code == "no_certificates"
    assert str(missing) in caught.value.message
