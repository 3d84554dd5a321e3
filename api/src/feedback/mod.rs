//! Feedback (phiếu ghi ý kiến, kiến nghị cử tri): what a voter said, written down on the spot.

pub mod tracking;
