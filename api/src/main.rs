//! The one binary. Everything it does is in the library, where it can be tested.

use std::process::ExitCode;

/// The system's allocator keeps freed memory in many arenas and is slower under many small answers.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cutri::cli::run()
}
