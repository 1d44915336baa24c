//! What is particular to messages over chat.

use crate::dialect::Dialect;
use crate::dropped::Dropped;
use crate::neutral::Request;
use crate::pairs::structure;

/// Adapts a request before it is written.
pub(super) fn adapt(request: &mut Request<'_>, dialect: Dialect, dropped: &mut Dropped) {
    structure::loosen(request, dropped);
    if dialect == Dialect::DeepSeek {
        structure::tell_schema(request);
    }
}
