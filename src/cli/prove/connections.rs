//! The connections of a server: the largest number at once, and the time that a caller has to send its request.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

/// The largest number of connections at once. On most systems a process may open 1,024 files, and answering a request takes a few.
const CONNECTIONS_MAX: usize = 256;

/// The largest number of connections at once from one network, so that one caller cannot keep all others out.
const NETWORK_MAX: usize = 64;

/// The largest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 1 << 14;

/// The pause in accepting connections after the system refused one for lack of files or memory.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers HTTP/1.1 until `stop` ends, one request on each connection. A connection is closed if its request has no complete head
/// after `patience`; one beyond the limits is closed at once. After `stop`, open connections have `patience` to end.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Router,
    patience: Duration,
    stop: impl Future<Output = ()>,
) {
    let (seats, graceful) = (Seats::default(), GracefulShutdown::new());
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(HEAD_BYTES_MAX)
        // A caller that kept its connection would keep its seat, although a log calls only a few times an hour.
        .keep_alive(false);
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, from)) => {
                let Some(seat) = seats.take(from.ip()) else { continue };
                let service = TowerToHyperService::new(routes.clone());
                let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
                tokio::spawn(async move {
                    // An error of the connection concerns only its caller: the witness has stored its decision already.
                    let _ = connection.await;
                    drop(seat);
                });
            }
            // The caller gave up, or the system has no more files; both are temporary.
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(patience) => {}
    }
}

/// The number of open connections, by the network that they come from.
#[derive(Clone, Default)]
struct Seats(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// The seat of one open connection, released when it is dropped.
struct Seat {
    seats: Seats,
    network: IpAddr,
}

impl Seats {
    /// A seat for a connection from an address; `None` if too many are taken.
    fn take(&self, from: IpAddr) -> Option<Seat> {
        let network = network(from);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_network = open.get(&network).copied().unwrap_or_default();
        if open.values().sum::<usize>() >= CONNECTIONS_MAX || of_network >= NETWORK_MAX {
            return None;
        }
        open.insert(network, of_network + 1);
        Some(Seat { seats: self.clone(), network })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = open.remove(&self.network).unwrap_or_default().saturating_sub(1);
        if left > 0 {
            open.insert(self.network, left);
        }
    }
}

/// The network of one caller: an IPv4 address, or the first 64 bits of an IPv6 address.
fn network(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CONNECTIONS_MAX, NETWORK_MAX, Seats};

    #[test]
    fn one_network_has_a_part_of_the_seats_and_every_seat_is_given_back() {
        let seats = Seats::default();
        let take = |from: &str| seats.take(from.parse().unwrap());
        let mut of_one: Vec<_> =
            (0..NETWORK_MAX).map(|n| take(&format!("2001:db8::{n:x}")).unwrap()).collect();
        assert!(take("2001:db8::ffff:1").is_none());
        let other = take("2001:db8:0:1::1").unwrap();
        // The same address, as it is and as an IPv6 socket shows it.
        let mapped: Vec<_> = (0..NETWORK_MAX).map(|_| take("::ffff:192.0.2.1").unwrap()).collect();
        assert!(take("192.0.2.1").is_none());
        let rest: Vec<_> = (0..).map_while(|n| take(&format!("198.51.{}.{}", n / 250, n % 250))).collect();
        assert_eq!(of_one.len() + 1 + mapped.len() + rest.len(), CONNECTIONS_MAX);
        of_one.pop();
        assert!(take("203.0.113.1").is_some());
        drop((of_one, other, mapped, rest));
        assert!(seats.0.lock().unwrap().is_empty());
    }
}
