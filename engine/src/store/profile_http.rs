//! HTTP for AWS's chain of credentials, by the client that `object_store` makes: one implementation of TLS, one set of proxies and certificates.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector as _, HttpError, HttpErrorKind, HttpRequestBody, ReqwestConnector};

/// A client that the chain can be given.
pub(super) fn client() -> SharedHttpClient {
    http_client_fn(|settings, _| SharedHttpConnector::new(Connector::new(settings)))
}

/// A client, or why there is none.
#[derive(Debug)]
struct Connector(Result<HttpClient, String>);

impl Connector {
    fn new(settings: &HttpConnectorSettings) -> Self {
        // The roles of containers and machines are asked for without TLS.
        let mut options = ClientOptions::new().with_allow_http(true);
        if let Some(timeout) = settings.connect_timeout() {
            options = options.with_connect_timeout(timeout);
        }
        if let Some(timeout) = settings.read_timeout() {
            options = options.with_timeout(timeout);
        }
        Self(ReqwestConnector::default().connect(&options).map_err(|error| error.to_string()))
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match &self.0 {
            Ok(client) => HttpConnectorFuture::new(send(client.clone(), request)),
            Err(problem) => HttpConnectorFuture::ready(Err(ConnectorError::other(problem.clone().into(), None))),
        }
    }
}

async fn send(client: HttpClient, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    // Questions for credentials are held whole.
    let request = request.map(|body| HttpRequestBody::from(body.bytes().unwrap_or_default().to_vec()));
    let (head, body) = client.execute(request).await.map_err(failed)?.into_parts();
    let bytes = body.bytes().await.map_err(failed)?;
    let status = StatusCode::try_from(head.status.as_u16()).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut answer = HttpResponse::new(status, bytes.into());
    for (name, value) in &head.headers {
        if let Ok(value) = value.to_str() {
            answer.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(answer)
}

fn failed(error: HttpError) -> ConnectorError {
    match error.kind() {
        HttpErrorKind::Timeout => ConnectorError::timeout(error.into()),
        HttpErrorKind::Connect | HttpErrorKind::Request | HttpErrorKind::Interrupted => ConnectorError::io(error.into()),
        _ => ConnectorError::other(error.into(), None),
    }
}
