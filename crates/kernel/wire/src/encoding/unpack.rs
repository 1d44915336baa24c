//! Undoing an encoding piece by piece, for streams that are only read along the way. Whole bodies go through `decode`.

use std::io::Write;

use bytes::Bytes;

use super::{EncodingError, unsupported};

/// Takes encoded pieces in and gives what they hold.
pub struct Unpacker(Kind);

enum Kind {
    Gzip(flate2::write::MultiGzDecoder<Vec<u8>>),
    Deflate(flate2::write::ZlibDecoder<Vec<u8>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Vec<u8>>>),
}

impl std::fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unpacker").finish_non_exhaustive()
    }
}

impl Unpacker {
    /// For one encoding; several on top of one another are not read along the way.
    pub fn new(content_encoding: &str) -> Result<Self, EncodingError> {
        let name = content_encoding.trim();
        let kind = if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            Kind::Gzip(flate2::write::MultiGzDecoder::new(Vec::new()))
        } else if name.eq_ignore_ascii_case("deflate") {
            Kind::Deflate(flate2::write::ZlibDecoder::new(Vec::new()))
        } else if name.eq_ignore_ascii_case("zstd") {
            let decoder = zstd::stream::write::Decoder::new(Vec::new());
            Kind::Zstd(Box::new(
                decoder.map_err(|_| EncodingError::Corrupt("zstd"))?,
            ))
        } else {
            return Err(unsupported(name));
        };
        Ok(Self(kind))
    }

    /// What a further piece adds. A small piece may hold much: at most `max_bytes` are given.
    pub fn push(&mut self, piece: &[u8], max_bytes: usize) -> Result<Bytes, EncodingError> {
        // Fed in small bites, so that a bomb is noticed before it has grown.
        for bite in piece.chunks(4 << 10) {
            match &mut self.0 {
                Kind::Gzip(decoder) => decoder.write_all(bite).and_then(|()| decoder.flush()),
                Kind::Deflate(decoder) => decoder.write_all(bite).and_then(|()| decoder.flush()),
                Kind::Zstd(decoder) => decoder.write_all(bite).and_then(|()| decoder.flush()),
            }
            .map_err(|_| EncodingError::Corrupt("stream"))?;
            if self.held().len() > max_bytes {
                return Err(EncodingError::TooLarge(max_bytes));
            }
        }
        Ok(Bytes::from(std::mem::take(self.held())))
    }

    fn held(&mut self) -> &mut Vec<u8> {
        match &mut self.0 {
            Kind::Gzip(decoder) => decoder.get_mut(),
            Kind::Deflate(decoder) => decoder.get_mut(),
            Kind::Zstd(decoder) => decoder.get_mut(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_give_the_whole() {
        let text = "data: one\n\n".repeat(1_000);
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(text.as_bytes()).unwrap();
        let gzip = packer.finish().unwrap();
        let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
        for (name, packed) in [("gzip", gzip), ("zstd", zstd)] {
            for size in [1, 7, packed.len()] {
                let mut unpacker = Unpacker::new(name).unwrap();
                let mut seen = Vec::new();
                for piece in packed.chunks(size) {
                    seen.extend_from_slice(&unpacker.push(piece, 1 << 20).unwrap());
                }
                assert_eq!(seen, text.as_bytes(), "{name} in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_bomb_is_noticed() {
        let packed = zstd::encode_all(&vec![0u8; 64 << 20][..], 1).unwrap();
        let mut unpacker = Unpacker::new("zstd").unwrap();
        assert!(unpacker.push(&packed, 1 << 20).is_err());
        assert!(Unpacker::new("br").is_err());
    }
}
