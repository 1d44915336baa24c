//! Who gets a place, who opens a connection and who waits for one, on connections over which nothing is sent.

use doubles::Provider;
use tower::Service as _;

use super::*;
use crate::transport::connect::Connector;

/// A connection, and the place of the call that it was opened for.
async fn connect(double: &Provider) -> Place {
    let mut connector = Connector::new(Duration::from_secs(20), None);
    let stream = connector.call(double.url().parse().unwrap()).await.unwrap();
    Shared::begin(MaybeHttpsStream::Http(stream)).await.unwrap()
}

/// All places that there are.
fn fill(sharing: &Sharing) -> Vec<Place> {
    std::iter::from_fn(|| sharing.place()).collect()
}

#[tokio::test]
async fn a_connection_holds_so_many_calls_and_has_room_again_after_them() {
    let double = Provider::start().await;
    let sharing = Sharing::default();
    assert!(sharing.place().is_none());
    let first = connect(&double).await;
    sharing.add(&first);
    let mut held = fill(&sharing);
    assert_eq!(held.len(), STREAMS - 1);
    held.pop();
    assert!(sharing.place().is_some());
    drop((first, held));
    assert_eq!(fill(&sharing).len(), STREAMS);
}

#[tokio::test]
async fn the_least_busy_connection_is_taken() {
    let double = Provider::start().await;
    let sharing = Sharing::default();
    let (one, two) = (connect(&double).await, connect(&double).await);
    sharing.add(&one);
    sharing.add(&two);
    let held = [sharing.place().unwrap(), sharing.place().unwrap()];
    assert!(Arc::ptr_eq(&held[0].0, &one.0));
    assert!(Arc::ptr_eq(&held[1].0, &two.0));
}

#[tokio::test]
async fn a_burst_opens_no_more_connections_than_hold_it() {
    let double = Provider::start().await;
    let sharing = Sharing::default();
    let Admission::Open(first) = sharing.admit() else {
        panic!("nobody opens one yet");
    };
    let mut waiting = Vec::new();
    for _ in 1..STREAMS {
        let Admission::Wait(waits) = sharing.admit() else {
            panic!("the connection will hold this call");
        };
        waiting.push(waits);
    }
    let Admission::Open(second) = sharing.admit() else {
        panic!("the connection will not hold this call");
    };
    assert!(matches!(sharing.admit(), Admission::Wait(_)));
    // Nobody opens one ahead while others are at it.
    assert!(sharing.open_ahead().is_none());
    let heard = sharing.opened();
    sharing.add(&connect(&double).await);
    drop((first, second, waiting));
    heard.await;
    assert!(matches!(sharing.admit(), Admission::Place(_)));
    assert!(sharing.open_ahead().is_some());
}

#[tokio::test]
async fn beyond_the_most_connections_calls_queue_on_the_least_busy_one() {
    let double = Provider::start().await;
    let sharing = Sharing::default();
    let mut first = Vec::new();
    for _ in 0..CONNECTIONS {
        let place = connect(&double).await;
        sharing.add(&place);
        first.push(place);
    }
    // One too many is for its own call alone.
    sharing.add(&connect(&double).await);
    assert_eq!(sharing.sweep(1), CONNECTIONS);
    let held = fill(&sharing);
    assert_eq!(first.len() + held.len(), CONNECTIONS * STREAMS);
    assert!(sharing.open_ahead().is_none());
    let Admission::Place(queued) = sharing.admit() else {
        panic!("there are enough connections");
    };
    assert_eq!(queued.0.in_flight(), STREAMS + 1);
}

#[tokio::test]
async fn what_nobody_uses_is_closed_and_what_is_used_stays() {
    let double = Provider::start().await;
    let sharing = Sharing::default();
    let place = connect(&double).await;
    sharing.add(&place);
    for _ in 0..5 {
        assert_eq!(sharing.sweep(2), 1);
    }
    drop(place);
    assert_eq!((sharing.sweep(2), sharing.sweep(2)), (1, 1));
    drop(sharing.place());
    assert_eq!((sharing.sweep(2), sharing.sweep(2)), (1, 1));
    assert_eq!(sharing.sweep(2), 0);
    assert!(sharing.place().is_none());
}

#[tokio::test]
async fn a_connection_that_ended_is_forgotten() {
    let double = Provider::start().await;
    let sharing = Sharing::default();
    sharing.add(&connect(&double).await);
    double.stop();
    while let Some(place) = sharing.place() {
        let mut request = Request::new(Sent::default());
        *request.uri_mut() = double.url().parse().unwrap();
        // Until its end is known here, what is sent fails, or is answered before the provider stops.
        drop(place.exchange(request).await);
    }
    assert_eq!(sharing.sweep(1), 0);
}
