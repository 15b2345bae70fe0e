//! TLS to an engine: whom to trust, and who asks. Uses `context` and `error`.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use tokio_rustls::rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::context::Material;
use super::error::EngineError;
use crate::text::Reader;

/// The largest file of certificates or keys that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// What a handshake needs, from the files that the material names.
pub(super) fn configuration(material: &Material) -> Result<ClientConfig, EngineError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| EngineError::Runtime(io::Error::other(error)))?;
    let builder = if material.verify {
        builder.with_root_certificates(roots(material.authorities.as_deref())?)
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody::new(&provider)))
    };
    let (Some(certificate), Some(key)) = (&material.certificate, &material.key) else {
        return Ok(builder.with_no_client_auth());
    };
    let parsed = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| {
        unusable(key, format!("it holds no private key that can be read ({error}); is it encrypted?"))
    })?;
    builder
        .with_client_auth_cert(certificates(certificate)?, parsed)
        .map_err(|error| unusable(key, format!("it does not fit the certificate: {error}")))
}

fn unusable(path: &Path, why: impl Into<String>) -> EngineError {
    EngineError::Tls { path: path.to_owned(), why: why.into() }
}

fn read(path: &Path) -> Result<Vec<u8>, EngineError> {
    let why = |error| unusable(path, format!("{error}; DOCKER_CERT_PATH or the TLS options say where it is"));
    Reader::of_host().with_typed(path).read(path, MAX_BYTES).map_err(why)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, EngineError> {
    let text = read(path)?;
    let found = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(unusable(path, "there is no certificate in PEM form in it")),
        Err(error) => Err(unusable(path, format!("it is not a certificate in PEM form: {error}"))),
    }
}

/// The authorities that a file names and no others, as with Docker; without a file the machine's own.
fn roots(authorities: Option<&Path>) -> Result<RootCertStore, EngineError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = authorities else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| unusable(path, format!("a certificate in it is broken: {error}")))?;
    }
    Ok(roots)
}

/// Makes a connection a secure one.
pub(super) async fn connect(
    plain: TcpStream,
    host: &str,
    configuration: &Arc<ClientConfig>,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    TlsConnector::from(Arc::clone(configuration)).connect(name, plain).await
}

/// Takes any certificate, where the person said not to verify it (`--tlsverify=false`, `SkipTLSVerify`).
#[derive(Debug)]
struct Anybody(WebPkiSupportedAlgorithms);

impl Anybody {
    fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
