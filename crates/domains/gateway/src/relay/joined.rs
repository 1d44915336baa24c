//! Pieces of a stream that are ready at once, on their way out as one.

use bytes::{Bytes, BytesMut};

/// Ready pieces, joined; a single one goes on without being copied.
#[derive(Debug, Default)]
pub(super) struct Joined {
    first: Bytes,
    more: BytesMut,
}

impl Joined {
    pub(super) fn push(&mut self, piece: Bytes) {
        if piece.is_empty() {
        } else if self.first.is_empty() {
            self.first = piece;
        } else {
            if self.more.is_empty() {
                self.more.reserve(self.first.len() + piece.len() + 1024);
                self.more.extend_from_slice(&self.first);
            }
            self.more.extend_from_slice(&piece);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.first.len().max(self.more.len())
    }

    pub(super) fn take(self) -> Bytes {
        if self.more.is_empty() {
            self.first
        } else {
            self.more.freeze()
        }
    }
}
