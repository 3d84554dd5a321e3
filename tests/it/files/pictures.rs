//! What is kept of a picture or a recording: not where it was made.

use base64::{Engine, prelude::BASE64_STANDARD};
use cutri_tests::{TestApp, TestDatabase, byte_search::assert_free_of, each_db, world::World};

use super::{Sender, sha256, stored};

/// A picture of one grey point, as a program wrote it.
const POINT: &str = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q==";

/// An Exif block as a phone writes it: which side is up, its maker, and its place.
fn exif() -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08".to_vec();
    exif.extend_from_slice(b"\0\x03");
    exif.extend_from_slice(b"\x01\x0f\0\x02\0\0\0\x0c\0\0\0\x32");
    exif.extend_from_slice(b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0");
    exif.extend_from_slice(b"\x88\x25\0\x04\0\0\0\x01\0\0\0\x3e");
    exif.extend_from_slice(b"\0\0\0\0");
    exif.extend_from_slice(b"MAY-ANH-XA-1");
    exif.extend_from_slice(b"\0\x01\0\x02\0\x05\0\0\0\x03\0\0\0\x50\0\0\0\0");
    exif.extend_from_slice(b"\0\0\0\x0a\0\0\0\x01\0\0\0\x20\0\0\0\x01GPS-10.5371-106.4123");
    exif
}

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u16 + 2).to_be_bytes();
    [&[0xff, marker], length.as_slice(), content].concat()
}

fn photo() -> Vec<u8> {
    let point = BASE64_STANDARD.decode(POINT).unwrap();
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<exif:GPSLatitude>GPS-10.5371</exif:GPSLatitude>";
    [
        &point[..20],
        &segment(0xe1, &exif()),
        &segment(0xe1, xmp),
        &segment(0xfe, b"GPS-10.5371 comment"),
        &point[20..],
        b"\xff\xd8\xff\xe1 a second image behind the end, GPS-10.5371",
    ]
    .concat()
}

fn png() -> Vec<u8> {
    let chunk = |name: &[u8], content: &[u8]| {
        [
            (content.len() as u32).to_be_bytes().as_slice(),
            name,
            content,
            b"crc.",
        ]
        .concat()
    };
    [
        b"\x89PNG\r\n\x1a\n".as_slice(),
        &chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]),
        &chunk(b"eXIf", &exif()[6..]),
        &chunk(b"tEXt", b"Location\0GPS-10.5371"),
        &chunk(b"IDAT", b"pixels"),
        &chunk(b"IEND", b""),
    ]
    .concat()
}

fn recording() -> Vec<u8> {
    let of = |name: &[u8], content: &[u8]| {
        [(content.len() as u32 + 8).to_be_bytes().as_slice(), name, content].concat()
    };
    let handler = of(b"hdlr", &[&[0; 8], b"soun".as_slice(), &[0; 12]].concat());
    let track = of(b"trak", &of(b"mdia", &handler));
    let place = of(b"udta", &of(b"\xa9xyz", b"GPS-10.5371-106.4123/"));
    [
        of(b"ftyp", b"M4A \0\0\0\0"),
        of(b"moov", &[track, place].concat()),
        of(b"mdat", b"sound"),
    ]
    .concat()
}

each_db! {
    async fn the_place_and_the_device_of_a_picture_are_gone_from_disk_and_wire(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let sender = Sender::new(&app, &app.person(&world.here.delegates[0]));
        for (bytes, media_type, looks) in [
            (photo(), "image/jpeg", b"\xff\xd8".as_slice()),
            (png(), "image/png", b"\x89PNG\r\n\x1a\n"),
            (recording(), "audio/mp4", b"\0\0\0\x10ftyp"),
        ] {
            assert!(bytes.windows(8).any(|eight| eight == b"GPS-10.5"));
            let hash = sender.send(&bytes).await;
            let kept = sender.read(&hash, &[]).await;
            assert_eq!((kept.status, kept.header("content-type")), (200, media_type));
            assert!(kept.body.starts_with(looks));
            // Its name is that of what was sent, its tag that of what is kept.
            assert_eq!(kept.header("etag"), format!("\"{}\"", sha256(&kept.body)));
            assert_ne!(sha256(&kept.body), hash);
            for planted in ["GPS-10.5", "MAY-ANH-XA"] {
                let bytes = planted.as_bytes();
                assert!(!kept.body.windows(bytes.len()).any(|some| some == bytes), "{media_type} {planted}");
            }
            // Sent again by who has the picture as it was: not a byte more.
            assert_eq!(sender.head(&hash).await.header("upload-offset"), bytes.len().to_string());
        }
        assert_free_of(&app.files(), &["GPS-10.5", "MAY-ANH-XA"]);
        assert_eq!(stored(&app.files()).len(), 3);

        // The picture itself is as it was, and the right side is up: tag 0x0112 with 6, and nothing beside it.
        let kept = sender.read(&sha256(&photo()), &[]).await.body;
        let point = BASE64_STANDARD.decode(POINT).unwrap();
        assert!(kept.ends_with(&point[20..]));
        assert_eq!(kept.len(), point.len() + 36);
        assert!(kept.windows(12).any(|entry| entry == b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"));

        // What looks like one and is none is refused.
        for broken in [photo()[..60].to_vec(), png()[..40].to_vec(), b"RIFF\x04\0\0\0WEBP".to_vec()] {
            sender.create(&broken).await;
            let told = sender.patch(&sha256(&broken), 0, &broken, &[]).await;
            assert_eq!(told.refusal().1, "FILE_TYPE_REFUSED");
        }
        assert_eq!(stored(&app.files()).len(), 3);
    }
}
