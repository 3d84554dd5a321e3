//! Administrative units (đơn vị hành chính) as versioned facts.

pub mod import;
