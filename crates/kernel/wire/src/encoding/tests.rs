//! Every encoding, stacked ones, damaged ones and bombs.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

#[test]
fn every_encoding_alone_and_stacked() {
    let body: &[u8] = br#"{"model":"gpt-5"}"#;
    for (header, encoded) in [
        ("", body.to_vec()),
        ("identity", body.to_vec()),
        ("gzip", gzip(body)),
        ("X-GZip", gzip(body)),
        ("deflate", zlib(body)),
        ("deflate", raw_deflate(body)),
        ("zstd", zstd(body)),
        ("gzip, zstd", zstd(&gzip(body))),
        (" identity ,deflate,gzip", gzip(&zlib(body))),
        ("gzip", [gzip(&body[..5]), gzip(&body[5..])].concat()),
        ("zstd", [zstd(&body[..5]), zstd(&body[5..])].concat()),
    ] {
        assert_eq!(
            decode(header, &Bytes::from(encoded), 64).unwrap(),
            body,
            "{header}"
        );
    }
}

#[test]
fn nothing_to_undo_copies_nothing() {
    let body = Bytes::from_static(b"{}");
    assert_eq!(
        decode("identity", &body, 2).unwrap().as_ptr(),
        body.as_ptr()
    );
}

#[test]
fn bombs_stop_at_the_bound() {
    let zeros = vec![0; 10_000_000];
    for (header, encoded) in [
        ("gzip", gzip(&zeros)),
        ("deflate", zlib(&zeros)),
        ("zstd", zstd(&zeros)),
        ("gzip, gzip", gzip(&gzip(&zeros))),
        ("", zeros),
    ] {
        assert_eq!(
            decode(header, &Bytes::from(encoded), 100_000),
            Err(EncodingError::TooLarge(100_000)),
            "{header}"
        );
    }
}

#[test]
fn damage_and_novelties_are_named() {
    let cut = gzip(b"some text that is long enough");
    let cut = Bytes::copy_from_slice(&cut[..cut.len() - 3]);
    assert_eq!(
        decode("gzip", &cut, 100),
        Err(EncodingError::Corrupt("gzip"))
    );
    let trailing = Bytes::from([zlib(b"x"), b"y".to_vec()].concat());
    assert_eq!(
        decode("deflate", &trailing, 100),
        Err(EncodingError::Corrupt("deflate"))
    );
    let trailing = Bytes::from([zstd(b"x"), b"yyyyyyyy".to_vec()].concat());
    assert_eq!(
        decode("zstd", &trailing, 100),
        Err(EncodingError::Corrupt("zstd"))
    );
    assert!(
        matches!(decode("br", &cut, 100), Err(EncodingError::Unsupported(name)) if name == "br")
    );
    let many = "gzip,gzip,gzip,gzip,gzip";
    assert!(matches!(
        decode(many, &cut, 100),
        Err(EncodingError::Unsupported(_))
    ));
}

proptest! {
    #[test]
    fn arbitrary_bytes_stay_bounded(body in proptest::collection::vec(any::<u8>(), 0..300), bound in 0usize..200) {
        for header in ["gzip", "deflate", "zstd", "gzip,zstd", "identity"] {
            if let Ok(decoded) = decode(header, &Bytes::from(body.clone()), bound) {
                prop_assert!(decoded.len() <= bound);
            }
        }
    }

    #[test]
    fn decoding_undoes_encoding(body in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let stacked = Bytes::from(zstd(&zlib(&gzip(&body))));
        prop_assert_eq!(decode("gzip, deflate, zstd", &stacked, 4_000).unwrap(), body);
    }
}
