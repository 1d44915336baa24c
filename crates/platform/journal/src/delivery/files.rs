//! Reading closed calls again that were not kept in memory. Blocking; run off the runtime.

use std::fs::File;
use std::io;
use std::sync::Arc;

use facts::CallClosed;

use crate::frame::{Head, Reader, Sort};
use crate::handle::Shared;
use crate::rejected;
use crate::segment::Position;
use crate::sink::Delivery;

/// Closed calls out of the files.
pub(super) struct Stretch {
    pub(super) calls: Vec<Delivery>,
    /// Closed calls passed, those that cannot be read among them.
    pub(super) count: usize,
    /// Where to go on.
    pub(super) read_to: Position,
}

/// Reads up to `limit` closed calls between two places.
pub(super) fn read(
    shared: &Shared,
    from: Position,
    until: Position,
    limit: usize,
) -> io::Result<Stretch> {
    let mut stretch = Stretch {
        calls: Vec::new(),
        count: 0,
        read_to: from,
    };
    let numbers: Vec<u64> = {
        let log = shared.log.lock();
        let ended = log.ended.iter().map(|ended| ended.number);
        ended.chain([log.current.number]).collect()
    };
    for number in numbers {
        if number < from.segment || number > until.segment {
            continue;
        }
        let start = if number == from.segment {
            from.offset
        } else {
            0
        };
        let path = shared.log.lock().path(number);
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let end = if number == until.segment {
            until.offset.min(len)
        } else {
            len
        };
        let mut reader = Reader::new(file, start, end);
        while let Some(frame) = reader.next()? {
            let head = serde_json::from_slice::<Head>(frame.body);
            if head.is_ok_and(|head| head.fact == Sort::Closed) {
                stretch.count += 1;
                let json = String::from_utf8_lossy(frame.body);
                match serde_json::from_str::<CallClosed>(&json) {
                    Ok(call) => stretch.calls.push(Delivery {
                        call: Arc::new(call),
                        json: json.into(),
                    }),
                    Err(_) => rejected::set_aside(shared, &json)?,
                }
            }
            stretch.read_to = Position {
                segment: number,
                offset: frame.end,
            };
            if stretch.count >= limit {
                return Ok(stretch);
            }
        }
    }
    stretch.read_to = until;
    Ok(stretch)
}
