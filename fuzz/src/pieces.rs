//! One input as a stream and as the pieces that it may arrive in.

/// Cuts a stream into pieces of the sizes that the first bytes name: how many sizes, then the sizes, used in turn.
pub fn pieces(data: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let Some((count, rest)) = data.split_first() else {
        return (data, Vec::new());
    };
    let count = usize::from(count % 8).min(rest.len());
    let (sizes, stream) = rest.split_at(count);
    let mut pieces = Vec::new();
    let mut left = stream;
    for size in sizes.iter().cycle() {
        if left.is_empty() {
            break;
        }
        let (piece, after) = left.split_at((usize::from(*size) + 1).min(left.len()));
        pieces.push(piece);
        left = after;
    }
    if !left.is_empty() {
        pieces.push(left);
    }
    (stream, pieces)
}
