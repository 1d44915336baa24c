//! Calls that end without an answer: refused, failed on the way, or cut when the server's time to finish ran out.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use facts::CallStatus;
use kernel::Failure;

use crate::call::{Call, Ending};
use crate::error::{GatewayError, Recorded};

/// The work's outcome; `None` when the server's time to finish ran out first.
pub(crate) async fn unless_cut<T>(
    call: &Call,
    mut work: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if call.must_end(cx.waker()) => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// Closes a call that was waiting for its answer when the server's time to finish ran out.
pub(crate) fn cut(call: &mut Call) -> GatewayError {
    abandon(call, GatewayError::Draining, CallStatus::Unavailable, true)
}

/// Closes a call that was never sent.
pub(crate) fn refuse(call: &mut Call, error: GatewayError, status: CallStatus) -> GatewayError {
    abandon(call, error, status, false)
}

/// Closes a call that failed before any answer.
pub(crate) fn abandon(
    call: &mut Call,
    error: GatewayError,
    status: CallStatus,
    billable: bool,
) -> GatewayError {
    call.fault(error.code(), &error.to_string());
    call.shown(crate::answer::status(error.kind()));
    let cost = call.close(Ending {
        status,
        reported: None,
        output_bytes: 0,
        whole: false,
        billable,
    });
    GatewayError::Recorded(Box::new(Recorded {
        error,
        call: call.id(),
        cost,
        // What ended it was no try, so its text counts none and the caller may ask again.
        tries: 1,
    }))
}
