// SPDX-License-Identifier: Apache-2.0

//! ledger_rust PORT UPSTREAM: a hyper server on Tokio's multi-threaded runtime, which asks upstream
//! over hyper's pooled client.

use std::convert::Infallible;
use std::env;

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};

type Upstream = Client<HttpConnector, Empty<Bytes>>;

async fn answer(
    client: Upstream,
    upstream: String,
    request: Request<Incoming>,
) -> Result<Response<Incoming>, Infallible> {
    let uri: Uri = format!("http://{}{}", upstream, request.uri().path()).parse().unwrap();
    Ok(client.get(uri).await.expect("upstream answers"))
}

#[tokio::main(worker_threads = 4)]
async fn main() {
    let arguments: Vec<String> = env::args().collect();
    let upstream = format!("127.0.0.1:{}", arguments[2]);
    let client: Upstream = Client::builder(TokioExecutor::new()).build_http();
    let listener =
        tokio::net::TcpListener::bind(format!("127.0.0.1:{}", arguments[1])).await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (client, upstream) = (client.clone(), upstream.clone());
        tokio::spawn(async move {
            let service =
                service_fn(move |request| answer(client.clone(), upstream.clone(), request));
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
