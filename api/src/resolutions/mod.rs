//! Resolutions (nghị quyết) of councils and their standing committees.

pub mod number;
