//! `witness serve`: add-checkpoint by HTTP. The decision, and the files that record it, are in `crate::witness`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use crate::log::Disk;
use crate::witness::{Cosigned, Witness, WitnessError, WitnessRefusal};

use crate::cli::context::clock;
use crate::cli::error::{Exit, Failure};
use crate::cli::prove::connections;
use crate::cli::prove::witness_request::{REQUEST_BYTES_MAX, seconds};
use crate::cli::render::clean;

/// Answer logs by HTTP (C2SP tlog-witness), until Ctrl-C
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery witness serve ~/witness --listen 127.0.0.1:8080

Logs call POST /add-checkpoint. Each request is a line on standard error: the
time, the status, the log, the size or why not. It speaks plain HTTP: put it
behind a server that does TLS and limits how often it is called. Logs that are
trusted later are followed without a restart.")]
pub(crate) struct Args {
    /// The witness's folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

/// The time within which the head of a request must arrive; its body has as much time again.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let witness = Witness::open(&args.folder, Disk::default())?;
    // A list that cannot be read is reported now, not to the first log that calls.
    for key in witness.logs()? {
        witness.last(key.name())?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(args.listen, Arc::new(witness)))?;
    Ok(Exit::Done)
}

async fn serve(listen: SocketAddr, witness: Arc<Witness>) -> Result<(), Failure> {
    let bound = tokio::net::TcpListener::bind(listen).await;
    let listener = bound.map_err(|e| Failure::new(Exit::Unavailable, format!("{listen}: {e}")))?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    let routes = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .layer(DefaultBodyLimit::disable())
        .with_state(witness);
    connections::serve(listener, routes, PATIENCE, asked_to_stop()).await;
    Ok(())
}

/// Returns on Ctrl-C, or on the signal that `kill` sends.
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => (),
            _ = terminate.recv() => (),
        },
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Body) -> Response {
    let limit = usize::try_from(REQUEST_BYTES_MAX).unwrap_or(usize::MAX);
    let body = match tokio::time::timeout(PATIENCE, to_bytes(body, limit)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            return answer(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large, or broke off\n".into());
        }
        Err(_) => return answer(StatusCode::REQUEST_TIMEOUT, "the request did not come in time\n".into()),
    };
    // Waiting for the disk, and for others that cosign the same log, would delay the other requests.
    let worked = tokio::task::spawn_blocking(move || decided(&witness, &body)).await;
    worked.unwrap_or_else(|_| answer(StatusCode::INTERNAL_SERVER_ERROR, String::new()))
}

/// The response of the witness; prints a line for its operator too.
fn decided(witness: &Witness, body: &[u8]) -> Response {
    let now = match clock() {
        Ok(now) => now,
        Err(failure) => return answer(StatusCode::INTERNAL_SERVER_ERROR, format!("{}\n", failure.reason())),
    };
    let answered = witness.add_checkpoint(body, seconds(now));
    let (status, said) = match &answered {
        Ok(Ok(Cosigned { head, .. })) => (200, format!("{} {}", head.origin, head.size)),
        Ok(Err(refusal)) => (refusal.status(), refusal.to_string()),
        Err(error) => (500, error.to_string()),
    };
    eprintln!("{} {status} {}", now.canonical(), clean(&said));
    respond(answered)
}

fn respond(answered: Result<Result<Cosigned, WitnessRefusal>, WitnessError>) -> Response {
    match answered {
        Ok(Ok(cosigned)) => answer(StatusCode::OK, format!("{}\n", cosigned.line)),
        Ok(Err(refusal)) => {
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
            match refusal.size() {
                Some(size) => (status, [(header::CONTENT_TYPE, "text/x.tlog.size")], format!("{size}\n"))
                    .into_response(),
                None => answer(status, format!("{refusal}\n")),
            }
        }
        // A fault of the folder is reported to the operator, not to the caller.
        Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, "this witness cannot answer now\n".into()),
    }
}

fn answer(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
